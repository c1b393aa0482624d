//! The findings as the data of an HTML page. It measures nothing: figures become figures, and words say which.

mod audit;
mod conclusion;
mod figures;
mod reliance;

use wo_clip::Manifest;
use wo_record::{LearningCurve, Name, Refit, Score};
use wo_report::{
    Cards, Change, Estimate, Fact, Forecast, Frame, Learning, LearningPoint, Paraphrase, Picture,
    Report, Robustness, Slice, Slices, Step, Suspect, SuspectKind, Suspects, Twin, WorstVideo,
    WorstVideos,
};

use crate::evaluation::{ALL, LABEL, MODEL, VIDEO};
use crate::findings::Findings;
use crate::learning::in_words;
use crate::predict::{named, said_of};
use crate::robustness::WORDS;
use crate::shots::N_MORE;
use crate::suspects::DOUBT;
use crate::table::FEW_GROUPS;
use crate::tally::Tally;
use crate::worst::Worst;
use audit::audit;
pub(crate) use audit::summary;
use conclusion::conclusion;
use figures::figures;
use reliance::{calibration, selective};

/// Suspects that are listed.
const MAX_SUSPECTS: usize = 50;
/// Slices that are listed.
const MAX_SLICES: usize = 40;
/// Why a figure has no interval.
const NO_INTERVAL: &str = "too few groups";

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
        .score(LABEL, MODEL, VIDEO, ALL, "balanced_accuracy", None);
    Report {
        title: format!("{model}: does it judge form?"),
        subtitle: main.map(|it| {
            format!(
                "{} videos of {} persons or sources that it has not seen",
                it.n, it.n_groups
            )
        }),
        conclusion: Some(conclusion(findings, main)),
        figures: main.map(|main| figures(findings, main, tally)),
        confusions: findings
            .held_out
            .confusions
            .iter()
            .filter(|it| it.unit == VIDEO && it.scope == ALL)
            .cloned()
            .collect(),
        calibration: findings.calibration.as_ref().map(calibration),
        selective: findings
            .selection
            .as_ref()
            .map(|it| selective(it, findings)),
        audit: audit(&findings.audit, main),
        slices: slices(findings, main),
        learning: learning(findings),
        robustness: robustness(findings, main),
        worst: worst_videos(worst, main),
        suspects: suspects(findings, main),
        cards: manifest.map(cards),
    }
}

fn estimate(score: &Score) -> Estimate {
    let estimate = between(score.value, score.low, score.high);
    match (score.bca_low, score.bca_high) {
        (Some(low), Some(high)) => estimate.with_bca(low, high),
        _ => estimate,
    }
}

fn between(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> Estimate {
    match (value, low, high) {
        (Some(value), Some(low), Some(high)) => Estimate::between(value, low, high),
        (Some(value), ..) => Estimate::alone(value, NO_INTERVAL),
        _ => Estimate::missing("not defined for these videos"),
    }
}

fn slices(findings: &Findings, main: Option<&Score>) -> Option<Slices> {
    let overall = findings
        .held_out
        .score(LABEL, MODEL, VIDEO, ALL, "accuracy", None)
        .or(main)?;
    if findings.slices.is_empty() {
        return None;
    }
    let all = findings.slices.iter().take(MAX_SLICES);
    let slices = all.chain(&findings.left_out).filter_map(|it| {
        let (field, value) = it.scope.split_once('=')?;
        Some(Slice {
            field: field.replace('_', " "),
            value: value.to_owned(),
            estimate: estimate(it),
            n_videos: it.n,
            n_groups: it.n_groups,
            note: match it.by.as_str() {
                MODEL => (it.n_groups < FEW_GROUPS).then(|| "few groups".to_owned()),
                _ => Some("judged by a linear head that was fitted to the others".to_owned()),
            },
        })
    });
    Some(Slices {
        figure: "accuracy".to_owned(),
        overall: estimate(overall),
        slices: slices.collect(),
    })
}

fn learning(findings: &Findings) -> Option<Learning> {
    let curve = findings.learning_curve.as_ref();
    if curve.is_none() && findings.shots.is_empty() {
        return None;
    }
    let expected = curve.map_or(&[][..], |curve| &curve.expected);
    let forecasts = expected.iter().map(|it| Forecast {
        n_videos: it.videos_a_class,
        estimate: between(it.value, it.low, it.high),
        guideline: it.guideline,
    });
    let shots = findings.shots.iter().map(|it| wo_report::Shot {
        exercise: it.exercise.clone(),
        fault: it.fault.clone(),
        angle: it.angle.clone().unwrap_or_else(|| "any".to_owned()),
        person: format!("someone new ({} known)", it.n_groups),
        n_videos: N_MORE,
        gain: between(it.gain, it.gain_low, it.gain_high),
    });
    Some(Learning {
        figure: "balanced accuracy".to_owned(),
        points: curve.map(points).unwrap_or_default(),
        forecasts: forecasts.collect(),
        conclusion: curve.map(in_words).unwrap_or_default(),
        shots: shots.collect(),
    })
}

/// The mean of the refits of each size, and where 95 % of refits lie.
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

fn robustness(findings: &Findings, main: Option<&Score>) -> Option<Robustness> {
    if findings.robustness.is_empty() {
        return None;
    }
    let mut changes: Vec<Change> = Vec::new();
    let mut paraphrases = Vec::new();
    for score in &findings.robustness {
        let (name, strength) = score.scope.split_once('=')?;
        if name == WORDS {
            paraphrases.push(Paraphrase {
                text: strength.to_owned(),
                estimate: estimate(score),
            });
            continue;
        }
        let step = Step {
            strength: strength.to_owned(),
            estimate: estimate(score),
        };
        match changes.last_mut().filter(|it| it.name == name) {
            Some(change) => change.steps.push(step),
            None => changes.push(Change {
                name: name.to_owned(),
                steps: vec![step],
            }),
        }
    }
    Some(Robustness {
        figure: "balanced accuracy".to_owned(),
        unchanged: estimate(main?),
        changes,
        paraphrases,
    })
}

fn worst_videos(worst: &Worst, main: Option<&Score>) -> Option<WorstVideos> {
    let n_scored = main?.n;
    let videos: Vec<WorstVideo> = worst
        .videos
        .iter()
        .map(|it| WorstVideo {
            name: named(it.verdict.path.as_ref(), &it.verdict.video_id),
            exercise: it
                .verdict
                .true_exercise
                .clone()
                .unwrap_or_else(|| it.verdict.exercise.clone()),
            said: said_of(&it.verdict).clone(),
            said_faults: it.verdict.faults.clone(),
            probability: it.verdict.probability,
            truth: it.verdict.true_label.clone().unwrap_or_default(),
            true_faults: it.true_faults.clone(),
            span_ms: it.verdict.span_ms,
            frames: it
                .frames
                .iter()
                .map(|(picture, pts_ms, is_evidence)| Frame {
                    picture: Picture::Rgb(picture.clone()),
                    pts_ms: *pts_ms,
                    is_evidence: *is_evidence,
                })
                .collect(),
            twin: it.twin.as_ref().map(|twin| Twin {
                name: twin.name.clone(),
                label: twin.label.clone(),
                similarity: Some(twin.similarity),
                frame: Frame {
                    picture: Picture::Jpeg(twin.picture.clone()),
                    pts_ms: twin.pts_ms,
                    is_evidence: false,
                },
            }),
        })
        .collect();
    (!videos.is_empty()).then_some(WorstVideos {
        n_wrong: worst.n_wrong,
        n_scored,
        videos,
    })
}

fn suspects(findings: &Findings, main: Option<&Score>) -> Option<Suspects> {
    let listed = findings
        .suspects
        .iter()
        .take(MAX_SUSPECTS)
        .map(|it| Suspect {
            video: it
                .path
                .as_ref()
                .map_or_else(|| it.video_id.clone(), ToString::to_string),
            kind: match it.reason.as_str() {
                "near_duplicate" => SuspectKind::NearDuplicate,
                "exact_duplicate" => SuspectKind::Duplicate,
                "outlier" => SuspectKind::Outlier,
                _ => SuspectKind::Mislabelled,
            },
            label: it.label.clone(),
            suggested: it.suggested_label.clone(),
            score: it.score,
            reason: match it.reason.as_str() {
                "near_duplicate" => "most of its frames look like those of another video",
                DOUBT => "the model, which has not seen it, would rather say another label",
                "outlier" => "it looks like no other video of its exercise",
                _ => "the model, which has not seen it, is confident of another label",
            }
            .to_owned(),
        });
    let suspects: Vec<Suspect> = listed.collect();
    (!suspects.is_empty()).then(|| Suspects {
        n_videos: main.map_or(0, |it| it.n),
        suspects,
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
            "{} videos of {} groups",
            of_split(split).count(),
            n_groups(split)
        );
        Fact::new(name, value)
    };
    let classes = manifest.classes.iter().map(|class| {
        let faults: Vec<&str> = class.faults.iter().map(Name::as_str).collect();
        format!("{} {} {}", class.exercise, class.label, faults.join(" "))
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
