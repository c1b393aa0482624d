//! Intervals from a bootstrap over groups, pure over slices.
//!
//! Frames of a video and videos of a person resemble each other, so they do not count as independent: whole groups are
//! drawn with replacement, all their samples together (Davison & Hinkley 1997, section 3.8; Field & Welsh 2007). The
//! percentile interval and the BCa interval (Efron 1987, Better Bootstrap Confidence Intervals) come from the same draws.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::confidence::Confidence;

/// On how many resamples each end of an interval rests: 2000 resamples for one of 95 %.
const N_OUTSIDE: f64 = 50.0;
/// How many times the jackknife leaves something out: each group once, or of more groups than this each of so many blocks.
/// The acceleration is the skewness of the influences over √n, which blocks of groups keep; 250 blocks know it to 0.002.
const MAX_LEFT_OUT: usize = 250;

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The result of one set of resamples for a metric.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Intervals {
    /// The interval to print: the percentile interval, and of metrics that have a model of their groups the union of both.
    /// `None` where there are too few groups for one.
    pub interval: Option<Interval>,
    /// The percentile interval.
    pub percentile: Option<Interval>,
    /// The interval that is corrected for bias and skewness: with few groups its coverage is lower than that of the percentile interval.
    pub bca: Option<Interval>,
    /// The standard deviation over the resamples.
    pub standard_error: Option<f64>,
}

/// A metric and what is known of its error.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// The metric of the data as they are.
    pub value: Option<f64>,
    /// `None` throughout where the metric itself is undefined.
    pub intervals: Intervals,
}

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How often groups are drawn.
    pub n_rounds: usize,
    /// The same seed draws the same groups.
    pub seed: u64,
    /// Of the intervals.
    pub confidence: Confidence,
}

impl Bootstrap {
    /// 2000 rounds, for intervals of 95 %.
    pub fn new(seed: u64) -> Self {
        Self::with_confidence(Confidence::NINETY_FIVE, seed)
    }

    /// The surer the intervals are meant to be, the more rounds.
    pub fn with_confidence(confidence: Confidence, seed: u64) -> Self {
        Self {
            n_rounds: (N_OUTSIDE / confidence.tail()).round() as usize,
            seed,
            confidence,
        }
    }

    /// Each of the metrics that `metrics` computes, with its intervals. `metrics` is told how often each group was drawn;
    /// [`GroupSums::drawn`](crate::GroupSums::drawn), [`Ranking`](crate::Ranking) and others take that. All metrics see the
    /// same resamples, so a difference of two predictors is paired. One group alone says nothing about other groups: its
    /// intervals are `None`, as are those of metrics that too many resamples leave undefined. BCa is `None` too where the
    /// metric is undefined without one of the groups, or lies beyond all resamples.
    pub fn estimates(
        &self,
        n_groups: usize,
        mut metrics: impl FnMut(&[u64]) -> Vec<Option<f64>>,
    ) -> Vec<Estimate> {
        let values = metrics(&vec![1; n_groups]);
        let unknown = |value| Estimate {
            value,
            intervals: Intervals::default(),
        };
        if n_groups < 2 {
            return values.into_iter().map(unknown).collect();
        }
        let resampled = self.resample(n_groups, values.len(), &mut metrics);
        let left_out = self.leave_out(n_groups, values.len(), &mut metrics);
        let of_metric = |(value, (resampled, left_out)): (Option<f64>, (Vec<f64>, _))| {
            let known = value.filter(|_| self.is_enough(&resampled));
            let left_out: Option<Vec<f64>> = left_out;
            Estimate {
                value,
                intervals: known.map_or(Intervals::default(), |known| {
                    Intervals::of(known, resampled, left_out.as_deref(), self.confidence)
                }),
            }
        };
        let metrics = values.into_iter().zip(resampled.into_iter().zip(left_out));
        metrics.map(of_metric).collect()
    }

    /// For each metric its values in those resamples that define it.
    fn resample(
        &self,
        n_groups: usize,
        n_metrics: usize,
        metrics: &mut impl FnMut(&[u64]) -> Vec<Option<f64>>,
    ) -> Vec<Vec<f64>> {
        let mut values = vec![Vec::with_capacity(self.n_rounds); n_metrics];
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut times_drawn = vec![0; n_groups];
        for _ in 0..self.n_rounds {
            draw(&mut random, &mut times_drawn);
            for (values, value) in values.iter_mut().zip(metrics(&times_drawn)) {
                values.extend(value);
            }
        }
        values
    }

    /// For each metric its values without one block of groups after the other; `None` where one of them is undefined.
    fn leave_out(
        &self,
        n_groups: usize,
        n_metrics: usize,
        metrics: &mut impl FnMut(&[u64]) -> Vec<Option<f64>>,
    ) -> Vec<Option<Vec<f64>>> {
        let n_blocks = n_groups.min(MAX_LEFT_OUT);
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        // Other numbers than those of the resamples.
        random.set_stream(1);
        // Neighbours in the order of names may resemble each other, so blocks are not neighbours.
        let mut block_of: Vec<usize> = (0..n_groups).map(|group| group % n_blocks).collect();
        if n_blocks < n_groups {
            shuffle(&mut random, &mut block_of);
        }
        let mut values = vec![Some(Vec::with_capacity(n_blocks)); n_metrics];
        for block in 0..n_blocks {
            let times: Vec<u64> = block_of.iter().map(|of| u64::from(*of != block)).collect();
            for (values, value) in values.iter_mut().zip(metrics(&times)) {
                match (values.as_mut(), value) {
                    (Some(values), Some(value)) => values.push(value),
                    _ => *values = None,
                }
            }
        }
        values
    }

    /// Whether so many resamples have the metric that its interval may be given. Where more of them lack a class, the
    /// others tell of luckier data than was seen.
    fn is_enough(&self, resampled: &[f64]) -> bool {
        resampled.len() >= self.n_rounds.div_ceil(2).max(2)
    }
}

impl Estimate {
    /// Whether all resamples agree.
    pub fn has_no_width(&self) -> bool {
        let percentile = self.intervals.percentile;
        percentile.is_some_and(|it| it.high <= it.low)
    }

    /// Prints the union of the percentile interval with one that holds with few groups, or none where that one is `None`: there
    /// are too few groups in a class. The standard error is that of a normal distribution with this interval, which has
    /// `confidence`.
    #[must_use]
    pub fn joined_with(mut self, model: Option<Interval>, confidence: Confidence) -> Self {
        let percentile = self.intervals.percentile;
        let model = model.filter(|_| self.value.is_some());
        self.intervals.interval = model.map(|it| it.union(percentile.unwrap_or(it)));
        let width = self.intervals.interval.map(|it| it.high - it.low);
        self.intervals.standard_error =
            width.map(|width| width / (2.0 * confidence.standard_errors()));
        self
    }
}

impl Intervals {
    /// From the metric itself, its resampled values, and its values without one group after the other: the jackknife, which
    /// knows the acceleration. BCa as `scipy.stats.bootstrap` has it.
    pub fn of(
        value: f64,
        mut resampled: Vec<f64>,
        left_out: Option<&[f64]>,
        confidence: Confidence,
    ) -> Self {
        let tail = confidence.tail();
        resampled.sort_by(f64::total_cmp);
        let bca = left_out.and_then(|left_out| {
            let correction = bias_correction(value, &resampled)?;
            bca_interval(&resampled, correction, acceleration(left_out), tail)
        });
        let percentile = interval_between(&resampled, tail, 1.0 - tail);
        Self {
            interval: percentile,
            percentile,
            bca,
            standard_error: standard_deviation(&resampled),
        }
    }
}

/// The 95 % percentile interval of each of the metrics that `metrics` computes, as [`Bootstrap::estimates`] has it.
pub fn intervals(
    n_groups: usize,
    seed: u64,
    mut metrics: impl FnMut(&[u64]) -> Vec<Option<f64>>,
) -> Vec<Option<Interval>> {
    let n_metrics = metrics(&vec![1; n_groups]).len();
    if n_groups < 2 {
        return vec![None; n_metrics];
    }
    let bootstrap = Bootstrap::new(seed);
    let tail = bootstrap.confidence.tail();
    let of_values = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        bootstrap
            .is_enough(&values)
            .then(|| interval_between(&values, tail, 1.0 - tail))
            .flatten()
    };
    bootstrap
        .resample(n_groups, n_metrics, &mut metrics)
        .into_iter()
        .map(of_values)
        .collect()
}

fn draw(random: &mut impl Rng, times_drawn: &mut [u64]) {
    times_drawn.fill(0);
    for _ in 0..times_drawn.len() {
        let group = random.random_range(0..times_drawn.len());
        if let Some(times) = times_drawn.get_mut(group) {
            *times += 1;
        }
    }
}

/// Fisher and Yates.
pub(crate) fn shuffle<T>(random: &mut impl Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.random_range(0..=last));
    }
}

/// How far the metric lies from the median of its resampled values, in standard deviations; ties count half.
fn bias_correction(value: f64, sorted: &[f64]) -> Option<f64> {
    let below = sorted.partition_point(|resampled| *resampled < value);
    let up_to = sorted.partition_point(|resampled| *resampled <= value);
    let share = (below + up_to) as f64 / (2 * sorted.len()) as f64;
    (share > 0.0 && share < 1.0).then(|| Normal::standard().inverse_cdf(share))
}

/// A sixth of the skewness of the influences; 0 where nothing has influence.
fn acceleration(left_out: &[f64]) -> f64 {
    let mean = left_out.iter().sum::<f64>() / left_out.len() as f64;
    let power = |exponent| {
        left_out
            .iter()
            .map(|value| (mean - value).powi(exponent))
            .sum::<f64>()
    };
    let spread = power(2).powf(1.5);
    if spread > 0.0 {
        power(3) / (6.0 * spread)
    } else {
        0.0
    }
}

fn bca_interval(sorted: &[f64], correction: f64, acceleration: f64, tail: f64) -> Option<Interval> {
    let normal = Normal::standard();
    let share = |tail: f64| {
        let place = correction + normal.inverse_cdf(tail);
        let stretch = 1.0 - acceleration * place;
        (stretch > 0.0).then(|| normal.cdf(correction + place / stretch))
    };
    interval_between(sorted, share(tail)?, share(1.0 - tail)?)
}

pub(crate) fn interval_between(sorted: &[f64], low: f64, high: f64) -> Option<Interval> {
    Some(Interval {
        low: quantile(sorted, low)?,
        high: quantile(sorted, high)?,
    })
}

/// With one less than the number below the line; `None` of fewer than two.
pub(crate) fn standard_deviation(values: &[f64]) -> Option<f64> {
    let freedom = values.len().checked_sub(1).filter(|n| *n > 0)?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / freedom as f64).sqrt())
}

/// The quantile of sorted values, between neighbours in proportion, as numpy has it.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests;
