//! Which frames of a video to take. Pure arithmetic on times in nanoseconds.

/// Times are rounded to whole nanoseconds, those of frames and those of segments apart; a frame that starts this
/// little after a segment's centre starts at it.
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

/// The indices of the frames on display at the centres of `n` segments, each frame once, in order.
///
/// `times_ns` starts at 0 and increases. A video of fewer than `n` frames gives them all. Where several centres
/// fall into one long frame, its neighbours are taken too, so that there are always `n` where there can be.
pub(crate) fn choose(times_ns: &[u64], duration_ns: u64, n: u32) -> Vec<usize> {
    let n_frames = times_ns.len();
    if n_frames <= n as usize {
        return (0..n_frames).collect();
    }
    let mut chosen: Vec<usize> = Vec::with_capacity(n as usize);
    for centre in centres(duration_ns, n) {
        let on_display = times_ns
            .partition_point(|&time| !is_after(time, centre))
            .saturating_sub(1);
        let after_previous = chosen.last().map_or(0, |previous| previous + 1);
        chosen.push(on_display.max(after_previous));
    }
    // Those that were pushed past the end come back, and push those before them.
    let mut bound = n_frames;
    for index in chosen.iter_mut().rev() {
        *index = (*index).min(bound.saturating_sub(1));
        bound = *index;
    }
    chosen
}

/// The frames of `chosen`, each replaced by the key frame nearest to its segment's centre where its segment has one:
/// decoding can start there. The order stays.
pub(crate) fn nearest_keys(
    chosen: Vec<usize>,
    times_ns: &[u64],
    duration_ns: u64,
    is_key: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let n = chosen.len() as u64;
    let end_of = |segment: u64| {
        (u128::from(duration_ns) * u128::from(segment) / u128::from(n.max(1))) as u64
    };
    let replaced: Vec<usize> = (0..n)
        .zip(centres(duration_ns, n as u32))
        .zip(&chosen)
        .map(|((segment, centre), &index)| {
            let first = times_ns.partition_point(|&time| time < end_of(segment));
            let after = times_ns.partition_point(|&time| time < end_of(segment + 1));
            (first..after)
                .filter(|&frame| is_key(frame))
                .min_by_key(|&frame| times_ns[frame].abs_diff(centre))
                .unwrap_or(index)
        })
        .collect();
    // Frames that were pushed out of their own segments by others may be in the way.
    if replaced.is_sorted_by(|a, b| a < b) {
        replaced
    } else {
        chosen
    }
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
    fn key_frames_of_their_segments_are_preferred() {
        let times: Vec<u64> = (0..100).map(|i| i * 40 * MS).collect();
        let keys = |keys: &'static [usize]| {
            nearest_keys(choose(&times, 4000 * MS, 4), &times, 4000 * MS, |i| {
                keys.contains(&i)
            })
        };
        assert_eq!(keys(&[]), [12, 37, 62, 87]);
        assert_eq!(keys(&[0, 24, 30, 40, 99]), [24, 40, 62, 99]);
        // Those of a neighbour's segment are not.
        assert_eq!(keys(&[25, 49]), [12, 49, 62, 87]);
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
