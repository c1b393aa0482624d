//! The findings as the data of the HTML page. It measures nothing.

mod answered;
mod audit;
mod calibration;
mod conclusion;
mod estimate;
mod metrics;
mod suspects;
mod worst;

use wo_cli::count;
use wo_clip::Manifest;
use wo_record::{LearningCurve, Name, Predictor, Refit};
use wo_report::{
    Cards, Change, Estimate, Fact, Forecast, Learning, LearningPoint, Paraphrase, Report,
    Robustness, Slice, Slices, Step,
};
use wo_stats::are_too_few;

use crate::data_quality::collection_hints::N_MORE;
use crate::findings::Findings;
use crate::judge::perturb::WORDS;
use crate::render::html::audit::audit;
use crate::render::html::calibration::{calibration, selective};
use crate::render::html::conclusion::{Grounds, conclusion};
use crate::render::html::estimate::{between, estimate};
use crate::render::html::metrics::metrics;
use crate::render::html::suspects::suspects;
use crate::render::html::worst::worst_videos;
use crate::render::sentences::base_model::caution_in_words;
use crate::render::sentences::independence;
use crate::render::sentences::learning::in_words;
use crate::render::worst::Worst;
use crate::score::evaluation::ConfusionMatrix;
use crate::score::key::{MetricName, Scope, ScoreKey, Unit};
use crate::score::measurement::Measurement;
use crate::score::tally::Tally;

/// Why there is no estimate of what more videos would bring.
const NO_CURVE: &str = "the model has no learning curve";
/// Slices that are listed.
const MAX_SLICES: usize = 40;

/// Makes the page.
pub(crate) fn page(
    model: &str,
    manifest: Option<&Manifest>,
    findings: &Findings,
    worst: &Worst,
    tally: &Tally,
) -> Report {
    let main = findings
        .held_out
        .score(&ScoreKey::of_labels(MetricName::BalancedAccuracy));
    let grounds = Grounds { findings, tally };
    Report {
        title: format!("{model}: does it judge form?"),
        subtitle: main.map(|it| subtitle(it, findings)),
        conclusion: Some(conclusion(grounds, main)),
        metrics: main.map(|main| metrics(findings, main, tally)),
        confusions: findings
            .held_out
            .confusions
            .iter()
            .filter(|it| it.unit == Unit::Video && it.scope == Scope::HELD_OUT)
            .map(ConfusionMatrix::record)
            .collect(),
        calibration: findings.calibration.as_ref().map(calibration),
        selective: findings
            .selection
            .as_ref()
            .zip(main)
            .map(|(it, main)| selective(it, findings, main)),
        audit: audit(findings, main),
        slices: slices(findings, main),
        learning: learning(findings),
        robustness: robustness(findings, main),
        worst: main.and_then(|main| worst_videos(worst, main)),
        suspects: suspects(findings, main),
        cards: manifest.map(cards),
    }
}

fn subtitle(main: &Measurement, findings: &Findings) -> String {
    let size = format!(
        "{} of {}",
        count(main.n, "video"),
        count(main.n_groups, "group")
    );
    let caution = findings.caution.as_deref().map(caution_in_words);
    let caution = caution.map_or_else(String::new, |it| format!(". Caution: {it}"));
    match independence::unknown(&findings.independence) {
        Some(unknown) => format!("{size}: {unknown}{caution}"),
        None => format!("{size}, held out{caution}"),
    }
}

fn slices(findings: &Findings, main: Option<&Measurement>) -> Option<Slices> {
    let overall = findings
        .held_out
        .score(&ScoreKey::of_labels(MetricName::Accuracy))
        .or(main)?;
    if findings.slices.is_empty() {
        return None;
    }
    let all = findings.slices.iter().take(MAX_SLICES);
    let slices = all.chain(&findings.leave_one_source_out).filter_map(|it| {
        let Scope::Part { field, value } = &it.key.scope else {
            return None;
        };
        Some(Slice {
            field: field.replace('_', " "),
            value: value.clone(),
            estimate: estimate(it),
            n_videos: it.n,
            n_groups: it.n_groups,
            note: match it.key.by {
                Predictor::Model => are_too_few(it.n_effective).then(|| "few groups".to_owned()),
                _ => Some("linear head fitted to the other sources".to_owned()),
            },
        })
    });
    Some(Slices {
        metric: "accuracy".to_owned(),
        overall: estimate(overall),
        slices: slices.collect(),
    })
}

fn learning(findings: &Findings) -> Option<Learning> {
    let curve = findings.learning_curve.as_ref();
    if curve.is_none() && findings.hints.is_empty() {
        return None;
    }
    let expected = curve.map_or(&[][..], |curve| &curve.expected);
    let forecasts = expected.iter().map(|it| Forecast {
        n_videos: it.videos_a_class,
        estimate: between((it.value, it.low, it.high), "too few refits"),
        guideline: it.guideline,
    });
    let hints = findings.hints.iter().map(|it| wo_report::CollectionHint {
        exercise: it.exercise.clone(),
        label: it.label.clone(),
        fault: it.fault.clone(),
        angle: it.angle.clone().unwrap_or_else(|| "any".to_owned()),
        person: format!("someone new ({} known)", it.n_groups),
        n_videos: N_MORE,
        gain: match it.gain {
            Some(_) => between((it.gain, it.gain_low, it.gain_high), "too few refits"),
            None if curve.is_none() => Estimate::missing(NO_CURVE),
            None => Estimate::missing("no held-out video has the label"),
        },
    });
    Some(Learning {
        metric: "balanced accuracy".to_owned(),
        points: curve.map(points).unwrap_or_default(),
        forecasts: forecasts.collect(),
        conclusion: curve.map_or_else(
            || {
                format!(
                    "There is no estimate of what more videos would bring: {NO_CURVE}. Hints what to film next \
                     rest on the training videos."
                )
            },
            in_words,
        ),
        hints: hints.collect(),
    })
}

/// The mean of the refits of each size, and the range of 95 % of them.
fn points(curve: &LearningCurve) -> Vec<LearningPoint> {
    let same_size = |a: &Refit, b: &Refit| a.videos_a_class.to_bits() == b.videos_a_class.to_bits();
    let of_size = |refits: &[Refit]| {
        let mut values: Vec<f64> = refits.iter().map(|it| it.value).collect();
        values.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let ends = values.first().zip(values.last());
        LearningPoint {
            n_videos: refits.first().map_or(0.0, |it| it.videos_a_class),
            n_fits: refits.len() as u64,
            estimate: match ends {
                Some((low, high)) if refits.len() > 1 => Estimate::between(mean, *low, *high),
                _ => Estimate::alone(mean, "fitted once"),
            },
        }
    };
    curve.refits.chunk_by(same_size).map(of_size).collect()
}

fn robustness(findings: &Findings, main: Option<&Measurement>) -> Option<Robustness> {
    if findings.robustness.is_empty() {
        return None;
    }
    let mut changes: Vec<Change> = Vec::new();
    let mut paraphrases = Vec::new();
    for score in &findings.robustness {
        let Scope::Part { field: name, value } = &score.key.scope else {
            continue;
        };
        if name == WORDS {
            paraphrases.push(Paraphrase {
                text: value.clone(),
                estimate: estimate(score),
            });
            continue;
        }
        let step = Step {
            strength: value.clone(),
            estimate: estimate(score),
        };
        match changes.last_mut().filter(|it| it.name == *name) {
            Some(change) => change.steps.push(step),
            None => changes.push(Change {
                name: name.clone(),
                steps: vec![step],
            }),
        }
    }
    Some(Robustness {
        metric: "balanced accuracy".to_owned(),
        unchanged: estimate(main?),
        changes,
        paraphrases,
    })
}

fn cards(manifest: &Manifest) -> Cards {
    let of_split = |split| manifest.videos.iter().filter(move |it| it.split == split);
    let n_groups = |split| {
        let groups: std::collections::BTreeSet<&str> =
            of_split(split).map(|it| it.group.as_str()).collect();
        groups.len()
    };
    let part = |name: &str, split| {
        let value = format!(
            "{} of {}",
            count(of_split(split).count() as u64, "video"),
            count(n_groups(split) as u64, "group")
        );
        Fact::new(name, value)
    };
    let classes = manifest.classes.iter().map(|class| {
        let faults: Vec<String> = class.faults.iter().map(Name::words).collect();
        let label = format!("{}, {}", class.exercise.words(), class.label.words());
        if faults.is_empty() {
            label
        } else {
            format!("{label} ({})", faults.join(", "))
        }
    });
    let argument = |name: &str| {
        let value = manifest.arguments.get(name)?;
        Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    };
    let mut model = vec![
        Fact::new("made by", format!("wo-train {}", manifest.version)),
        Fact::new("started from", manifest.init.clone()),
    ];
    if let Some(base) = &manifest.base {
        let commit = base
            .commit
            .iter()
            .map(|it| Fact::new("at commit", it.clone()));
        model.extend(commit.chain([Fact::new("why", base.why.clone())]));
    }
    for name in ["method", "loss", "epochs", "lr", "seed"] {
        model.extend(argument(name).map(|value| Fact::new(name, value)));
    }
    model.extend(manifest.run_hash.clone().map(|it| Fact::new("run", it)));
    Cards {
        data: vec![
            part("trained on", wo_clip::Split::Train),
            part("chosen by", wo_clip::Split::Validation),
            part("kept aside", wo_clip::Split::Test),
            Fact::new("classes", classes.collect::<Vec<_>>().join("; ")),
        ],
        model,
    }
}
