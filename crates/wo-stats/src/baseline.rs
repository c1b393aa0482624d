//! Baselines: predictors that use no image. A model that is no better has not learnt to see form.

use std::collections::BTreeMap;

use wo_record::Name;

/// What a baseline knows of a video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts<'a> {
    /// The true exercise: a baseline gets it, the model does not.
    pub exercise: Option<&'a Name>,
    /// Its length.
    pub duration_ms: Option<f64>,
}

/// A training video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Example<'a> {
    /// What a baseline may use.
    pub facts: Facts<'a>,
    /// Its class.
    pub class: usize,
}

/// Says the most frequent class of the exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Majority {
    by_exercise: BTreeMap<Name, usize>,
    overall: usize,
}

impl Majority {
    /// Fits it; `None` without examples.
    pub fn fit(examples: &[Example<'_>]) -> Option<Self> {
        let overall = most_frequent(examples.iter().map(|example| example.class))?;
        let mut classes: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
        for example in examples {
            if let Some(exercise) = example.facts.exercise {
                classes
                    .entry(exercise.clone())
                    .or_default()
                    .push(example.class);
            }
        }
        let by_exercise = classes
            .into_iter()
            .filter_map(|(name, classes)| Some((name, most_frequent(classes.into_iter())?)))
            .collect();
        Some(Self {
            by_exercise,
            overall,
        })
    }

    /// The predicted class of a video.
    pub fn predict(&self, facts: Facts<'_>) -> usize {
        facts
            .exercise
            .and_then(|exercise| self.by_exercise.get(exercise))
            .copied()
            .unwrap_or(self.overall)
    }
}

/// Says one class of videos up to a length and another of longer ones.
#[derive(Debug, Clone, PartialEq)]
pub struct DurationOnly {
    /// Videos up to this length, in milliseconds, are short.
    pub threshold_ms: f64,
    short: usize,
    long: usize,
    unknown: usize,
}

impl DurationOnly {
    /// Fits the threshold and the two classes with the best balanced accuracy on the examples; of equally good ones the
    /// lowest threshold. `None` where the examples have no two lengths or no two classes.
    pub fn fit(examples: &[Example<'_>], n_classes: usize) -> Option<Self> {
        let unknown = most_frequent(examples.iter().map(|example| example.class))?;
        let mut known: Vec<(f64, usize)> = examples
            .iter()
            .filter_map(|e| Some((e.facts.duration_ms?, e.class)))
            .filter(|(ms, _)| ms.is_finite())
            .collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut longer = vec![0_u64; n_classes];
        for &(_, class) in &known {
            *longer.get_mut(class)? += 1;
        }
        let n_of_class = longer.clone();
        let mut shorter = vec![0_u64; n_classes];
        let mut best: Option<(f64, Self)> = None;
        for pair in known.windows(2) {
            let [(here, class), (next, _)] = pair else {
                continue;
            };
            *shorter.get_mut(*class)? += 1;
            *longer.get_mut(*class)? -= 1;
            if here.total_cmp(next).is_eq() {
                continue;
            }
            // The class that the short side speaks most for, and the best other one for the long side.
            for (short, short_recall) in recalls(&shorter, &n_of_class) {
                for (long, long_recall) in
                    recalls(&longer, &n_of_class).filter(|(long, _)| *long != short)
                {
                    let score = short_recall + long_recall;
                    if best
                        .as_ref()
                        .is_none_or(|(best_score, _)| score > *best_score + f64::EPSILON)
                    {
                        let threshold_ms = f64::midpoint(*here, *next);
                        best = Some((
                            score,
                            Self {
                                threshold_ms,
                                short,
                                long,
                                unknown,
                            },
                        ));
                    }
                }
            }
        }
        best.map(|(_, this)| this)
    }

    /// The predicted class of a video; the most frequent one if the duration is unknown.
    pub fn predict(&self, facts: Facts<'_>) -> usize {
        match facts.duration_ms {
            Some(ms) if ms <= self.threshold_ms => self.short,
            Some(_) => self.long,
            None => self.unknown,
        }
    }
}

/// The share of each class that lies on one side. Balanced accuracy is their sum over the classes said, divided by the
/// number of classes, which is the same for all thresholds.
fn recalls<'a>(
    on_side: &'a [u64],
    n_of_class: &'a [u64],
) -> impl Iterator<Item = (usize, f64)> + 'a {
    let shares = on_side
        .iter()
        .zip(n_of_class)
        .map(|(&part, &whole)| (part, whole))
        .enumerate();
    shares
        .filter(|(_, (_, whole))| *whole > 0)
        .map(|(class, (part, whole))| (class, part as f64 / whole as f64))
}

/// Of equally frequent classes the first one.
fn most_frequent(classes: impl Iterator<Item = usize>) -> Option<usize> {
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    for class in classes {
        *counts.entry(class).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|&(class, count)| (count, std::cmp::Reverse(class)))
        .map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(exercise: &Name, duration_ms: f64, class: usize) -> Example<'_> {
        Example {
            facts: Facts {
                exercise: Some(exercise),
                duration_ms: Some(duration_ms),
            },
            class,
        }
    }

    #[test]
    fn the_majority_is_that_of_the_exercise() {
        let (squat, row, dip) = (Name::new("squat"), Name::new("row"), Name::new("dip"));
        let examples = [(&squat, 0), (&squat, 0), (&squat, 1), (&row, 1), (&row, 1)]
            .map(|(name, class)| example(name, 1.0, class));
        let majority = Majority::fit(&examples).unwrap();
        let predicted = |exercise| {
            majority.predict(Facts {
                exercise,
                duration_ms: None,
            })
        };
        assert_eq!(predicted(Some(&squat)), 0);
        assert_eq!(predicted(Some(&row)), 1);
        // Overall class 1 has three of five.
        assert_eq!(predicted(Some(&dip)), 1);
        assert_eq!(predicted(None), 1);
        assert_eq!(Majority::fit(&[]), None);
    }

    #[test]
    fn the_threshold_lies_between_the_classes() {
        let squat = Name::new("squat");
        let check = |data: &[(f64, usize)], threshold_ms: f64, short: usize, long: usize| {
            let examples: Vec<_> = data
                .iter()
                .map(|&(ms, class)| example(&squat, ms, class))
                .collect();
            let fitted = DurationOnly::fit(&examples, 3).unwrap();
            assert_eq!(
                (fitted.threshold_ms, fitted.short, fitted.long),
                (threshold_ms, short, long),
                "{data:?}"
            );
        };
        check(&[(1.0, 0), (2.0, 0), (4.0, 1), (5.0, 1)], 3.0, 0, 1);
        check(&[(5.0, 0), (1.0, 1), (4.0, 0), (2.0, 1)], 3.0, 1, 0);
        // One long video of class 1 weighs as much as five of class 0: recall counts, not number.
        check(
            &[(1.0, 0), (2.0, 0), (3.0, 0), (4.0, 0), (9.0, 0), (8.0, 1)],
            6.0,
            0,
            1,
        );
        // Ties of length are never cut apart.
        check(&[(1.0, 0), (2.0, 0), (2.0, 1), (2.0, 1)], 1.5, 0, 1);
    }

    #[test]
    fn nothing_to_fit_to_is_none() {
        let squat = Name::new("squat");
        assert_eq!(
            DurationOnly::fit(&[example(&squat, 1.0, 0), example(&squat, 2.0, 0)], 2),
            None
        );
        assert_eq!(
            DurationOnly::fit(&[example(&squat, 1.0, 0), example(&squat, 1.0, 1)], 2),
            None
        );
        let unknown = Example {
            facts: Facts {
                exercise: Some(&squat),
                duration_ms: None,
            },
            class: 0,
        };
        assert_eq!(DurationOnly::fit(&[unknown; 4], 2), None);
    }

    #[test]
    fn a_video_without_length_gets_the_majority() {
        let squat = Name::new("squat");
        let examples = [
            example(&squat, 1.0, 0),
            example(&squat, 3.0, 1),
            example(&squat, 4.0, 1),
        ];
        let fitted = DurationOnly::fit(&examples, 2).unwrap();
        assert_eq!(
            fitted.predict(Facts {
                exercise: None,
                duration_ms: None
            }),
            1
        );
        assert_eq!(
            fitted.predict(Facts {
                exercise: None,
                duration_ms: Some(0.5)
            }),
            0
        );
        assert_eq!(
            fitted.predict(Facts {
                exercise: None,
                duration_ms: Some(9.0)
            }),
            1
        );
    }
}
