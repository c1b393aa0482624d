//! How well a score puts samples of a class above the others: areas and curves, pure over slices.
//!
//! Definitions equal scikit-learn's (`roc_auc_score`, `average_precision_score`, `roc_curve` and `precision_recall_curve`
//! with `sample_weight`), but for what those turn into 0 or NaN with a warning.

/// Samples in the order of their scores, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Samples of the same score are one step: no order among them is better than another.
    steps: Vec<Step>,
    n_groups: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    score: f64,
    /// The group of each sample, and whether it is of the class.
    samples: Vec<(usize, bool)>,
}

/// A point of the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// Samples from this score on are called the class; infinite where none is.
    pub threshold: f64,
    /// Of the samples of other classes, the share called the class.
    pub false_positive_rate: f64,
    /// Of the samples of the class, the share called the class.
    pub true_positive_rate: f64,
}

/// A point of the precision–recall curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecallPoint {
    /// Samples from this score on are called the class.
    pub threshold: f64,
    /// Of the samples called the class, the share that is.
    pub precision: f64,
    /// Of the samples of the class, the share called so.
    pub recall: f64,
}

/// How many samples of the class and of others were drawn.
#[derive(Clone, Copy, Default)]
struct Drawn {
    positive: u64,
    negative: u64,
}

impl Drawn {
    fn total(self) -> u64 {
        self.positive + self.negative
    }
}

impl Ranking {
    /// The score of each sample, whether it is of the class, and its group, counted from 0: what a bootstrap draws. `None`
    /// where the slices differ in length or a score is no number.
    pub fn new(scores: &[f64], is_positive: &[bool], groups: &[usize]) -> Option<Self> {
        let fits = scores.len() == is_positive.len() && scores.len() == groups.len();
        if !fits || scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let samples = is_positive.iter().zip(groups);
        let mut sorted: Vec<(f64, usize, bool)> = scores
            .iter()
            .zip(samples)
            // The two zeros are one score.
            .map(|(score, (&is_positive, &group))| (score + 0.0, group, is_positive))
            .collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let step = |samples: &[(f64, usize, bool)]| Step {
            score: samples.first().map_or(f64::NAN, |sample| sample.0),
            samples: samples.iter().map(|sample| (sample.1, sample.2)).collect(),
        };
        Some(Self {
            steps: sorted
                .chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq())
                .map(step)
                .collect(),
            n_groups: groups.iter().max().map_or(0, |last| last + 1),
        })
    }

    /// How many groups [`Bootstrap::estimates`](crate::Bootstrap::estimates) has to draw from.
    pub fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// The chance that a sample of the class has a higher score than one of another, ties counting half, over groups that
    /// were drawn so many times each. `None` without samples of both kinds.
    pub fn roc_auc(&self, times_drawn: &[u64]) -> Option<f64> {
        let mut above = Drawn::default();
        // Twice the number of pairs in the right order: whole numbers, however many samples there are.
        let mut twice_right = 0_u128;
        for here in self.drawn(times_drawn) {
            twice_right +=
                u128::from(here.negative) * u128::from(2 * above.positive + here.positive);
            above.positive += here.positive;
            above.negative += here.negative;
        }
        let pairs = u128::from(above.positive) * u128::from(above.negative);
        (pairs > 0).then(|| twice_right as f64 / (2.0 * pairs as f64))
    }

    /// The mean of the precisions at each step, weighted by the recall that the step adds, over groups that were drawn so
    /// many times each. `None` without samples of the class.
    pub fn average_precision(&self, times_drawn: &[u64]) -> Option<f64> {
        let mut above = Drawn::default();
        let mut sum = 0.0;
        for here in self.drawn(times_drawn) {
            above.positive += here.positive;
            above.negative += here.negative;
            if here.positive > 0 {
                let precision = above.positive as f64 / above.total() as f64;
                sum += here.positive as f64 * precision;
            }
        }
        (above.positive > 0).then(|| sum / above.positive as f64)
    }

    /// The curve from nothing to everything called the class, each sample once. Empty without samples of both kinds.
    pub fn roc_curve(&self) -> Vec<RocPoint> {
        let all = self.all();
        if all.positive == 0 || all.negative == 0 {
            return Vec::new();
        }
        let start = (f64::INFINITY, Drawn::default());
        std::iter::once(start)
            .chain(self.cumulative())
            .map(|(threshold, called)| RocPoint {
                threshold,
                false_positive_rate: called.negative as f64 / all.negative as f64,
                true_positive_rate: called.positive as f64 / all.positive as f64,
            })
            .collect()
    }

    /// The curve from the highest score to everything called the class, each sample once. Empty without samples of the class.
    pub fn precision_recall_curve(&self) -> Vec<PrecisionRecallPoint> {
        let all = self.all();
        if all.positive == 0 {
            return Vec::new();
        }
        self.cumulative()
            .map(|(threshold, called)| PrecisionRecallPoint {
                threshold,
                precision: called.positive as f64 / called.total() as f64,
                recall: called.positive as f64 / all.positive as f64,
            })
            .collect()
    }

    fn drawn<'a>(&'a self, times_drawn: &'a [u64]) -> impl Iterator<Item = Drawn> + 'a {
        self.steps.iter().map(|step| {
            let mut drawn = Drawn::default();
            for &(group, is_positive) in &step.samples {
                let times = times_drawn.get(group).copied().unwrap_or(0);
                if is_positive {
                    drawn.positive += times;
                } else {
                    drawn.negative += times;
                }
            }
            drawn
        })
    }

    fn all(&self) -> Drawn {
        self.cumulative()
            .last()
            .map_or(Drawn::default(), |(_, all)| all)
    }

    /// After each step its score, and what is called the class.
    fn cumulative(&self) -> impl Iterator<Item = (f64, Drawn)> {
        let add = |called: &mut Drawn, step: &Step| {
            let n_positive = step.samples.iter().filter(|sample| sample.1).count() as u64;
            called.positive += n_positive;
            called.negative += step.samples.len() as u64 - n_positive;
            Some((step.score, *called))
        };
        self.steps.iter().scan(Drawn::default(), add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(scores: &[f64], is_positive: &[bool]) -> Ranking {
        let alone: Vec<usize> = (0..scores.len()).collect();
        Ranking::new(scores, is_positive, &alone).unwrap()
    }

    #[test]
    fn ties_count_half() {
        let tied = ranking(&[0.5, 0.5, 0.0, -0.0], &[true, false, true, false]);
        assert_eq!(tied.roc_auc(&[1; 4]), Some(0.5));
        let right = ranking(&[0.9, 0.8, 0.1], &[true, true, false]);
        assert_eq!(right.roc_auc(&[1; 3]), Some(1.0));
        assert_eq!(right.average_precision(&[1; 3]), Some(1.0));
    }

    #[test]
    fn what_has_no_units_is_undefined() {
        let one_kind = ranking(&[0.9, 0.8], &[true, true]);
        assert_eq!(one_kind.roc_auc(&[1, 1]), None);
        assert_eq!(one_kind.average_precision(&[0, 0]), None);
        assert_eq!(one_kind.roc_curve(), []);
        assert_eq!(ranking(&[0.1], &[false]).precision_recall_curve(), []);
        assert_eq!(Ranking::new(&[f64::NAN], &[true], &[0]), None);
        assert_eq!(Ranking::new(&[0.1], &[true, false], &[0]), None);
        assert_eq!(ranking(&[], &[]).roc_auc(&[]), None);
    }
}
