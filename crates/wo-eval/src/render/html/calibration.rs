//! Calibration and abstention on the page.

use wo_cli::count;
use wo_record::AbstainReason;
use wo_report::{Abstention, AtCoverage, Bin, Calibration, Estimate, RiskPoint, Selective};

use crate::findings::Findings;
use crate::render::html::answered::Answered;
use crate::render::html::estimate::{between, no_interval};
use crate::render::sentences::risk::{outcome, promise};
use crate::score::measurement::Measurement;

/// Why a metric without an interval in the records has none.
const NOT_RESAMPLED: &str = "no confidence interval is computed";

pub(super) fn calibration(it: &wo_record::Calibration) -> Calibration {
    Calibration {
        temperature: it.temperature,
        fitted_on: match it.temperature {
            Some(_) => format!("{} held out from training", count(it.n_fit_groups, "group")),
            None => "nothing: the model has no temperature".to_owned(),
        },
        error_before: between((it.error_before, None, None), NOT_RESAMPLED),
        error_after: between(
            (it.error, it.low, it.high),
            no_interval(it.n_groups, it.n_groups as f64),
        ),
        bins: it
            .bins
            .iter()
            .map(|bin| Bin {
                low: bin.low,
                high: bin.high,
                n_videos: bin.n,
                confidence: Some(bin.confidence),
                accuracy: share(bin.accuracy, bin.n),
            })
            .collect(),
    }
}

/// A share with its exact confidence interval.
fn share(value: f64, n: u64) -> Estimate {
    let hits = (value * n as f64).round() as u64;
    match wo_stats::threshold::clopper_pearson(hits, n, 0.95) {
        Some(interval) => Estimate::between(value, interval.low, interval.high),
        None => Estimate::alone(value, "no video"),
    }
}

pub(super) fn selective(
    it: &wo_record::Selection,
    findings: &Findings,
    main: &Measurement,
) -> Selective {
    let guarantee = format!("{} Here {}", promise(it), outcome(it));
    let abstentions = &findings.abstentions;
    Selective {
        curve: it
            .curve
            .iter()
            .map(|&(coverage, risk)| RiskPoint {
                coverage,
                risk: share(risk, (coverage * it.n as f64).round() as u64),
            })
            .collect(),
        area: between((it.area, None, None), NOT_RESAMPLED),
        at_coverage: it
            .accuracy_at
            .iter()
            .map(|point| AtCoverage {
                coverage: point.coverage,
                accuracy: between(
                    (point.accuracy, point.low, point.high),
                    no_interval(it.n_groups, it.n_groups as f64),
                ),
                n_videos: (point.coverage * it.n as f64).ceil() as u64,
            })
            .collect(),
        threshold: it.threshold,
        guarantee,
        n_unclear: Answered::of(findings, main).n_unclear,
        abstentions: abstentions
            .iter()
            .map(|(reason, n)| Abstention {
                reason: reason.words(),
                measured: measured(reason).to_owned(),
                n_videos: *n,
            })
            .collect(),
    }
}

fn measured(reason: &AbstainReason) -> &'static str {
    match reason {
        AbstainReason::LowConfidence => "the probability of the label is not above the threshold",
        AbstainReason::UnknownExercise => {
            "the probability of the exercise is below that of nearly all validation videos"
        }
        AbstainReason::NoThreshold => {
            "too few validation groups to bound how many verdicts are wrong"
        }
        AbstainReason::PersonCutOff => {
            "a fifth or more of the moving area touches the image's left, right or upper edge"
        }
        AbstainReason::TooBlurry => {
            "the median sharpness is below that of nearly all training videos"
        }
        AbstainReason::SaysUnclear => "unclear has the highest probability",
        AbstainReason::TooDark => {
            "the median brightness is below that of nearly all training videos"
        }
        AbstainReason::Other(_) => "",
    }
}
