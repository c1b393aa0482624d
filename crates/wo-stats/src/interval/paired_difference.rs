//! The confidence interval of a difference of two predictors on the same samples.

use super::beta_binomial::{BetaPrior, CorrelationPrior, GroupCounts, Posterior};
use super::group_sizes::combined;
use crate::bootstrap::Interval;
use crate::confidence::Confidence;

/// How far the differences of two classes in the same groups go together.
const CORRELATION: f64 = 0.5;
/// Halvings of −1 to 1 until an end is found.
const N_HALVINGS: usize = 40;
const FOR_DISCORDANCE: BetaPrior = BetaPrior {
    alpha: 0.5,
    beta: 0.5,
};
const FOR_DIRECTION: BetaPrior = BetaPrior {
    alpha: 1.0,
    beta: 1.0,
};

/// The samples of one class in one group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairedCounts {
    /// Right by the first predictor alone.
    pub only_first: u64,
    /// Right by the second predictor alone.
    pub only_second: u64,
    /// All samples.
    pub samples: u64,
}

/// The interval of balanced accuracy of the first predictor minus that of the second, from the counts of each class
/// by group. How often the two disagree and who is right then are two proportions over groups; the difference is their
/// product. `None` where a class has samples in fewer than two groups.
pub fn paired_difference(classes: &[&[PairedCounts]], confidence: Confidence) -> Option<Interval> {
    let of_classes: Vec<(f64, Interval)> = classes
        .iter()
        .map(|groups| of_class(groups, confidence.tail()))
        .collect::<Option<_>>()?;
    let n_classes = of_classes.len().max(1) as f64;
    let value = of_classes.iter().map(|it| it.0).sum::<f64>() / n_classes;
    let below: Vec<f64> = of_classes.iter().map(|(it, ends)| it - ends.low).collect();
    let above: Vec<f64> = of_classes.iter().map(|(it, ends)| ends.high - it).collect();
    let sizes = |groups: &&[PairedCounts]| groups.iter().map(|it| it.samples as f64).collect();
    let sizes: Vec<Vec<f64>> = classes.iter().map(sizes).collect();
    let interval = Interval {
        low: value - combined(&below, &sizes, CORRELATION) / n_classes,
        high: value + combined(&above, &sizes, CORRELATION) / n_classes,
    };
    Some(interval.within(-1.0, 1.0))
}

/// The interval of a difference from the values and intervals of both, as if these were independent (Zou & Donner 2008).
/// It is too wide where both err on the same samples, as two predictors mostly do.
pub(crate) fn unpaired_difference(first: (f64, Interval), second: (f64, Interval)) -> Interval {
    let ((a, of_a), (b, of_b)) = (first, second);
    let difference = a - b;
    let interval = Interval {
        low: difference - (a - of_a.low).hypot(of_b.high - b),
        high: difference + (of_a.high - a).hypot(b - of_b.low),
    };
    interval.within(-1.0, 1.0)
}

/// The difference of two recalls and its interval.
fn of_class(groups: &[PairedCounts], tail: f64) -> Option<(f64, Interval)> {
    let groups: Vec<&PairedCounts> = groups.iter().filter(|it| it.samples > 0).collect();
    if groups.len() < 2 {
        return None;
    }
    let total =
        |count: fn(&PairedCounts) -> u64| groups.iter().map(|it| count(it)).sum::<u64>() as f64;
    let difference =
        (total(|it| it.only_first) - total(|it| it.only_second)) / total(|it| it.samples);
    let discordant = |it: &PairedCounts| it.only_first + it.only_second;
    let discordance = GroupCounts::new(groups.iter().map(|it| (discordant(it), it.samples)));
    let direction = groups
        .iter()
        .filter(|it| discordant(it) > 0)
        .map(|it| (it.only_first, discordant(it)));
    let direction = GroupCounts::new(direction);
    let [discordance] = discordance.posteriors([FOR_DISCORDANCE], CorrelationPrior::Rising);
    let [direction] = direction.posteriors([FOR_DIRECTION], CorrelationPrior::Rising);
    let end = |share: f64| {
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..N_HALVINGS {
            let middle = f64::midpoint(low, high);
            if mass_below(middle, &discordance, &direction) < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    };
    let ends = Interval {
        low: end(tail).min(difference),
        high: end(1.0 - tail).max(difference),
    };
    Some((difference, ends))
}

/// How likely discordance × (2 direction − 1) is below a difference.
fn mass_below(difference: f64, discordance: &Posterior, direction: &Posterior) -> f64 {
    discordance
        .cells()
        .map(|(mass, from, to)| {
            let rate = f64::midpoint(from, to);
            mass * direction.mass_below(f64::midpoint(difference / rate, 1.0).clamp(0.0, 1.0))
        })
        .sum()
}
