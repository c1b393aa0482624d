//! Which labels are likely wrong: confident learning from out-of-fold probabilities (Northcutt et al. 2021, arXiv
//! 1911.00068). The folds must be by group: a model that has seen a video's group has seen its label.
//!
//! Definitions equal cleanlab's (`get_label_quality_scores`, `compute_confident_joint`, `find_label_issues`).

/// Probabilities may lie below a threshold by this much: rounding.
const SLACK: f64 = 1e-6;
/// Of each class one sample at least is taken to be labelled right.
const MIN_RIGHT: i64 = 1;

/// What makes a label suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// That its class has little probability.
    SelfConfidence,
    /// That another class has more.
    NormalizedMargin,
}

/// Which samples are suspects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// Those that are confidently of another class.
    ConfidentJoint,
    /// As many for each pair of classes as the confident joint counts, those with the largest margin.
    NoiseRate,
    /// As many of each class, those with the least probability.
    Class,
    /// Those that both [`Self::NoiseRate`] and [`Self::Class`] select: fewer and surer.
    Both,
}

/// A sample, and how suspicious its label is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspect {
    /// Its place in the slices.
    pub sample: usize,
    /// From 0 to 1; higher is more suspicious. One minus cleanlab's label quality.
    pub score: f64,
    /// The most probable class other than its label.
    pub suggested: usize,
    /// Whether the selection takes it for wrong; the others are only ranked.
    pub is_selected: bool,
}

/// Labels and held-out predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelErrors<'a> {
    labels: &'a [usize],
    probabilities: &'a [Vec<f64>],
    n_classes: usize,
    thresholds: Vec<Option<f64>>,
}

impl<'a> LabelErrors<'a> {
    /// `None` where nothing can be said: without samples, with fewer than two classes, or with a label or a number of
    /// probabilities that does not fit.
    pub fn new(labels: &'a [usize], probabilities: &'a [Vec<f64>]) -> Option<Self> {
        let n_classes = probabilities.first()?.len();
        let fits = |(label, row): (&usize, &Vec<f64>)| {
            row.len() == n_classes && *label < n_classes && row.iter().all(|p| p.is_finite())
        };
        let all_fit = labels.iter().zip(probabilities).all(fits);
        if labels.len() != probabilities.len() || n_classes < 2 || !all_fit {
            return None;
        }
        let mean = |class: usize| {
            let of_class = labels.iter().zip(probabilities);
            let of_class: Vec<f64> = of_class
                .filter(|(label, _)| **label == class)
                .filter_map(|(_, row)| row.get(class).copied())
                .collect();
            let sum: f64 = of_class.iter().sum();
            (!of_class.is_empty()).then(|| (sum / of_class.len() as f64).max(SLACK))
        };
        Some(Self {
            labels,
            probabilities,
            n_classes,
            thresholds: (0..n_classes).map(mean).collect(),
        })
    }

    /// For each class the mean probability that samples with its label give it: from there on a sample is confidently of the
    /// class. `None` for a class without samples.
    pub fn thresholds(&self) -> &[Option<f64>] {
        &self.thresholds
    }

    /// How many samples of each label (row) are confidently of each class (column). One sample of each class at least counts as
    /// labelled right.
    pub fn confident_joint(&self) -> Vec<Vec<i64>> {
        let mut joint = vec![vec![0; self.n_classes]; self.n_classes];
        for (&label, row) in self.labels.iter().zip(self.probabilities) {
            let cell = self
                .confident_class(row)
                .and_then(|class| joint.get_mut(label)?.get_mut(class));
            if let Some(count) = cell {
                *count += 1;
            }
        }
        for (class, row) in joint.iter_mut().enumerate() {
            if let Some(count) = row.get_mut(class) {
                *count = MIN_RIGHT.max(*count);
            }
        }
        joint
    }

    /// All samples, the most suspicious first; of equally suspicious ones the first.
    pub fn ranked(&self, suspicion: Suspicion, selection: Selection) -> Vec<Suspect> {
        let selected = self.selected(selection);
        let samples = self.labels.iter().zip(self.probabilities).zip(selected);
        let of_sample =
            |(sample, ((&label, row), is_selected)): (usize, ((&usize, &Vec<f64>), _))| {
                let own = row.get(label).copied()?;
                let (suggested, other) = best(row, |class| class != label)?;
                let quality = match suspicion {
                    Suspicion::SelfConfidence => own,
                    Suspicion::NormalizedMargin => f64::midpoint(own - other, 1.0),
                };
                Some(Suspect {
                    sample,
                    score: 1.0 - quality,
                    suggested,
                    is_selected,
                })
            };
        let mut suspects: Vec<Suspect> = samples.enumerate().filter_map(of_sample).collect();
        suspects.sort_by(|a, b| b.score.total_cmp(&a.score));
        suspects
    }

    /// Whether each sample is selected. What the model finds most probable is never a suspect.
    fn selected(&self, selection: Selection) -> Vec<bool> {
        let mut selected = match selection {
            Selection::ConfidentJoint => {
                let samples = self.labels.iter().zip(self.probabilities);
                samples
                    .map(|(label, row)| self.confident_class(row).is_some_and(|c| c != *label))
                    .collect()
            }
            Selection::NoiseRate => self.by_noise_rate(&self.calibrated_joint()),
            Selection::Class => self.by_class(&self.calibrated_joint()),
            Selection::Both => {
                let joint = self.calibrated_joint();
                let by_class = self.by_class(&joint).into_iter();
                let both = by_class.zip(self.by_noise_rate(&joint));
                both.map(|(a, b)| a && b).collect()
            }
        };
        for (sample, is_selected) in selected.iter_mut().enumerate() {
            let label = self.labels.get(sample).copied();
            let predicted = self
                .probabilities
                .get(sample)
                .and_then(|row| best(row, |_| true));
            *is_selected &= predicted
                .zip(label)
                .is_some_and(|((class, predicted), label)| {
                    let own = self.probability(sample, label);
                    class != label && predicted > own + SLACK
                });
        }
        selected
    }

    /// The class that a sample is confidently of: of several the most probable one.
    fn confident_class(&self, row: &[f64]) -> Option<usize> {
        let is_confident = |class: usize| {
            let threshold = self.thresholds.get(class).copied().flatten();
            row.get(class)
                .zip(threshold)
                .is_some_and(|(p, threshold)| *p >= threshold - SLACK)
        };
        let n_confident = (0..self.n_classes).filter(|c| is_confident(*c)).count();
        match n_confident {
            0 => None,
            1 => (0..self.n_classes).find(|class| is_confident(*class)),
            _ => best(row, |_| true).map(|(class, _)| class),
        }
    }

    /// The confident joint, its rows stretched to as many samples as have the label.
    fn calibrated_joint(&self) -> Vec<Vec<i64>> {
        let stretch = |(label, row): (usize, Vec<i64>)| {
            let n_samples = self.labels.iter().filter(|l| **l == label).count() as f64;
            let sum: i64 = row.iter().sum();
            let part = |count: &i64| *count as f64 * n_samples / sum.max(1) as f64;
            rounded(&row.iter().map(part).collect::<Vec<_>>())
        };
        let joint = self.confident_joint().into_iter().enumerate().map(stretch);
        with_some_right(&joint.collect::<Vec<_>>())
    }

    fn by_noise_rate(&self, joint: &[Vec<i64>]) -> Vec<bool> {
        let mut selected = vec![false; self.labels.len()];
        for (label, row) in joint.iter().enumerate() {
            for (class, &n) in row.iter().enumerate().filter(|(class, _)| *class != label) {
                let margin =
                    |sample| self.probability(sample, label) - self.probability(sample, class);
                self.select(&mut selected, label, n, margin);
            }
        }
        selected
    }

    fn by_class(&self, joint: &[Vec<i64>]) -> Vec<bool> {
        let mut selected = vec![false; self.labels.len()];
        for (label, row) in joint.iter().enumerate() {
            let n_samples = self.labels.iter().filter(|l| **l == label).count() as i64;
            let n_right = row.get(label).copied().unwrap_or(n_samples);
            self.select(&mut selected, label, n_samples - n_right, |sample| {
                self.probability(sample, label)
            });
        }
        selected
    }

    /// Selects the `n` samples of the label of which `quality` is least. A label of one sample is left alone.
    fn select(&self, selected: &mut [bool], label: usize, n: i64, quality: impl Fn(usize) -> f64) {
        let mut samples: Vec<(f64, usize)> = (0..self.labels.len())
            .filter(|sample| self.labels.get(*sample) == Some(&label))
            .map(|sample| (quality(sample), sample))
            .collect();
        if samples.len() as i64 <= MIN_RIGHT {
            return;
        }
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, sample) in samples.into_iter().take(n.max(0) as usize) {
            if let Some(is_selected) = selected.get_mut(sample) {
                *is_selected = true;
            }
        }
    }

    fn probability(&self, sample: usize, class: usize) -> f64 {
        let row = self.probabilities.get(sample);
        row.and_then(|row| row.get(class)).copied().unwrap_or(0.0)
    }
}

/// The most probable of the classes; of equally probable ones the first.
fn best(row: &[f64], is_allowed: impl Fn(usize) -> bool) -> Option<(usize, f64)> {
    row.iter()
        .copied()
        .enumerate()
        .filter(|(class, _)| is_allowed(*class))
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// Where a class has no sample that is labelled right, one is taken from its noise, evenly.
fn with_some_right(joint: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let n_classes = joint.len();
    let row_of = |(label, row): (usize, &Vec<i64>)| {
        let right = row.get(label).copied().unwrap_or(0);
        let lacking = (MIN_RIGHT - right).max(0) as f64;
        let n_noise = row.iter().filter(|count| **count != 0).count();
        let share = lacking / n_noise.saturating_sub(1).max(1) as f64;
        let count = |(class, count): (usize, &i64)| {
            if class == label {
                MIN_RIGHT.max(right)
            } else {
                (*count as f64 - share).max(0.0) as i64
            }
        };
        row.iter().enumerate().map(count).take(n_classes).collect()
    };
    joint.iter().enumerate().map(row_of).collect()
}

/// Whole numbers with the same sum: those that rounding changed most are changed back.
fn rounded(numbers: &[f64]) -> Vec<i64> {
    let mut whole: Vec<i64> = numbers.iter().map(|n| n.round_ties_even() as i64).collect();
    let wanted = numbers.iter().sum::<f64>().round_ties_even() as i64;
    let missing = wanted - whole.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    let change = |place: &usize| {
        let pair = numbers.get(*place).zip(whole.get(*place));
        pair.map_or(0.0, |(number, whole)| number - *whole as f64)
    };
    order.sort_by(|a, b| change(a).total_cmp(&change(b)));
    if missing > 0 {
        order.reverse();
    }
    for place in order.into_iter().take(missing.unsigned_abs() as usize) {
        if let Some(whole) = whole.get_mut(place) {
            *whole += missing.signum();
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_error_comes_first() {
        let mut labels: Vec<usize> = (0..20).map(|sample| sample % 2).collect();
        let probabilities: Vec<Vec<f64>> = labels
            .iter()
            .enumerate()
            .map(|(sample, class)| {
                let p = 0.8 + 0.005 * sample as f64;
                if *class == 0 {
                    vec![p, 1.0 - p]
                } else {
                    vec![1.0 - p, p]
                }
            })
            .collect();
        labels[17] = 0;
        let errors = LabelErrors::new(&labels, &probabilities).unwrap();
        let ranked = errors.ranked(Suspicion::NormalizedMargin, Selection::Both);
        assert_eq!((ranked[0].sample, ranked[0].suggested), (17, 1));
        let selected: Vec<usize> = ranked
            .iter()
            .filter(|suspect| suspect.is_selected)
            .map(|suspect| suspect.sample)
            .collect();
        assert_eq!(selected, [17]);
        assert_eq!(ranked.len(), 20);
    }

    #[test]
    fn rounding_keeps_the_sum() {
        assert_eq!(rounded(&[0.2, 0.45, 0.35]), [0, 1, 0]);
        assert_eq!(rounded(&[1.5, 2.5, 3.0]), [2, 2, 3]);
        assert_eq!(rounded(&[]), [0_i64; 0]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(LabelErrors::new(&[], &[]), None);
        assert_eq!(LabelErrors::new(&[0], &[vec![1.0]]), None);
        assert_eq!(LabelErrors::new(&[2], &[vec![0.5, 0.5]]), None);
        assert_eq!(LabelErrors::new(&[0], &[vec![f64::NAN, 0.5]]), None);
        let alone = [vec![0.1, 0.9]];
        let one = LabelErrors::new(&[0], &alone).unwrap();
        assert_eq!(one.thresholds()[1], None);
        let ranked = one.ranked(Suspicion::SelfConfidence, Selection::NoiseRate);
        assert!((ranked[0].score - 0.9).abs() < 1e-12 && !ranked[0].is_selected);
    }
}
