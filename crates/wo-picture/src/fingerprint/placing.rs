//! Where the content of one video lies in that of another, by corners that both have.

use std::collections::BTreeSet;

use super::points::Point;

/// Descriptors of one corner differ in at most so many of their 128 bits.
const MAX_DISTANCE: u32 = 34;
/// The most similar pairs of corners that a placing is tried with, and those that vote for it.
const N_TRIED: usize = 24;
const N_VOTES: usize = 60;
/// Corners that a placing is taken from lie so far apart along both axes.
const LEAST_APART: f32 = 0.08;
/// How far one side may be stretched.
const SCALES: std::ops::RangeInclusive<f32> = 0.6..=1.67;
/// How far a corner may lie from where the placing has it: first without a rotation, then with one, in three steps.
const FIRST_TOLERANCE: f32 = 0.045;
const TOLERANCES: [f32; 3] = [0.03, 0.02, 0.015];
/// How far x may depend on y, and y on x. A rotation by 3 degrees is 0.05 in a square, and 0.09 at 16:9.
const MAX_SKEW: f32 = 0.2;
/// Corners in this many of the fields of a board show that both are one place. Two rooms have 5 at most.
const MIN_FIELDS: usize = 8;
const FIELDS_ON_A_SIDE: f32 = 12.0;

/// A map of positions, from 0 to 1 along each axis, in one content to those in another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placing {
    /// The factors of x and y, and what is added, for x and for y in the other.
    axes: [[f32; 3]; 2],
}

impl Placing {
    /// The position in the other.
    pub(super) fn apply(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let [u, v] = self
            .axes
            .map(|[of_x, of_y, plus]| of_x * x + of_y * y + plus);
        (u, v)
    }

    /// The same position.
    pub(super) fn same() -> Self {
        Self {
            axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        }
    }

    /// Finds the points of `here` among those of `there`, and where they are.
    pub(super) fn find(here: &[Point], there: &[Point]) -> Option<Self> {
        let pairs = matches(here, there);
        let first = first_placing(&pairs)?;
        let mut inliers = first.inliers(&pairs, FIRST_TOLERANCE);
        let mut placing = first;
        for tolerance in TOLERANCES {
            placing = Self::fitted(&inliers)?;
            inliers = placing.inliers(&pairs, tolerance);
        }
        let [[_, skew_x, _], [skew_y, _, _]] = placing.axes;
        let fields: BTreeSet<(u8, u8)> = inliers
            .iter()
            .map(|pair| {
                let field = |at: f32| (at * FIELDS_ON_A_SIDE) as u8;
                (field(pair.here.0), field(pair.here.1))
            })
            .collect();
        let is_plain = skew_x.abs() <= MAX_SKEW && skew_y.abs() <= MAX_SKEW;
        (is_plain && fields.len() >= MIN_FIELDS).then_some(placing)
    }

    fn inliers(&self, pairs: &[Pair], tolerance: f32) -> Vec<Pair> {
        let is_near = |pair: &&Pair| {
            let (x, y) = self.apply(pair.here);
            (x - pair.there.0).abs() < tolerance && (y - pair.there.1).abs() < tolerance
        };
        pairs.iter().filter(is_near).copied().collect()
    }

    /// Least squares over pairs.
    fn fitted(pairs: &[Pair]) -> Option<Self> {
        let mut sums = [[0.0f64; 3]; 3];
        let mut targets = [[0.0f64; 3]; 2];
        for pair in pairs {
            let row = [f64::from(pair.here.0), f64::from(pair.here.1), 1.0];
            for (sums, a) in sums.iter_mut().zip(row) {
                for (sum, b) in sums.iter_mut().zip(row) {
                    *sum += a * b;
                }
            }
            for (target, value) in targets.iter_mut().zip([pair.there.0, pair.there.1]) {
                for (sum, a) in target.iter_mut().zip(row) {
                    *sum += a * f64::from(value);
                }
            }
        }
        let [x, y] = targets.map(|target| solved(sums, target));
        Some(Self { axes: [x?, y?] })
    }
}

/// A corner here and the one like it there.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pair {
    here: (f32, f32),
    there: (f32, f32),
}

/// Pairs of points that are each other's nearest, the most similar first.
fn matches(here: &[Point], there: &[Point]) -> Vec<Pair> {
    let mut best_here = vec![(u32::MAX, 0); there.len()];
    let mut best_there = vec![(u32::MAX, 0); here.len()];
    for (i, (point, best)) in here.iter().zip(&mut best_there).enumerate() {
        for (j, (other, best_of_other)) in there.iter().zip(&mut best_here).enumerate() {
            let distance = point.distance(other);
            if distance < best.0 {
                *best = (distance, j);
            }
            if distance < best_of_other.0 {
                *best_of_other = (distance, i);
            }
        }
    }
    let mut found = Vec::new();
    for (i, (point, (distance, j))) in here.iter().zip(best_there).enumerate() {
        let is_mutual = best_here.get(j).is_some_and(|(_, back)| *back == i);
        if let Some(other) = there.get(j)
            && is_mutual
            && distance <= MAX_DISTANCE
        {
            let pair = Pair {
                here: position(point),
                there: position(other),
            };
            found.push((distance, pair));
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    found.truncate(N_VOTES);
    found.into_iter().map(|(_, pair)| pair).collect()
}

fn position(point: &Point) -> (f32, f32) {
    let part = |at: u8| f32::from(at) / f32::from(u8::MAX);
    (part(point.x), part(point.y))
}

/// The stretch and shift that most pairs agree with, of those that two pairs give.
fn first_placing(pairs: &[Pair]) -> Option<Placing> {
    let tried = pairs.get(..N_TRIED.min(pairs.len())).unwrap_or_default();
    let mut best: Option<(usize, Placing)> = None;
    for (n, one) in tried.iter().enumerate() {
        for other in tried.iter().take(n) {
            let Some(placing) = stretch(one, other) else {
                continue;
            };
            let votes = placing.inliers(pairs, FIRST_TOLERANCE).len();
            if best.is_none_or(|(most, _)| votes > most) {
                best = Some((votes, placing));
            }
        }
    }
    best.map(|(_, placing)| placing)
}

fn stretch(one: &Pair, other: &Pair) -> Option<Placing> {
    let axis = |here: (f32, f32), there: (f32, f32)| {
        let apart = here.0 - here.1;
        let scale = (there.0 - there.1) / apart;
        let is_usable = apart.abs() >= LEAST_APART && SCALES.contains(&scale);
        is_usable.then_some((scale, there.0 - scale * here.0))
    };
    let (scale_x, plus_x) = axis((one.here.0, other.here.0), (one.there.0, other.there.0))?;
    let (scale_y, plus_y) = axis((one.here.1, other.here.1), (one.there.1, other.there.1))?;
    Some(Placing {
        axes: [[scale_x, 0.0, plus_x], [0.0, scale_y, plus_y]],
    })
}

/// Solves a system of three equations; `None` where they are not independent.
fn solved(matrix: [[f64; 3]; 3], right: [f64; 3]) -> Option<[f32; 3]> {
    let determinant = |[a, b, c]: [[f64; 3]; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let whole = determinant(matrix);
    if whole.abs() < 1e-9 {
        return None;
    }
    let mut solution = [0.0f32; 3];
    for (column, value) in solution.iter_mut().enumerate() {
        let mut replaced = matrix;
        for (row, right) in replaced.iter_mut().zip(right) {
            row[column] = right;
        }
        *value = (determinant(replaced) / whole) as f32;
    }
    Some(solution)
}
