//! Holding back what one is not sure of: risk against coverage, pure over slices.

/// One sample that may be answered or held back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graded {
    /// Its group, counted from 0.
    pub group: usize,
    /// How sure the model is, between 0 and 1.
    pub confidence: f64,
    /// Whether the answer would be right.
    pub is_right: bool,
}

/// Samples in the order in which they are answered, the surest first (El-Yaniv & Wiener 2010; Geifman & El-Yaniv 2017, arXiv
/// 1705.08500).
#[derive(Debug, Clone, PartialEq)]
pub struct RiskCoverage {
    /// Samples of one confidence are answered together or not at all.
    steps: Vec<Vec<Graded>>,
}

/// What comes of answering the samples from a confidence on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskPoint {
    /// Samples of this confidence and more are answered.
    pub threshold: f64,
    /// The share of samples answered.
    pub coverage: f64,
    /// The share of the answers that is wrong.
    pub risk: f64,
}

/// How many answers were drawn, and how many of them are wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Drawn {
    answered: u64,
    wrong: u64,
}

impl RiskCoverage {
    /// `None` where a confidence is no number.
    pub fn new(samples: &[Graded]) -> Option<Self> {
        if samples.iter().any(|sample| sample.confidence.is_nan()) {
            return None;
        }
        Some(Self {
            steps: steps(samples),
        })
    }

    /// The curve, over groups that were drawn so many times each.
    pub fn points(&self, times_drawn: &[u64]) -> Vec<RiskPoint> {
        let steps = self.drawn(times_drawn);
        let n: u64 = steps.iter().map(|(_, drawn)| drawn.answered).sum();
        let mut above = Drawn::default();
        let mut points = Vec::new();
        for (threshold, drawn) in steps.into_iter().filter(|(_, drawn)| drawn.answered > 0) {
            above.answered += drawn.answered;
            above.wrong += drawn.wrong;
            points.push(RiskPoint {
                threshold,
                coverage: above.answered as f64 / n as f64,
                risk: above.wrong as f64 / above.answered as f64,
            });
        }
        points
    }

    /// The area under the curve, AURC: the mean over samples of the risk at which each is answered, from 0, and less is better.
    /// Samples of one confidence come in any order, and the area is the mean over these orders. `None` without samples.
    pub fn area(&self, times_drawn: &[u64]) -> Option<f64> {
        let (mut above, mut sum) = (Drawn::default(), 0.0);
        for (_, drawn) in self.drawn(times_drawn) {
            for place in 1..=drawn.answered {
                let expected = drawn.wrong as f64 * place as f64 / drawn.answered as f64;
                sum += (above.wrong as f64 + expected) / (above.answered + place) as f64;
            }
            above.answered += drawn.answered;
            above.wrong += drawn.wrong;
        }
        (above.answered > 0).then(|| sum / above.answered as f64)
    }

    /// The accuracy where the surest share `coverage` of samples is answered, rounded up to whole samples; of samples of one
    /// confidence that are only in part answered, the expected one. `None` without samples and for no share.
    pub fn accuracy_at(&self, coverage: f64, times_drawn: &[u64]) -> Option<f64> {
        let steps = self.drawn(times_drawn);
        let n: u64 = steps.iter().map(|(_, drawn)| drawn.answered).sum();
        if !(coverage > 0.0 && coverage <= 1.0) {
            return None;
        }
        // A share such as 0.8 of 10 is 8 samples though the product may lie above by the last digit.
        let n_answered = (coverage * n as f64 - 1e-9).ceil().max(1.0);
        let (mut answered, mut wrong) = (0.0, 0.0);
        for (_, drawn) in steps.iter().filter(|(_, drawn)| drawn.answered > 0) {
            let all = drawn.answered as f64;
            let part = all.min(n_answered - answered);
            answered += part;
            wrong += drawn.wrong as f64 * part / all;
        }
        (n > 0).then(|| 1.0 - wrong / n_answered)
    }

    fn drawn(&self, times_drawn: &[u64]) -> Vec<(f64, Drawn)> {
        let of_step = |samples: &Vec<Graded>| {
            let mut drawn = Drawn::default();
            for sample in samples {
                let times = times_drawn.get(sample.group).copied().unwrap_or(0);
                drawn.answered += times;
                drawn.wrong += times * u64::from(!sample.is_right);
            }
            let threshold = samples.first().map_or(f64::NAN, |sample| sample.confidence);
            (threshold, drawn)
        };
        self.steps.iter().map(of_step).collect()
    }
}

/// Samples of equal confidence together, most confident first.
pub(crate) fn steps(samples: &[Graded]) -> Vec<Vec<Graded>> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    sorted
        .chunk_by(|a, b| a.confidence.total_cmp(&b.confidence).is_eq())
        .map(<[Graded]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(samples: &[(f64, bool)]) -> RiskCoverage {
        let sample = |(group, &(confidence, is_right)): (usize, &(f64, bool))| Graded {
            group,
            confidence,
            is_right,
        };
        RiskCoverage::new(&samples.iter().enumerate().map(sample).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn by_hand() {
        let curve = curve(&[(0.9, true), (0.8, false), (0.7, true), (0.7, false)]);
        let points = curve.points(&[1; 4]);
        let pairs: Vec<_> = points.iter().map(|p| (p.coverage, p.risk)).collect();
        assert_eq!(pairs, [(0.25, 0.0), (0.5, 0.5), (1.0, 0.5)]);
        // The last two in either order: risks 1/3 or 2/3, then 1/2.
        let area = (0.0 + 0.5 + 0.5 + 0.5) / 4.0;
        assert!((curve.area(&[1; 4]).unwrap() - area).abs() < 1e-12);
        assert_eq!(curve.accuracy_at(0.25, &[1; 4]), Some(1.0));
        assert_eq!(curve.accuracy_at(0.75, &[1; 4]), Some(0.5));
        assert_eq!(curve.accuracy_at(1.0, &[1, 0, 0, 0]), Some(1.0));
        assert_eq!(curve.accuracy_at(0.0, &[1; 4]), None);
        assert_eq!(curve.area(&[0; 4]), None);
        assert_eq!(curve.accuracy_at(0.5, &[0; 4]), None);
    }

    #[test]
    fn a_share_of_whole_units_is_not_rounded_up_by_the_last_digit() {
        let samples: Vec<(f64, bool)> = (0..10)
            .map(|i| (1.0 - 0.01 * f64::from(i), i < 8))
            .collect();
        assert_eq!(curve(&samples).accuracy_at(0.8, &[1; 10]), Some(1.0));
        assert_eq!(curve(&samples).accuracy_at(0.1 + 0.2, &[1; 10]), Some(1.0));
    }
}
