//! Whether a confidence of 0.8 is right in eight of ten: bins of a reliability diagram and errors made of them.
//!
//! Definitions equal netcal's (`ECE`, `ACE`, `MCE`; Naeini et al. 2015, Guo et al. 2017, arXiv 1706.04599), with equal widths
//! or equal numbers.

use crate::bootstrap::quantile;

/// How confidences are cut into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// So many bins of one width between 0 and 1: 15 in Guo et al. 2017.
    EqualWidth(usize),
    /// Bins with as many samples each (Nguyen & O'Connor 2015): where a model is seldom unsure, they see more.
    EqualNumber(usize),
}

/// A bar of a reliability diagram. Only bars with samples are given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How many samples.
    pub n: u64,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// Samples in bins of confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Ends of bins, the lowest first.
    ends: Vec<f64>,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    bin: usize,
    group: usize,
    confidence: f64,
    is_right: bool,
}

impl Reliability {
    /// The confidence of each sample, whether what it was confident of is so, and its group, counted from 0. For one class the
    /// confidence is the probability of the class, and right is what is of it. `None` without bins, where the slices differ
    /// in length, and where a confidence does not lie between 0 and 1.
    pub fn new(
        confidences: &[f64],
        is_right: &[bool],
        groups: &[usize],
        binning: Binning,
    ) -> Option<Self> {
        let fits = confidences.len() == is_right.len() && confidences.len() == groups.len();
        let valid = confidences.iter().all(|c| (0.0..=1.0).contains(c));
        let ends = binning.ends(confidences)?;
        if !fits || !valid {
            return None;
        }
        let samples = confidences.iter().zip(is_right.iter().zip(groups));
        let sample = |(&confidence, (&is_right, &group))| Sample {
            bin: bin_of(&ends, confidence),
            group,
            confidence,
            is_right,
        };
        Some(Self {
            samples: samples.map(sample).collect(),
            ends,
        })
    }

    /// The bins that have samples, of groups that were drawn so many times each.
    pub fn bins(&self, times_drawn: &[u64]) -> Vec<ReliabilityBin> {
        let mut sums = vec![(0_u64, 0.0, 0_u64); self.ends.len().saturating_sub(1)];
        for sample in &self.samples {
            let times = times_drawn.get(sample.group).copied().unwrap_or(0);
            if let Some((n, confidence, n_right)) = sums.get_mut(sample.bin) {
                *n += times;
                *confidence += times as f64 * sample.confidence;
                *n_right += times * u64::from(sample.is_right);
            }
        }
        let bins = self.ends.windows(2).zip(sums);
        bins.filter_map(|(ends, (n, confidence, n_right))| {
            let [low, high] = ends else { return None };
            (n > 0).then(|| ReliabilityBin {
                low: *low,
                high: *high,
                n,
                confidence: confidence / n as f64,
                accuracy: n_right as f64 / n as f64,
            })
        })
        .collect()
    }
}

impl Binning {
    fn ends(self, confidences: &[f64]) -> Option<Vec<f64>> {
        let (Self::EqualWidth(n_bins) | Self::EqualNumber(n_bins)) = self;
        if n_bins == 0 {
            return None;
        }
        let share = |end: usize| end as f64 / n_bins as f64;
        let mut ends: Vec<f64> = match self {
            Self::EqualWidth(_) => (0..=n_bins).map(share).collect(),
            Self::EqualNumber(_) => {
                let mut sorted = confidences.to_vec();
                sorted.sort_by(f64::total_cmp);
                (0..=n_bins)
                    .map(|end| quantile(&sorted, share(end)))
                    .collect::<Option<_>>()?
            }
        };
        // The outermost bins reach as far as confidences can.
        *ends.first_mut()? = 0.0;
        *ends.last_mut()? = 1.0;
        Some(ends)
    }
}

/// A bin holds its lower end; the last one its upper end too.
fn bin_of(ends: &[f64], confidence: f64) -> usize {
    let at_or_below = ends.partition_point(|end| *end <= confidence);
    let last = ends.len().saturating_sub(2);
    at_or_below.saturating_sub(1).min(last)
}

/// By how much confidence and accuracy are apart, on average over samples. `None` without samples.
pub fn expected_calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let sum: f64 = bins.iter().map(|bin| bin.n as f64 * bin.error()).sum();
    (n > 0).then(|| sum / n as f64)
}

/// By how much they are apart on average over bins: what is rare counts as much. `None` without samples.
pub fn average_calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let sum: f64 = bins.iter().map(ReliabilityBin::error).sum();
    (!bins.is_empty()).then(|| sum / bins.len() as f64)
}

/// By how much they are apart in the worst bin. `None` without samples.
pub fn maximum_calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    bins.iter().map(ReliabilityBin::error).reduce(f64::max)
}

impl ReliabilityBin {
    fn error(&self) -> f64 {
        (self.confidence - self.accuracy).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_by_hand() {
        let confidences = [0.0, 0.25, 0.5, 0.9, 1.0];
        let is_right = [false, true, false, true, true];
        let groups = [0, 1, 2, 3, 4];
        let of = |binning| Reliability::new(&confidences, &is_right, &groups, binning).unwrap();
        let bins = of(Binning::EqualWidth(2)).bins(&[1; 5]);
        assert_eq!(
            (bins[0].n, bins[0].confidence, bins[0].accuracy),
            (2, 0.125, 0.5)
        );
        assert_eq!((bins[1].n, bins[1].low, bins[1].high), (3, 0.5, 1.0));
        // A group that was drawn twice counts twice, and a bin without samples is left out.
        let bins = of(Binning::EqualWidth(2)).bins(&[0, 0, 0, 2, 0]);
        assert_eq!((bins.len(), bins[0].n, bins[0].accuracy), (1, 2, 1.0));
        assert!((expected_calibration_error(&bins).unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(expected_calibration_error(&[]), None);
        assert_eq!(maximum_calibration_error(&[]), None);
    }

    #[test]
    fn what_is_no_confidence_is_refused() {
        let of = |c: &[f64], binning| Reliability::new(c, &[true], &[0], binning);
        assert_eq!(of(&[1.5], Binning::EqualWidth(3)), None);
        assert_eq!(of(&[f64::NAN], Binning::EqualNumber(3)), None);
        assert_eq!(of(&[0.5], Binning::EqualWidth(0)), None);
        assert_eq!(of(&[0.5, 0.5], Binning::EqualWidth(3)), None);
        assert_eq!(of(&[], Binning::EqualNumber(3)), None);
    }
}
