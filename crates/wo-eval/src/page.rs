//! The findings as the data of an HTML page. It measures nothing: figures become figures, and words say which.

use wo_clip::Manifest;
use wo_record::{Audit as AuditRecord, Name, Score};
use wo_report::{
    AtCoverage, Audit, Baseline, Bin, Calibration, Cards, Change, Conclusion, Estimate, Fact,
    Figure, FigureBlock, Figures, Frame, Outcome, Picture, Probe, Report, RiskPoint, Robustness,
    Selective, Slice, Slices, Step, Suspect, SuspectKind, Suspects, Trust, WorstVideo, WorstVideos,
};

use crate::evaluation::{ALL, EXERCISE, LABEL, MODEL, VIDEO, gain_over};
use crate::findings::Findings;
use crate::tally::Tally;
use crate::worst::Worst;

/// Suspects that are listed.
const MAX_SUSPECTS: usize = 50;
/// Slices that are listed.
const MAX_SLICES: usize = 40;
/// Fewer groups than this say little of groups to come.
const FEW_GROUPS: u64 = 10;
/// An interval wider than this does not tell a useless model from a good one.
const WIDE: f64 = 0.3;
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
    let main = find(findings, LABEL, ALL, MODEL, "balanced_accuracy", None);
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
        learning: None,
        robustness: robustness(findings, main),
        worst: worst_videos(worst, main),
        suspects: suspects(findings, main),
        cards: manifest.map(cards),
    }
}

fn find<'a>(
    findings: &'a Findings,
    task: &str,
    scope: &str,
    by: &str,
    name: &str,
    class: Option<&Name>,
) -> Option<&'a Score> {
    findings.held_out.scores.iter().find(|it| {
        it.task == task
            && it.scope == scope
            && it.by == by
            && it.unit == VIDEO
            && it.name == name
            && it.class.as_ref() == class
    })
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

fn conclusion(findings: &Findings, main: Option<&Score>) -> Conclusion {
    let Some(main) = main else {
        return Conclusion {
            trust: Trust::DoNotTrust,
            sentence:
                "Nothing can be said: there was no labelled video that the model has not seen."
                    .to_owned(),
            reasons: vec![
                "Give it videos of persons and sources that were not in its training.".to_owned(),
            ],
        };
    };
    let (value, low, high) = (
        main.value.unwrap_or(0.5),
        main.low.unwrap_or(0.0),
        main.high.unwrap_or(1.0),
    );
    let mut reasons = Vec::new();
    let beaten = main.low.is_some() && low > 0.5;
    if !beaten {
        reasons.push(format!(
            "Its balanced accuracy, {value:.2} [{low:.2}, {high:.2}], is not beyond doubt above 0.50, which always saying the same gives."
        ));
    }
    for baseline in ["majority", "duration_only"] {
        let gain = find(findings, LABEL, ALL, MODEL, &gain_over(baseline), None);
        if let Some(gain) = gain.filter(|it| it.low.is_none_or(|low| low <= 0.0)) {
            let (low, high) = (gain.low.unwrap_or(-1.0), gain.high.unwrap_or(1.0));
            reasons.push(format!(
                "It is not beyond doubt better than {}: the difference is {:+.2} [{low:+.2}, {high:+.2}].",
                baseline.replace('_', " "),
                gain.value.unwrap_or(0.0)
            ));
        }
    }
    let shortcut = findings.audit.iter().find(|it| it.probe == "all");
    if let Some(audit) = shortcut.filter(|it| it.verdict != "pass") {
        reasons.push(summary(audit, &findings.audit));
    }
    if main.n_groups < FEW_GROUPS {
        reasons.push(format!(
            "There are {} persons or sources; fewer than {FEW_GROUPS} say little of others.",
            main.n_groups
        ));
    }
    if high - low > WIDE {
        reasons.push(format!("The interval is {:.2} wide.", high - low));
    }
    let failed = shortcut.is_some_and(|it| it.verdict == "fail");
    let trust = match (beaten && !failed, reasons.is_empty()) {
        (false, _) => Trust::DoNotTrust,
        (true, false) => Trust::Caution,
        (true, true) => Trust::Trust,
    };
    let of_hundred = (value * 100.0).floor();
    let sentence = match trust {
        Trust::Trust => format!(
            "On people it has never seen, the model tells good from bad form in about {of_hundred:.0} of 100 videos ({low:.2} to {high:.2})."
        ),
        Trust::Caution => format!(
            "The model tells good from bad form in about {of_hundred:.0} of 100 videos of new people ({low:.2} to {high:.2}), with reservations."
        ),
        Trust::DoNotTrust => "Do not rely on this model: what it says of new people cannot be told from guessing, or from tricks.".to_owned(),
    };
    Conclusion {
        trust,
        sentence,
        reasons,
    }
}

fn figures(findings: &Findings, main: &Score, tally: &Tally) -> Figures {
    let mut blocks = Vec::new();
    let mut scopes: Vec<(&str, String)> = Vec::new();
    for score in &findings.held_out.scores {
        let key = (score.task.as_str(), score.scope.clone());
        if score.unit == VIDEO && !scopes.contains(&key) {
            scopes.push(key);
        }
    }
    for (task, scope) in scopes {
        let of_block: Vec<&Score> = findings
            .held_out
            .scores
            .iter()
            .filter(|it| it.task == task && it.scope == scope && it.unit == VIDEO && it.by == MODEL)
            .filter(|it| !it.name.contains("_over_"))
            .filter(|it| scope == ALL || it.class.is_none())
            .filter(|it| task == LABEL || it.class.is_none())
            .collect();
        let title = match (task, scope.as_str()) {
            (LABEL, ALL) => "Form, all exercises".to_owned(),
            (LABEL, scope) => format!("Form, {}", scope.replace('_', " ")),
            (EXERCISE, ALL) => "Which exercise it is".to_owned(),
            (_, scope) => scope.to_owned(),
        };
        let figures = of_block.iter().map(|it| figure(findings, it)).collect();
        blocks.push(FigureBlock { title, figures });
    }
    Figures {
        n_videos: main.n,
        n_groups: main.n_groups,
        warnings: tally.warnings(),
        blocks,
    }
}

fn figure(findings: &Findings, score: &Score) -> Figure {
    let class = score.class.as_ref();
    let n_classes = findings
        .held_out
        .confusions
        .iter()
        .find(|it| it.task == score.task && it.unit == VIDEO)
        .map_or(2, |it| it.classes.len().max(1));
    let others = findings.held_out.scores.iter().filter(|it| {
        it.by != MODEL
            && it.task == score.task
            && it.unit == VIDEO
            && it.scope == score.scope
            && it.name == score.name
            && it.class == score.class
    });
    let baselines = others.map(|it| Baseline {
        name: it.by.replace('_', " "),
        estimate: estimate(it),
        lead: (score.name == "balanced_accuracy")
            .then(|| {
                find(
                    findings,
                    &score.task,
                    &score.scope,
                    MODEL,
                    &gain_over(&it.by),
                    None,
                )
            })
            .flatten()
            .map(estimate),
    });
    Figure {
        name: match class {
            Some(class) => format!("{} of {class}", score.name.replace('_', " ")),
            None => score.name.replace('_', " "),
        },
        model: estimate(score),
        chance: match score.name.as_str() {
            "balanced_accuracy" => Some(1.0 / n_classes as f64),
            "roc_auc" => Some(0.5),
            _ => None,
        },
        n_videos: score.n,
        n_groups: score.n_groups,
        smallest_difference: score.detectable,
        baselines: baselines.collect(),
    }
}

fn calibration(it: &wo_record::Calibration) -> Calibration {
    Calibration {
        temperature: it.temperature,
        fitted_on: match it.temperature {
            Some(_) => format!(
                "{} groups that the weights were not fitted to",
                it.n_fit_groups
            ),
            None => "nothing: the model has no temperature".to_owned(),
        },
        error_before: between(it.error_before, None, None),
        error_after: between(it.error, it.low, it.high),
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

/// A share with its exact interval.
fn share(value: f64, n: u64) -> Estimate {
    let hits = (value * n as f64).round() as u64;
    match wo_stats::threshold::clopper_pearson(hits, n, 0.95) {
        Some(interval) => Estimate::between(value, interval.low, interval.high),
        None => Estimate::alone(value, NO_INTERVAL),
    }
}

fn selective(it: &wo_record::Selection, findings: &Findings) -> Selective {
    let risk = 100.0 * it.wanted_risk.unwrap_or(0.0);
    let guarantee = match (it.threshold, it.wanted_risk) {
        (Some(_), _) => format!(
            "Measured on {} groups that the weights were not fitted to: of a new group like those, at most {risk:.0} % of the \
             videos are expected to get a wrong verdict. The others get a right one, or unclear.",
            it.n_fit_groups
        ),
        (None, Some(_)) => format!(
            "There is no threshold: {} groups are too few to promise that at most {risk:.0} % get a wrong verdict.",
            it.n_fit_groups
        ),
        (None, None) => {
            "There is no threshold: the model was trained without videos to measure one on."
                .to_owned()
        }
    };
    let refusals = &findings.refusals;
    Selective {
        curve: it
            .curve
            .iter()
            .map(|&(coverage, risk)| RiskPoint {
                coverage,
                risk: share(risk, (coverage * it.n as f64).round() as u64),
            })
            .collect(),
        area: between(it.area, None, None),
        at_coverage: it
            .accuracy_at
            .iter()
            .map(|point| AtCoverage {
                coverage: point.coverage,
                accuracy: between(point.accuracy, point.low, point.high),
                n_videos: (point.coverage * it.n as f64).ceil() as u64,
            })
            .collect(),
        threshold: it.threshold,
        guarantee,
        refusals: refusals
            .iter()
            .map(|(reason, n)| wo_report::Refusal {
                reason: (*reason).to_owned(),
                measured: measured(reason).to_owned(),
                n_videos: *n,
            })
            .collect(),
    }
}

fn measured(reason: &str) -> &'static str {
    match reason {
        "low_confidence" => "the probability of the label is not above the threshold",
        "unknown_exercise" => {
            "the probability of the exercise is below that of nearly all validation videos"
        }
        "person_cut_off" => {
            "a fifth or more of what moves ends at the picture's left, right or upper edge"
        }
        "too_blurry" => "the median sharpness is below that of nearly all training videos",
        "too_dark" => "the median brightness is below that of nearly all training videos",
        _ => "",
    }
}

fn audit(records: &[AuditRecord], main: Option<&Score>) -> Option<Audit> {
    let all = records.iter().find(|it| it.probe == "all")?;
    let outcome = |verdict: &str| match verdict {
        "fail" => Outcome::Fail,
        "warn" => Outcome::Warn,
        _ => Outcome::Pass,
    };
    Some(Audit {
        outcome: outcome(&all.verdict),
        summary: summary(all, records),
        model: main.map_or_else(|| Estimate::missing("not measured"), estimate),
        probes: records
            .iter()
            .filter(|it| it.probe != "all")
            .map(|it| Probe {
                name: it.probe.replace('_', " "),
                sees: sees(&it.probe).to_owned(),
                balanced_accuracy: between(it.value, it.low, it.high),
                share: match it.share {
                    Some(_) => between(it.share, it.share_low, it.share_high),
                    None => Estimate::missing("the model has no skill beyond doubt"),
                },
                outcome: outcome(&it.verdict),
            })
            .collect(),
    })
}

/// `40 % [10 %, 80 %] of the model's skill above chance can be had without looking at the lifter (duration).`
pub(crate) fn summary(all: &AuditRecord, records: &[AuditRecord]) -> String {
    let worst = records
        .iter()
        .find(|it| it.probe != "all" && it.value == all.value && it.share == all.share);
    let name = worst.map_or("", |it| it.probe.as_str()).replace('_', " ");
    let percent = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{:.0} %", 100.0 * it));
    match (all.verdict.as_str(), all.share) {
        ("pass", _) => "No probe that sees no lifter is better than chance.".to_owned(),
        (_, Some(_)) => format!(
            "{} [{}, {}] of the model's skill above chance can be had without looking at the lifter: {name}.",
            percent(all.share),
            percent(all.share_low),
            percent(all.share_high)
        ),
        _ => format!(
            "{name} alone tells the label better than chance, and the model's own skill is in doubt."
        ),
    }
}

fn sees(probe: &str) -> &'static str {
    match probe {
        "duration" => "how long the video is",
        "container" => "codec, size, bit rate, frame rate and resolution of the file",
        "source" => "where the video came from",
        "quality" => "sharpness, brightness, contrast and motion",
        "background" => "the picture with the lifter painted over",
        "first_frame" => "the first frame, before the lift",
        _ => "",
    }
}

fn slices(findings: &Findings, main: Option<&Score>) -> Option<Slices> {
    let overall = find(findings, LABEL, ALL, MODEL, "accuracy", None).or(main)?;
    if findings.slices.is_empty() {
        return None;
    }
    let slices = findings.slices.iter().take(MAX_SLICES).filter_map(|it| {
        let (field, value) = it.scope.split_once('=')?;
        Some(Slice {
            field: field.to_owned(),
            value: value.to_owned(),
            estimate: estimate(it),
            n_videos: it.n,
            n_groups: it.n_groups,
            note: (it.n_groups < FEW_GROUPS).then(|| "few groups".to_owned()),
        })
    });
    Some(Slices {
        figure: "accuracy".to_owned(),
        overall: estimate(overall),
        slices: slices.collect(),
    })
}

fn robustness(findings: &Findings, main: Option<&Score>) -> Option<Robustness> {
    if findings.robustness.is_empty() {
        return None;
    }
    let mut changes: Vec<Change> = Vec::new();
    for score in &findings.robustness {
        let (name, strength) = score.scope.split_once('=')?;
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
        paraphrases: Vec::new(),
    })
}

fn worst_videos(worst: &Worst, main: Option<&Score>) -> Option<WorstVideos> {
    let n_scored = main?.n;
    let videos: Vec<WorstVideo> = worst
        .videos
        .iter()
        .map(|it| WorstVideo {
            name: it.name.clone(),
            exercise: it
                .verdict
                .true_exercise
                .clone()
                .unwrap_or_else(|| it.verdict.exercise.clone()),
            said: it.said.clone(),
            said_faults: it.verdict.faults.clone(),
            probability: it.verdict.probability,
            truth: it.verdict.true_label.clone().unwrap_or_default(),
            true_faults: Vec::new(),
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
            twin: None,
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
