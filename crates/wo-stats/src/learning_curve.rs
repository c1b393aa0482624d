//! What more videos would bring: scores of refits to parts of the training videos, extrapolated, and how little is known of
//! that. Power laws of few points promise too much (Viering & Loog 2023, The Shape of Learning Curves, arXiv 2103.10948;
//! Mahmood et al. 2022, arXiv 2207.01725), so an extrapolation is given only with its interval.

use std::collections::BTreeMap;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::bootstrap::{Interval, interval_between, quantile};
use crate::power_law::{PowerLaw, SeenScore, Sums, rates};

/// Laws that stand for what is not known: the ends of an interval rest on 25 each.
const N_LAWS: usize = 1000;
/// Rates among which a law is drawn.
const N_RATES: usize = 60;
const TAIL: f64 = 0.025;
/// As if the common variance had been seen so many times in each size: three repeats alone know little of theirs.
const SHARED: f64 = 4.0;
/// Scores of a few tens of videos are not known to a thousandth, even where all repeats agree.
const LEAST_DEVIATION: f64 = 1e-3;

/// A refit to some of the training videos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refit {
    /// How many videos it was fitted to: all, or those of a class, but always the same.
    pub n_videos: f64,
    /// Its score on videos that no refit has seen.
    pub score: f64,
}

/// Scores against numbers of videos, with the laws that may lie behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningCurve {
    /// The law that fits best.
    pub best: PowerLaw,
    /// Laws that fit resampled refits about as well, each with the error of the test videos.
    laws: Vec<(PowerLaw, f64)>,
}

impl LearningCurve {
    /// Fits laws to refits of at least three sizes, one of them repeated. Each law is drawn twice over: refits are drawn
    /// with replacement within each size, and the rate is drawn in proportion to how well it explains them, so that rates
    /// that the data do not tell apart all have their say. `test_error` is the standard error that all scores share since
    /// they were measured on the same videos: that of a bootstrap over groups, or 0 for what these very videos would say.
    /// `None` where there are too few sizes, no repeats, or a number is none.
    pub fn fit(refits: &[Refit], test_error: f64, seed: u64) -> Option<Self> {
        let sizes = weighted(refits)?;
        let all: Vec<SeenScore> = sizes.iter().flatten().copied().collect();
        let best = PowerLaw::fit(&all)?;
        if !(test_error.is_finite() && test_error >= 0.0) {
            return None;
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let powers = powers(&sizes);
        let laws = (0..N_LAWS).map(|_| {
            let means: Vec<(f64, f64)> = sizes
                .iter()
                .map(|of_size| resampled_mean(&mut random, of_size))
                .collect();
            let law = draw_law(&mut random, &means, &powers).unwrap_or(best);
            (law, test_error * standard_normal(&mut random))
        });
        let laws = laws.collect();
        Some(Self { best, laws })
    }

    /// The 95 % interval of the score with so many videos.
    pub fn interval_at(&self, n_videos: f64) -> Option<Interval> {
        let score = |(law, error): &(PowerLaw, f64)| (law.at(n_videos) + error).clamp(0.0, 1.0);
        interval_of(self.laws.iter().map(score))
    }

    /// Which part of the errors made with one number of videos is still made with another, and its 95 % interval. It is what
    /// half of the laws exceed: the best one alone may lie at an end of the interval, and promise most.
    pub fn errors_left(&self, from_videos: f64, to_videos: f64) -> (f64, Option<Interval>) {
        let left = |law: &PowerLaw| {
            let errors = |n_videos| (1.0 - law.at(n_videos)).max(LEAST_DEVIATION);
            errors(to_videos) / errors(from_videos)
        };
        let mut of_laws: Vec<f64> = self.laws.iter().map(|(law, _)| left(law)).collect();
        of_laws.sort_by(f64::total_cmp);
        let middle = quantile(&of_laws, 0.5).unwrap_or_else(|| left(&self.best));
        (middle, interval_between(&of_laws, TAIL, 1.0 - TAIL))
    }
}

fn interval_of(values: impl Iterator<Item = f64>) -> Option<Interval> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    interval_between(&values, TAIL, 1.0 - TAIL)
}

/// The refits of each size, weighing as much as the repeats of the size agree.
fn weighted(refits: &[Refit]) -> Option<Vec<Vec<SeenScore>>> {
    let mut sizes: BTreeMap<u64, Vec<Refit>> = BTreeMap::new();
    for refit in refits {
        if !(refit.n_videos > 0.0 && refit.n_videos.is_finite() && refit.score.is_finite()) {
            return None;
        }
        // Of positive floats the bits have the order of the numbers.
        let size = sizes.entry(refit.n_videos.to_bits()).or_default();
        size.push(*refit);
    }
    let squares = |refits: &Vec<Refit>| {
        let mean = refits.iter().map(|refit| refit.score).sum::<f64>() / refits.len() as f64;
        let distance = |refit: &Refit| (refit.score - mean).powi(2);
        refits.iter().map(distance).sum::<f64>()
    };
    let freedom = refits.len() - sizes.len();
    if freedom == 0 {
        return None;
    }
    let shared = sizes.values().map(squares).sum::<f64>() / freedom as f64;
    let of_size = |refits: &Vec<Refit>| {
        let freedom = refits.len() as f64 - 1.0;
        let variance = (squares(refits) + SHARED * shared) / (freedom + SHARED);
        let weight = 1.0 / variance.max(LEAST_DEVIATION.powi(2));
        let seen = |refit: &Refit| SeenScore {
            n_videos: refit.n_videos,
            score: refit.score,
            weight,
        };
        refits.iter().map(seen).collect()
    };
    Some(sizes.values().map(of_size).collect())
}

/// The rates, and of each the powers of the sizes.
fn powers(sizes: &[Vec<SeenScore>]) -> Vec<(f64, Vec<f64>)> {
    let n_videos: Vec<f64> = sizes
        .iter()
        .filter_map(|of_size| Some(of_size.first()?.n_videos))
        .collect();
    let power = |rate: f64| n_videos.iter().map(|n| n.powf(-rate)).collect();
    let rates = rates(N_RATES).into_iter();
    rates.map(|rate| (rate, power(rate))).collect()
}

/// The mean of scores of one size that are drawn with replacement, and how much it counts: what the scores differ from it by
/// is the same for all laws.
fn resampled_mean(random: &mut impl Rng, seen: &[SeenScore]) -> (f64, f64) {
    let drawn = (0..seen.len()).filter_map(|_| seen.get(random.random_range(0..seen.len())));
    let sum = drawn.fold(0.0, |sum, seen| sum + seen.score);
    let weight = seen.iter().map(|seen| seen.weight).sum();
    (sum / seen.len() as f64, weight)
}

/// The best law of a rate that is drawn by its likelihood.
fn draw_law(
    random: &mut impl Rng,
    means: &[(f64, f64)],
    powers: &[(f64, Vec<f64>)],
) -> Option<PowerLaw> {
    let fit = |(rate, powers): &(f64, Vec<f64>)| {
        let mut sums = Sums::default();
        for (x, (score, weight)) in powers.iter().zip(means) {
            sums.add(*x, *score, *weight);
        }
        sums.law(*rate)
    };
    let fits: Vec<(PowerLaw, f64)> = powers.iter().map(fit).collect();
    let least = fits.iter().map(|(_, squares)| *squares).reduce(f64::min)?;
    let likelihood = |squares: f64| ((least - squares) / 2.0).exp();
    let total: f64 = fits.iter().map(|(_, squares)| likelihood(*squares)).sum();
    let mut left = random.random_range(0.0..1.0) * total;
    for (law, squares) in &fits {
        left -= likelihood(*squares);
        if left <= 0.0 {
            return Some(*law);
        }
    }
    fits.last().map(|(law, _)| *law)
}

fn standard_normal(random: &mut impl Rng) -> f64 {
    // Never 0 or 1, of which the normal quantile is infinite.
    Normal::standard().inverse_cdf(random.random_range(1e-12..1.0 - 1e-12))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: PowerLaw = PowerLaw {
        limit: 0.9,
        drop: 0.7,
        rate: 0.6,
    };

    fn refits(random: &mut impl Rng, sizes: &[f64], n_repeats: usize, error: f64) -> Vec<Refit> {
        let repeated = sizes.iter().flat_map(|n| vec![*n; n_repeats]);
        let refit = |n_videos| Refit {
            n_videos,
            score: LAW.at(n_videos) + error * standard_normal(random),
        };
        repeated.map(refit).collect()
    }

    #[test]
    fn the_interval_holds_the_truth_and_is_wide_where_little_is_known() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let width = |interval: Interval| interval.high - interval.low;
        let n_draws = 60;
        let (mut near, mut far, mut n_held) = (0.0, 0.0, 0);
        for seed in 0..n_draws {
            let refits = refits(&mut random, &[4.0, 6.0, 9.0, 13.0, 20.0], 5, 0.03);
            let curve = LearningCurve::fit(&refits, 0.0, seed).unwrap();
            let interval = curve.interval_at(100.0).unwrap();
            n_held += u32::from((interval.low..=interval.high).contains(&LAW.at(100.0)));
            far += width(interval);
            near += width(curve.interval_at(13.0).unwrap());
        }
        assert!(n_held >= 55, "{n_held} of {n_draws}");
        assert!(far > 3.0 * near, "{far} {near}");
    }

    #[test]
    fn the_error_of_the_test_videos_widens_scores_but_not_the_errors_left() {
        let refits = refits(
            &mut ChaCha8Rng::seed_from_u64(1),
            &[4.0, 8.0, 16.0],
            4,
            0.01,
        );
        let width = |error: f64| {
            let curve = LearningCurve::fit(&refits, error, 2).unwrap();
            let (left, ends) = curve.errors_left(16.0, 30.0);
            (curve.interval_at(16.0).unwrap(), left, ends.unwrap())
        };
        let ((sure, left, ends), (unsure, _, same)) = (width(0.0), width(0.1));
        assert!(unsure.high - unsure.low > 3.0 * (sure.high - sure.low));
        assert!((ends.high - same.high).abs() < 0.05 && ends.high <= 1.0);
        assert!(ends.low <= left && left <= ends.high, "{ends:?} {left}");
        let truth = (1.0 - LAW.at(30.0)) / (1.0 - LAW.at(16.0));
        assert!((left - truth).abs() < 0.1, "{left} {truth}");
    }

    #[test]
    fn what_pins_nothing_down_is_none() {
        let of = |points: &[(f64, f64)]| {
            let refit = |&(n_videos, score)| Refit { n_videos, score };
            LearningCurve::fit(&points.iter().map(refit).collect::<Vec<_>>(), 0.0, 0)
        };
        assert!(of(&[(1.0, 0.5), (2.0, 0.6), (3.0, 0.7), (3.0, 0.7)]).is_some());
        assert_eq!(of(&[(1.0, 0.5), (2.0, 0.6), (3.0, 0.7)]), None);
        assert_eq!(of(&[(1.0, 0.5), (2.0, 0.6), (2.0, 0.7)]), None);
        assert_eq!(of(&[(0.0, 0.5), (2.0, 0.6), (3.0, 0.7), (3.0, 0.7)]), None);
        assert_eq!(of(&[]), None);
    }
}
