//! A predictor that uses a video's file and not its images: length, size, rates. If it is good, the label leaks.

use crate::metrics::{confusion, n_true};

/// Each number is cut into so many parts with as many training videos each, so that a label may be in the middle.
const N_PARTS: usize = 4;
/// Steps of gradient descent: more change the third digit of a loss over some tens of numbers at most.
const N_STEPS: usize = 400;
const STEP: f64 = 1.0;
/// Pull towards zero: as if each weight had been seen on one video more.
const PULL: f64 = 1.0;

/// Multinomial logistic regression over parts of numbers (Hastie et al. 2009, The Elements of Statistical Learning,
/// section 4.4), each class weighing the same.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFacts {
    /// For each number the ends of its parts.
    ends: Vec<Vec<f64>>,
    /// A row for each class: a constant, then a weight for each part of each number.
    weights: Vec<Vec<f64>>,
}

impl FileFacts {
    /// Fits it to the numbers of training videos and their classes. All have the same numbers in the same order; `None` is
    /// one that is not known. `None` where there are no two classes.
    pub fn fit(numbers: &[Vec<Option<f64>>], classes: &[usize], n_classes: usize) -> Option<Self> {
        let counts = confusion(classes, classes, n_classes);
        let is_there = |class: usize| n_true(&counts, class) > 0;
        if (0..n_classes).filter(|&class| is_there(class)).count() < 2 {
            return None;
        }
        let n_numbers = numbers.first()?.len();
        let ends = (0..n_numbers).map(|number| {
            let mut known: Vec<f64> = numbers.iter().filter_map(|row| *row.get(number)?).collect();
            known.sort_by(f64::total_cmp);
            ends_of_parts(&known)
        });
        let mut this = Self {
            ends: ends.collect(),
            weights: vec![vec![0.0; 1 + n_numbers * (N_PARTS + 1)]; n_classes],
        };
        let rows: Vec<Vec<usize>> = numbers.iter().map(|row| this.parts(row)).collect();
        let weight_of = |class: usize| {
            let n = n_true(&counts, class).max(1) as f64;
            classes.len() as f64 / n
        };
        let total: f64 = classes.iter().map(|&class| weight_of(class)).sum();
        for _ in 0..N_STEPS {
            let mut slopes: Vec<Vec<f64>> = this
                .weights
                .iter()
                .map(|row| row.iter().map(|w| w * PULL / total).collect())
                .collect();
            for (row, &truth) in rows.iter().zip(classes) {
                let predicted = this.probabilities(row, is_there);
                for (class, (slopes, predicted)) in slopes.iter_mut().zip(predicted).enumerate() {
                    let error = (predicted - f64::from(class == truth)) * weight_of(truth) / total;
                    for &place in row {
                        if let Some(slope) = slopes.get_mut(place) {
                            *slope += error;
                        }
                    }
                }
            }
            for (weight, slope) in this
                .weights
                .iter_mut()
                .flatten()
                .zip(slopes.into_iter().flatten())
            {
                *weight -= STEP * slope;
            }
        }
        // A class without training videos is never predicted.
        for (class, row) in this.weights.iter_mut().enumerate() {
            if let (false, Some(constant)) = (is_there(class), row.first_mut()) {
                *constant = f64::NEG_INFINITY;
            }
        }
        Some(this)
    }

    /// The predicted class of a video with these numbers.
    pub fn predict(&self, numbers: &[Option<f64>]) -> usize {
        let parts = self.parts(numbers);
        let scores = self.weights.iter().map(|row| score(row, &parts));
        let best = scores
            .enumerate()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(0, |(class, _)| class)
    }

    /// The places of the weights that speak on a video with these numbers.
    fn parts(&self, numbers: &[Option<f64>]) -> Vec<usize> {
        let of_number = |(number, (value, ends)): (usize, (&Option<f64>, &Vec<f64>))| {
            // The last part is for a number that is not known.
            let part = value.map_or(N_PARTS, |value| {
                ends.iter().filter(|end| value > **end).count()
            });
            1 + number * (N_PARTS + 1) + part
        };
        let known = numbers.iter().zip(&self.ends).enumerate().map(of_number);
        std::iter::once(0).chain(known).collect()
    }

    fn probabilities(&self, parts: &[usize], is_there: impl Fn(usize) -> bool) -> Vec<f64> {
        let scores = self.weights.iter().map(|row| score(row, parts)).enumerate();
        let exps: Vec<f64> = scores
            .map(|(class, score)| if is_there(class) { score.exp() } else { 0.0 })
            .collect();
        let sum: f64 = exps.iter().sum();
        exps.into_iter().map(|e| e / sum).collect()
    }
}

fn score(row: &[f64], parts: &[usize]) -> f64 {
    parts.iter().filter_map(|&place| row.get(place)).sum()
}

/// The ends of all parts but the last, of sorted numbers.
fn ends_of_parts(sorted: &[f64]) -> Vec<f64> {
    let end = |part: usize| {
        sorted
            .get((sorted.len() * part / N_PARTS).checked_sub(1)?)
            .copied()
    };
    let mut ends: Vec<f64> = (1..N_PARTS).filter_map(end).collect();
    ends.dedup();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_is_in_the_middle_of_a_number_is_found() {
        // Class 1 is neither short nor long; the second number is noise, and sometimes not known.
        let numbers: Vec<Vec<Option<f64>>> = (0..40)
            .map(|i| {
                vec![
                    Some(f64::from(i)),
                    (i % 3 > 0).then(|| f64::from(i * 7 % 5)),
                ]
            })
            .collect();
        let classes: Vec<usize> = (0..40)
            .map(|i| usize::from((10..30).contains(&i)))
            .collect();
        let fitted = FileFacts::fit(&numbers, &classes, 3).unwrap();
        let n_right = numbers
            .iter()
            .zip(&classes)
            .filter(|(n, c)| fitted.predict(n) == **c)
            .count();
        assert!(n_right >= 38, "{n_right} of 40");
    }

    #[test]
    fn what_says_nothing_is_no_better_than_chance() {
        let numbers = vec![vec![Some(1.0), None]; 20];
        let classes: Vec<usize> = (0..20).map(|i| i % 2).collect();
        let fitted = FileFacts::fit(&numbers, &classes, 2).unwrap();
        let predicted: Vec<usize> = numbers.iter().map(|n| fitted.predict(n)).collect();
        assert!(
            predicted.iter().all(|class| class == &predicted[0]),
            "{predicted:?}"
        );
        assert_eq!(FileFacts::fit(&numbers, &[0; 20], 2), None);
        assert_eq!(FileFacts::fit(&[], &[], 2), None);
    }
}
