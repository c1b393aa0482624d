//! Finds repetitions of an exercise without a pose model: by which frames of a video look alike.
//!
//! A repetition leaves a posture, goes some way, and comes back by the way that it went. How far along the way a frame
//! is, is the length of the shortest walk from the start posture to it over frames that look alike, as in Isomap
//! (Tenenbaum et al., Science 2000): straight distances between images say nothing any more once a limb has moved by
//! its own width.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use wo_record::Rep;

use crate::sampling::film::Film;
use crate::time;

/// At most so many frames a second are looked at: nobody lifts faster.
const RATE_HZ: f64 = 12.0;
/// And at most so many of a video, since each is compared with each.
const MAX_FRAMES: usize = 720;
/// How many frames that look like it a frame is tied to.
const N_LIKE: usize = 6;
/// Frames nearer in time than this look alike without anything having come back.
const APART_S: f64 = 0.8;
/// The way is over when this much of it, or less, is left to the start posture.
const LOW: f32 = 0.30;
/// A repetition goes at least this part of the usual way.
const HIGH: f32 = 0.62;
/// Within this part of its farthest point, a repetition is at its far end.
const FAR: f32 = 0.90;
/// Half the width of the window over which the way is smoothed, in seconds.
const SMOOTH_S: f64 = 0.12;
/// No repetition is shorter.
const SHORTEST_S: f64 = 0.7;

/// One repetition, in nanoseconds from the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the unit belongs into the names")]
pub(crate) struct Repetition {
    /// When it leaves the start posture.
    pub(crate) start_ns: u64,
    /// The middle of its time at the far end.
    pub(crate) far_ns: u64,
    /// When it is back.
    pub(crate) end_ns: u64,
}

impl Repetition {
    /// As records have it.
    pub(crate) fn record(&self) -> Rep {
        Rep {
            start_ms: time::ms(self.start_ns),
            far_ms: time::ms(self.far_ns),
            end_ms: time::ms(self.end_ns),
        }
    }

    /// How far it is at `time_ns`: 0 at its start, 0.5 at the far end, 1 at its end.
    pub(crate) fn phase(&self, time_ns: u64) -> Option<f64> {
        if !(self.start_ns..=self.end_ns).contains(&time_ns) {
            return None;
        }
        let part =
            |from: u64, to: u64| (time_ns - from) as f64 / to.saturating_sub(from).max(1) as f64;
        Some(if time_ns <= self.far_ns {
            0.5 * part(self.start_ns, self.far_ns)
        } else {
            0.5 + 0.5 * part(self.far_ns, self.end_ns)
        })
    }

    /// When it is at `phase`.
    pub(crate) fn time_ns(&self, phase: f64) -> u64 {
        let between = |from: u64, to: u64, part: f64| from + ((to - from) as f64 * part) as u64;
        if phase <= 0.5 {
            between(self.start_ns, self.far_ns, 2.0 * phase)
        } else {
            between(self.far_ns, self.end_ns, 2.0 * phase - 1.0)
        }
    }
}

/// `n` times at equal phases, 0.5 among them, over all of the repetitions from the first to the last.
pub(crate) fn equal_phases(repetitions: &[Repetition], n: u32) -> impl Iterator<Item = u64> {
    let shift = if n.is_multiple_of(2) { 0.0 } else { 0.5 };
    (0..n).filter_map(move |k| {
        let repetition = k as usize * repetitions.len() / n as usize;
        let phase = (f64::from(k) + shift) / f64::from(n);
        Some(repetitions.get(repetition)?.time_ns(phase))
    })
}

/// The repetitions in `film`, in order.
pub(crate) fn find(film: &Film) -> Vec<Repetition> {
    let chosen = thinned(&film.times_ns);
    if chosen.len() < 8 {
        return Vec::new();
    }
    let seconds: Vec<f64> = chosen
        .iter()
        .map(|&index| film.times_ns[index] as f64 * 1e-9)
        .collect();
    let likeness = Likeness::of(&chosen, film);
    let root = likeness.start_posture(&seconds);
    let way = smoothed(&likeness.way_from(root), &seconds);
    excursions(&way, &seconds)
        .into_iter()
        .map(|[start, far, end]| Repetition {
            start_ns: (start * 1e9) as u64,
            far_ns: (far * 1e9) as u64,
            end_ns: (end * 1e9) as u64,
        })
        .collect()
}

/// The frames to look at.
fn thinned(times_ns: &[u64]) -> Vec<usize> {
    let last_ns = times_ns.last().copied().unwrap_or(0);
    let gap_ns = (1e9 / RATE_HZ).max(last_ns as f64 / MAX_FRAMES as f64);
    let mut chosen: Vec<usize> = Vec::new();
    let mut next_ns = 0.0;
    for (index, &time_ns) in times_ns.iter().enumerate() {
        if time_ns as f64 >= next_ns {
            chosen.push(index);
            next_ns = time_ns as f64 + gap_ns * 0.999;
        }
    }
    chosen
}

/// How much each frame differs from each: squared distances, less what noise alone makes.
struct Likeness {
    n: usize,
    distances: Vec<f32>,
}

impl Likeness {
    fn of(chosen: &[usize], film: &Film) -> Self {
        let n = chosen.len();
        let centred: Vec<Vec<f32>> = chosen.iter().map(|&i| centred(&film.thumbs[i])).collect();
        let mut distances = vec![0.0; n * n];
        for (i, a) in centred.iter().enumerate() {
            for (j, b) in centred.iter().enumerate().skip(i + 1) {
                let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
                distances[i * n + j] = sum;
                distances[j * n + i] = sum;
            }
        }
        // The nearest two frames of a video show the same thing; what is between them is noise.
        let nearest = (0..n).map(|i| {
            let others = (0..n).filter(|&j| j != i).map(|j| distances[i * n + j]);
            others.fold(f32::INFINITY, f32::min)
        });
        let mut nearest: Vec<f32> = nearest.collect();
        nearest.sort_by(f32::total_cmp);
        let noise = nearest[n / 10];
        for distance in &mut distances {
            *distance = (*distance - noise).max(0.0);
        }
        Self { n, distances }
    }

    fn between(&self, i: usize, j: usize) -> f32 {
        self.distances[i * self.n + j]
    }

    /// The frames that look most like frame `i`.
    fn like(&self, i: usize) -> Vec<usize> {
        let mut others: Vec<usize> = (0..self.n).filter(|&j| j != i).collect();
        let n_like = N_LIKE.min(others.len());
        others.select_nth_unstable_by(n_like - 1, |&a, &b| {
            self.between(i, a).total_cmp(&self.between(i, b))
        });
        others.truncate(n_like);
        others
    }

    /// The first frame whose posture comes back: what is before it is walking in and setting up.
    fn start_posture(&self, seconds: &[f64]) -> usize {
        let closest_return = |i: usize| {
            let later = (0..self.n).filter(|&j| seconds[j] > seconds[i] + APART_S);
            later
                .map(|j| self.between(i, j))
                .fold(f32::INFINITY, f32::min)
        };
        let returns: Vec<f32> = (0..self.n).map(closest_return).collect();
        let mut sorted: Vec<f32> = returns.iter().copied().filter(|r| r.is_finite()).collect();
        sorted.sort_by(f32::total_cmp);
        let Some(&usual) = sorted.get(sorted.len() / 2) else {
            return 0;
        };
        let far = self.distances.iter().copied().fold(0.0, f32::max);
        let near = usual.max(0.05 * far);
        returns.iter().position(|&r| r <= 2.0 * near).unwrap_or(0)
    }

    /// The length of the shortest walk from frame `root` to each.
    fn way_from(&self, root: usize) -> Vec<f32> {
        let mut ties: Vec<Vec<usize>> = (0..self.n).map(|i| self.like(i)).collect();
        for i in 1..self.n {
            ties[i].push(i - 1);
            ties[i - 1].push(i);
        }
        for i in 0..self.n {
            for j in ties[i].clone() {
                ties[j].push(i);
            }
        }
        let mut way = vec![f32::INFINITY; self.n];
        way[root] = 0.0;
        // Non-negative floats are in the order of their bits.
        let mut queue = BinaryHeap::from([Reverse((0u32, root))]);
        while let Some(Reverse((bits, i))) = queue.pop() {
            let so_far = f32::from_bits(bits);
            if so_far > way[i] {
                continue;
            }
            for &j in &ties[i] {
                let length = so_far + self.between(i, j);
                if length < way[j] {
                    way[j] = length;
                    queue.push(Reverse((length.to_bits(), j)));
                }
            }
        }
        way
    }
}

/// A thumb without its mean: light comes and goes.
fn centred(thumb: &[u8]) -> Vec<f32> {
    let sum: u32 = thumb.iter().map(|&level| u32::from(level)).sum();
    let mean = sum as f32 / thumb.len().max(1) as f32;
    thumb.iter().map(|&level| f32::from(level) - mean).collect()
}

fn smoothed(way: &[f32], seconds: &[f64]) -> Vec<f32> {
    seconds
        .iter()
        .map(|&now| {
            let near = seconds.iter().zip(way);
            let near = near.filter(|(then, _)| (**then - now).abs() <= SMOOTH_S);
            let (sum, n) = near.fold((0.0, 0), |(sum, n), (_, way)| (sum + way, n + 1));
            sum / n.max(1) as f32
        })
        .collect()
}

/// Start, far point and end of each time that `way` goes out and comes back.
fn excursions(way: &[f32], seconds: &[f64]) -> Vec<[f64; 3]> {
    let mut sorted = way.to_vec();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted[sorted.len() * 95 / 100];
    if usual <= 0.0 {
        return Vec::new();
    }
    let (low, high) = (LOW * usual, HIGH * usual);
    // The lowest points between which the way goes high.
    let mut lows: Vec<usize> = Vec::new();
    let mut lowest: Option<usize> = None;
    let mut has_been_high = true;
    for (i, &here) in way.iter().enumerate() {
        if here >= high {
            if let Some(lowest) = lowest.take() {
                lows.push(lowest);
            }
            has_been_high = true;
        } else if here <= low && (has_been_high || lowest.is_some()) {
            has_been_high = false;
            if lowest.is_none_or(|lowest| here < way[lowest]) {
                lowest = Some(i);
            }
        }
    }
    lows.extend(lowest);
    let pairs = lows.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter_map(|(from, to)| {
            let peak = way[from..=to].iter().copied().fold(0.0, f32::max);
            // It leaves where the way begins to rise for good, and is back where it no longer falls.
            let near = way[from].max(way[to]).max(0.0) + 0.08 * (peak - way[from].min(way[to]));
            let start = (from..to).find(|&i| way[i + 1] > near).unwrap_or(from);
            let end = (from + 1..=to)
                .rev()
                .find(|&i| way[i - 1] > near)
                .unwrap_or(to);
            let mut far = (from..=to).filter(|&i| way[i] >= FAR * peak);
            let first = far.next()?;
            let last = far.next_back().unwrap_or(first);
            let far = f64::midpoint(seconds[first], seconds[last]);
            let is_long = seconds[end] - seconds[start] >= SHORTEST_S;
            is_long.then_some([seconds[start].min(far), far, seconds[end].max(far)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::film::SIDE;

    /// A bar that goes down and up between rows 4 and 24, with a rest before, between and after.
    fn film(n_repetitions: usize) -> Film {
        let mut film = Film::default();
        let period = 60;
        for frame in 0..n_repetitions * period + 15 {
            let t = (frame as f32 - 10.0) / period as f32;
            let is_moving = t > 0.0 && t < n_repetitions as f32;
            let depth = if is_moving {
                (1.0 - (t * std::f32::consts::TAU).cos()) / 2.0
            } else {
                0.0
            };
            let row = 4.0 + 20.0 * depth;
            let thumb = (0..SIDE * SIDE).map(|i| {
                let (x, y) = (i % SIDE, i / SIDE);
                let near = 1.0 - ((y as f32 - row).abs() / 3.0).min(1.0);
                let noise = (x * 7 + y * 13 + frame as u32 * 31) % 5;
                (40.0 + 150.0 * near * f32::from(x > 6)) as u8 + noise as u8
            });
            film.push(frame as u64 * 33_333_333, thumb.collect());
        }
        film
    }

    #[test]
    fn each_time_down_and_up_is_one() {
        for n in [1, 2, 5] {
            let found = find(&film(n));
            assert_eq!(found.len(), n, "{found:?}");
            for (number, repetition) in found.iter().enumerate() {
                let bottom_ns = (10 + 60 * number as u64 + 30) * 33_333_333;
                let phase = repetition.phase(bottom_ns).unwrap();
                assert!((phase - 0.5).abs() < 0.06, "{repetition:?} {phase}");
            }
        }
    }

    #[test]
    fn where_nothing_comes_back_there_is_none() {
        let mut film = Film::default();
        for frame in 0..90u32 {
            let thumb = (0..SIDE * SIDE).map(|i| (i % SIDE * 4 + frame) as u8);
            film.push(u64::from(frame) * 33_333_333, thumb.collect());
        }
        assert_eq!(find(&film), []);
        assert_eq!(find(&Film::default()), []);
    }

    #[test]
    fn equal_phases_have_the_far_end_and_go_through_all_repetitions() {
        let repetition = |start_ns| Repetition {
            start_ns,
            far_ns: start_ns + 40,
            end_ns: start_ns + 100,
        };
        let two = [repetition(0), repetition(200)];
        let times: Vec<u64> = equal_phases(&two, 4).collect();
        assert_eq!(times, [0, 20, 240, 270]);
        let phases: Vec<_> = equal_phases(&two, 5)
            .map(|time| two.iter().find_map(|repetition| repetition.phase(time)))
            .collect();
        let expected = [0.1, 0.3, 0.5, 0.7, 0.9].map(Some);
        assert!(
            phases
                .iter()
                .zip(expected)
                .all(|(a, b)| (a.unwrap() - b.unwrap()).abs() < 0.02),
            "{phases:?}"
        );
        assert_eq!(two[0].phase(150), None);
    }
}
