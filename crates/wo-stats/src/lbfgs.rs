//! The least value of a smooth convex function, without second derivatives: limited-memory BFGS with steps that are halved
//! until the value falls enough (Nocedal & Wright 2006, algorithms 7.4, 7.5 and 3.1). No randomness: the same function ends
//! in the same place.

use std::collections::VecDeque;

/// Pairs of steps and changes of the slope that stand in for the second derivatives; scipy's default.
const N_PAIRS: usize = 10;
/// The part of the fall that the slope promises which a step must bring (Armijo).
const LEAST_FALL: f64 = 1e-4;
/// Halvings of a step, after which it is as long as rounding.
const N_HALVINGS: i32 = 50;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) n_steps: usize,
    /// The largest entry of the slope.
    pub(crate) slope: f64,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// One over their product.
    inverse: f64,
}

/// Moves `place` to the least value; `value_and_slope` writes the slope at a place and returns the value there.
pub(crate) fn minimise(
    place: &mut Vec<f64>,
    stop: Stop,
    mut value_and_slope: impl FnMut(&[f64], &mut [f64]) -> f64,
) {
    let mut slope = vec![0.0; place.len()];
    let mut value = value_and_slope(place, &mut slope);
    let mut pairs: VecDeque<Pair> = VecDeque::new();
    let mut next_slope = slope.clone();
    for _ in 0..stop.n_steps {
        let steepest = slope.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
        if steepest <= stop.slope {
            return;
        }
        let mut direction = direction(&slope, &pairs);
        let mut promised = dot(&direction, &slope);
        if promised >= 0.0 {
            // Rounding has spoiled the pairs.
            pairs.clear();
            direction = slope.iter().map(|s| -s).collect();
            promised = -dot(&slope, &slope);
        }
        // The first step has no pairs that know how far.
        let longest = if pairs.is_empty() {
            1.0_f64.min(1.0 / steepest)
        } else {
            1.0
        };
        let mut lengths = (0..N_HALVINGS).map(|halvings| longest * 0.5_f64.powi(halvings));
        let found = lengths.find_map(|length| {
            let mut next = place.clone();
            add(&mut next, length, &direction);
            let next_value = value_and_slope(&next, &mut next_slope);
            let falls = next_value <= value + LEAST_FALL * length * promised;
            falls.then_some((next, next_value))
        });
        let Some((next, next_value)) = found else {
            return;
        };
        let step: Vec<f64> = next.iter().zip(&*place).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = next_slope.iter().zip(&slope).map(|(a, b)| a - b).collect();
        let product = dot(&step, &change);
        if product > f64::EPSILON * dot(&change, &change) {
            if pairs.len() == N_PAIRS {
                pairs.pop_front();
            }
            pairs.push_back(Pair {
                step,
                change,
                inverse: 1.0 / product,
            });
        }
        *place = next;
        value = next_value;
        std::mem::swap(&mut slope, &mut next_slope);
    }
}

/// The slope times what the pairs know of the inverse of the second derivatives, downwards: the two loops of algorithm 7.4.
fn direction(slope: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = slope.iter().map(|s| -s).collect();
    let mut factors = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let factor = pair.inverse * dot(&pair.step, &direction);
        add(&mut direction, -factor, &pair.change);
        factors.push(factor);
    }
    if let Some(last) = pairs.back() {
        let scale = 1.0 / (last.inverse * dot(&last.change, &last.change));
        for d in &mut direction {
            *d *= scale;
        }
    }
    for (pair, factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let back = pair.inverse * dot(&pair.change, &direction);
        add(&mut direction, factor - back, &pair.step);
    }
    direction
}

/// The product of two vectors, in eight sums: the compiler may not reorder one, and eight fill its registers.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a_eights.iter().zip(b_eights) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

/// Adds `factor · from` to `to`.
pub(crate) fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_narrow_valley_is_found() {
        // (x - 3)² + 100 (y + x)² + (z - 1)^4
        let mut place = vec![0.0; 3];
        let stop = Stop {
            n_steps: 500,
            slope: 1e-9,
        };
        minimise(&mut place, stop, |p, slope| {
            let (x, y, z) = (p[0], p[1], p[2]);
            slope[0] = 2.0 * (x - 3.0) + 200.0 * (y + x);
            slope[1] = 200.0 * (y + x);
            slope[2] = 4.0 * (z - 1.0).powi(3);
            (x - 3.0).powi(2) + 100.0 * (y + x).powi(2) + (z - 1.0).powi(4)
        });
        assert!((place[0] - 3.0).abs() < 1e-6 && (place[1] + 3.0).abs() < 1e-6);
        assert!((place[2] - 1.0).abs() < 1e-2, "{place:?}");
    }

    #[test]
    fn a_product_of_any_length() {
        let a: Vec<f64> = (0..19).map(f64::from).collect();
        assert!((dot(&a, &a) - 2109.0).abs() < 1e-9);
    }
}
