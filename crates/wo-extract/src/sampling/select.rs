//! Which frames of a video to take. Pure arithmetic on times in nanoseconds.

use std::ops::Range;

/// Tolerance for rounding: times of frames and of segments are rounded to nanoseconds independently, so a frame that
/// starts this little after a segment's centre counts as starting at it.
const ROUNDING_NS: u64 = 1000;

/// The centres of `n` equal segments of `duration_ns`, in order.
pub(crate) fn centres(duration_ns: u64, n: u32) -> impl Iterator<Item = u64> {
    // In 128 bits: a day of nanoseconds times twice a million segments does not fit in 64.
    (0..n).map(move |i| {
        (u128::from(duration_ns) * u128::from(2 * u64::from(i) + 1) / u128::from(2 * u64::from(n)))
            as u64
    })
}

/// True when a frame at `time_ns` is not yet on display at `centre_ns`.
pub(crate) fn is_after(time_ns: u64, centre_ns: u64) -> bool {
    time_ns > centre_ns.saturating_add(ROUNDING_NS)
}

/// The indices of the frames on display at the centres of `n` equal segments; see [`choose_at`].
pub(crate) fn choose(times_ns: &[u64], duration_ns: u64, n: u32) -> Vec<usize> {
    choose_at(times_ns, centres(duration_ns, n), n)
}

/// The indices of the frames on display at `n` times, each frame once, in order.
///
/// `times_ns` starts at 0 and increases. A video of fewer than `n` frames gives all of them. If several of the times fall
/// into one long frame, its neighbours are taken as well, so that the result has `n` frames whenever possible.
pub(crate) fn choose_at(times_ns: &[u64], at: impl Iterator<Item = u64>, n: u32) -> Vec<usize> {
    let n_frames = times_ns.len();
    if n_frames <= n as usize {
        return (0..n_frames).collect();
    }
    let mut chosen = on_display(times_ns, at);
    let mut least = 0;
    for index in &mut chosen {
        *index = (*index).max(least);
        least = *index + 1;
    }
    // Indices beyond the end are moved back, and so are those before them that would collide.
    let mut bound = n_frames;
    for index in chosen.iter_mut().rev() {
        *index = (*index).min(bound.saturating_sub(1));
        bound = *index;
    }
    chosen
}

/// For each of these times, the index of the frame on display.
pub(crate) fn on_display(times_ns: &[u64], at: impl Iterator<Item = u64>) -> Vec<usize> {
    at.map(|at| {
        times_ns
            .partition_point(|&time| !is_after(time, at))
            .saturating_sub(1)
    })
    .collect()
}

/// For each frame of `chosen`, one in the same segment that is quicker to decode, in the same order. A segment with key
/// frames gives the one nearest to its centre, since decoding can start there. A segment without one gives its first frame
/// if a key frame comes before the next frame that is taken: then nothing behind that first frame needs decoding.
pub(crate) fn quick(
    chosen: Vec<usize>,
    times_ns: &[u64],
    duration_ns: u64,
    is_key: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let n = chosen.len() as u32;
    let first_of = |segment: u32| {
        let time = u128::from(duration_ns) * u128::from(segment) / u128::from(n.max(1));
        times_ns.partition_point(|&before| before < time as u64)
    };
    let key_of_segment = |segment: u32, centre: u64| {
        (first_of(segment)..first_of(segment + 1))
            .filter(|&frame| is_key(frame))
            .min_by_key(|&frame| times_ns[frame].abs_diff(centre))
    };
    let keys: Vec<Option<usize>> = (0..n)
        .zip(centres(duration_ns, n))
        .map(|(segment, centre)| key_of_segment(segment, centre))
        .collect();
    let quick: Vec<usize> = (0..n)
        .zip(&chosen)
        .map(|(segment, &index)| {
            let place = segment as usize;
            let next = chosen.get(place + 1).copied().unwrap_or(times_ns.len());
            let next = keys.get(place + 1).copied().flatten().unwrap_or(next);
            let is_last_of_group = next == times_ns.len() || (index + 1..=next).any(&is_key);
            match keys[place] {
                Some(key) => key,
                None if is_last_of_group => first_of(segment).min(index),
                None => index,
            }
        })
        .collect();
    // Frames that were moved out of their own segments may now be out of order.
    if quick.is_sorted_by(|a, b| a < b) {
        quick
    } else {
        chosen
    }
}

/// `chosen`, where each frame that is not good is replaced by the nearest good one within its range in `reach`. A frame
/// without a good one in range stays.
pub(crate) fn good_ones(
    chosen: &[usize],
    reach: &[Range<usize>],
    is_good: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let nearest = |(&index, reach): (&usize, &Range<usize>)| {
        if is_good(index) {
            return index;
        }
        let good = reach.clone().filter(|&near| is_good(near));
        good.min_by_key(|near| near.abs_diff(index))
            .unwrap_or(index)
    };
    chosen.iter().zip(reach).map(nearest).collect()
}

/// For each of `chosen`, the frames (of `n_frames`) that are nearer to it than to the other chosen ones.
pub(crate) fn near(chosen: &[usize], n_frames: usize) -> Vec<Range<usize>> {
    let reach = |(place, &index): (usize, &usize)| {
        let before = place.checked_sub(1).and_then(|before| chosen.get(before));
        let behind = chosen.get(place + 1);
        let first = before.map_or(0, |before| (before + index) / 2 + 1);
        first..behind.map_or(n_frames, |behind| (index + behind) / 2 + 1)
    };
    chosen.iter().enumerate().map(reach).collect()
}

/// For each of `chosen`, the frames of its segment, where `duration_ns` is divided into as many equal segments. `None` if
/// one of them lies outside its own segment.
pub(crate) fn segments(
    chosen: &[usize],
    times_ns: &[u64],
    duration_ns: u64,
) -> Option<Vec<Range<usize>>> {
    let n = chosen.len() as u128;
    let first_of = |segment: u128| {
        let time = u128::from(duration_ns) * segment / n;
        times_ns.partition_point(|&before| u128::from(before) < time)
    };
    let reach = (0..n).zip(chosen).map(|(segment, index)| {
        let reach = first_of(segment)..first_of(segment + 1);
        reach.contains(index).then_some(reach)
    });
    reach.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn check(times_ms: &[u64], duration_ms: u64, n: u32, expected: &[usize]) {
        let times: Vec<u64> = times_ms.iter().map(|t| t * MS).collect();
        assert_eq!(
            choose(&times, duration_ms * MS, n),
            expected,
            "{times_ms:?} of {duration_ms} ms, {n} wanted"
        );
    }

    #[test]
    fn the_frame_on_display_at_each_centre() {
        let times: Vec<u64> = (0..100).map(|i| i * 40).collect();
        check(&times, 4000, 10, &[5, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
        check(&times, 4000, 1, &[50]);
        check(&[0, 100, 200, 300], 400, 2, &[1, 3]);
        check(&[0, 101, 200, 300], 400, 2, &[0, 3]);
    }

    #[test]
    fn what_is_quick_to_decode_is_preferred() {
        // Segments of 25 frames.
        let times: Vec<u64> = (0..100).map(|i| i * 40 * MS).collect();
        let with_keys = |keys: &'static [usize]| {
            quick(choose(&times, 4000 * MS, 4), &times, 4000 * MS, |i| {
                keys.contains(&i)
            })
        };
        // Nothing need be decoded behind the last one.
        assert_eq!(with_keys(&[]), [12, 37, 62, 75]);
        assert_eq!(with_keys(&[0, 24, 30, 40, 99]), [24, 40, 50, 99]);
        // Key frames of a neighbour's segment are not taken.
        assert_eq!(with_keys(&[25, 49, 75]), [0, 49, 50, 75]);
    }

    #[test]
    fn a_good_frame_takes_the_place_of_a_bad_one_near_it() {
        let chosen = [5, 15, 25];
        let bad =
            |bad: &'static [usize]| good_ones(&chosen, &near(&chosen, 30), |i| !bad.contains(&i));
        assert_eq!(bad(&[]), [5, 15, 25]);
        assert_eq!(bad(&[4, 5, 25, 26]), [6, 15, 24]);
        // 10 lies as near to 5 as to 15, and is the first one's.
        assert_eq!(bad(&[11, 12, 13, 14, 15, 16, 17, 18, 19]), [5, 20, 25]);
        assert_eq!(bad(&[11, 12, 13, 14, 15, 16, 17, 18, 19, 20]), [5, 15, 25]);
    }

    #[test]
    fn a_good_frame_of_the_segment_is_taken_however_near_the_next_one_is() {
        let times: Vec<u64> = (0..30).map(|i| i * 40 * MS).collect();
        let of = |chosen: &[usize]| segments(chosen, &times, 1200 * MS);
        assert_eq!(of(&[8, 10, 29]), Some(vec![0..10, 10..20, 20..30]));
        assert_eq!(of(&[8, 9, 29]), None);
        let good = |i: usize| !(5..15).contains(&i);
        let reach = of(&[8, 10, 29]).unwrap();
        assert_eq!(good_ones(&[8, 10, 29], &reach, good), [4, 15, 29]);
    }

    #[test]
    fn few_frames_are_all_taken() {
        check(&[0, 40], 80, 10, &[0, 1]);
        check(&[0], 0, 10, &[0]);
        check(&[], 0, 10, &[]);
        check(&[0, 40, 80], 120, 3, &[0, 1, 2]);
    }

    #[test]
    fn a_long_still_gives_its_neighbours_so_that_the_count_holds() {
        check(&[0, 10, 20, 30, 40, 10_000], 10_040, 4, &[2, 3, 4, 5]);
        check(&[0, 9_960, 9_970, 9_980, 9_990], 10_000, 4, &[0, 1, 2, 3]);
    }

    #[test]
    fn a_boundary_survives_rounding_to_nanoseconds() {
        // 30 frames a second: frame 12 starts at 0.4 s, the centre of the first of ten segments of 8 s.
        let times: Vec<u64> = (0..240u64).map(|i| i * 1_000_000_000 / 30).collect();
        let duration = times[239] + 33_333_333;
        assert_eq!(duration, 7_999_999_999);
        assert_eq!(choose(&times, duration, 10)[0], 12);
    }

    #[test]
    fn choices_are_distinct_and_in_order_whatever_the_times() {
        let mut state = 1u64;
        for n_frames in 1..60usize {
            let mut time = 0;
            let times: Vec<u64> = (0..n_frames)
                .map(|_| {
                    let this = time;
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    time += 1 + (state >> 33) % 1000 * ((state >> 60) + 1);
                    this * MS
                })
                .collect();
            for n in 1..20 {
                let chosen = choose(&times, time * MS, n);
                assert_eq!(chosen.len(), n_frames.min(n as usize));
                assert!(
                    chosen.is_sorted_by(|a, b| a < b) && chosen.iter().all(|&i| i < n_frames),
                    "{chosen:?}"
                );
            }
        }
    }
}
