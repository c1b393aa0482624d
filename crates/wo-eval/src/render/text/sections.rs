//! The sections after the main metrics.

use wo_cli::count;
use wo_record::{Audit, Calibration, Probe, Selection, Suspect, SuspectReason};

use crate::findings::Findings;
use crate::render::format::{
    detectable, number, plain, several_intervals, shown, value, with_ends,
};
use crate::render::sentences::audit::{named, outcome, summary};
use crate::render::sentences::learning::{hint_in_words, in_words};
use crate::render::sentences::risk;
use crate::render::text::gate::gate_in_words;
use crate::render::text::layout::{lines, rows, table, titled, wrap_indented};
use crate::score::key::{MetricName, Scope};
use crate::score::measurement::Measurement;

/// How many slices and suspects are listed; the records have all.
const MAX_LINES: usize = 8;

/// The sections that have content.
pub(super) fn sections(findings: &Findings) -> Vec<String> {
    let blocks = [
        findings.calibration.as_ref().map(calibration),
        findings.selection.as_ref().map(selection),
        audit(&findings.audit),
        faults(&findings.faults),
        parts(
            "SLICES, accuracy, lowest first",
            &findings.slices,
            Scope::to_string,
        ),
        parts(
            "SOURCES, accuracy of a linear head fitted to the other sources",
            &findings.leave_one_source_out,
            |scope| match scope {
                Scope::Part { value, .. } => value.clone(),
                _ => String::new(),
            },
        ),
        changes(&findings.robustness),
        suspects(&findings.suspects),
        next(findings),
        findings.gate.as_ref().map(gate_in_words),
    ];
    blocks.into_iter().flatten().collect()
}

fn calibration(it: &Calibration) -> String {
    let error = with_ends(it.error, it.low, it.high);
    let temperature = match it.temperature {
        Some(temperature) => format!(
            "; {} without its temperature of {temperature:.2}",
            number(it.error_before)
        ),
        None => String::new(),
    };
    let resampled = it.low.map_or(
        "",
        |_| ". The interval only resamples groups, so it may be too narrow",
    );
    lines(&[format!(
        "CALIBRATION: expected calibration error {error}{temperature}; {} of {}{resampled}.",
        count(it.n, "video"),
        count(it.n_groups, "group")
    )])
}

fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |it| format!("{:.0} %", 100.0 * it))
}

fn selection(it: &Selection) -> String {
    let at: Vec<String> = it
        .accuracy_at
        .iter()
        .map(|point| {
            let accuracy = with_ends(point.accuracy, point.low, point.high);
            format!("{}: {accuracy}", percent(Some(point.coverage)))
        })
        .collect();
    lines(&[
        format!(
            "ABSTENTION: accuracy by coverage (share of videos with a label, most confident first): {}.",
            at.join(", ")
        ),
        risk::promise(it),
        risk::outcome(it),
    ])
}

fn audit(records: &[Audit]) -> Option<String> {
    let all = records.iter().find(|it| it.probe == Probe::All)?;
    let mut table = table(&["probe", "outcome", "balanced accuracy"]);
    for it in records.iter().filter(|it| it.probe != Probe::All) {
        table.add_row([
            named(it),
            outcome(&it.verdict),
            with_ends(it.value, it.low, it.high),
        ]);
    }
    let title = format!("SHORTCUTS: {}", outcome(&all.verdict).to_uppercase());
    let title = lines(&[title, summary(all, records)]);
    Some(format!("{title}\n{}", rows(&table)))
}

fn faults(scores: &[Measurement]) -> Option<String> {
    let mut table = table(&["", "precision", "recall", "F1", "videos", "groups", "±"]);
    for of_fault in scores.chunk_by(|a, b| a.key.class == b.key.class) {
        let score = |name: MetricName| of_fault.iter().find(|it| it.key.name == name);
        let recall = score(MetricName::Recall);
        let fault = of_fault.first()?.key.class.as_ref()?;
        table.add_row([
            fault.words(),
            shown(score(MetricName::Precision)),
            shown(recall),
            value(score(MetricName::F1)),
            recall.map_or(0, |it| it.n).to_string(),
            recall.map_or(0, |it| it.n_groups).to_string(),
            detectable(recall),
        ]);
    }
    let title = "FAULTS by name, per video (videos and groups: those with the fault)";
    (!scores.is_empty()).then(|| titled(title, &table))
}

/// A metric of parts of the videos; `name` makes a row's name of its scope.
fn parts(title: &str, scores: &[Measurement], name: fn(&Scope) -> String) -> Option<String> {
    let mut table = table(&["", "accuracy", "videos", "groups", "±"]);
    for it in scores.iter().take(MAX_LINES) {
        table.add_row([
            plain(&name(&it.key.scope)),
            shown(Some(it)),
            it.n.to_string(),
            it.n_groups.to_string(),
            detectable(Some(it)),
        ]);
    }
    let many = (scores.len() > 1).then(|| lines(&[several_intervals(scores.len())]));
    let all = std::iter::once(titled(title, &table)).chain(many);
    (!scores.is_empty()).then(|| all.collect::<Vec<_>>().join("\n"))
}

fn next(findings: &Findings) -> Option<String> {
    let mut blocks: Vec<String> = Vec::new();
    if let Some(curve) = &findings.learning_curve {
        blocks.push(lines(&[format!("MORE VIDEOS: {}", in_words(curve))]));
    }
    if !findings.hints.is_empty() {
        let hints = findings.hints.iter();
        let title = "FILM NEXT, the most useful of each exercise first".to_owned();
        let hints = hints.map(|it| plain(&format!("{:>2}. {}", it.rank, hint_in_words(it))));
        let all: Vec<String> = std::iter::once(title).chain(hints).collect();
        blocks.push(wrap_indented("    ", &all));
        if findings.learning_curve.is_none() {
            blocks.push(lines(&[
                "There is no estimate of what they would bring: the model has no learning curve."
                    .to_owned(),
            ]));
        }
    }
    (!blocks.is_empty()).then(|| blocks.join("\n\n"))
}

fn changes(scores: &[Measurement]) -> Option<String> {
    let mut table = table(&["", "balanced accuracy", "videos", "groups", "±"]);
    for it in scores {
        table.add_row([
            plain(&it.key.scope.to_string()),
            shown(Some(it)),
            it.n.to_string(),
            it.n_groups.to_string(),
            detectable(Some(it)),
        ]);
    }
    (!scores.is_empty()).then(|| titled("ROBUSTNESS: changed images and reworded classes", &table))
}

fn suspects(all: &[Suspect]) -> Option<String> {
    let n_doubts = all
        .iter()
        .filter(|it| it.reason == SuspectReason::Doubt)
        .count();
    let title = format!(
        "SUSPECTS: {} to review, and {n_doubts} where the model merely leans to another label",
        count((all.len() - n_doubts) as u64, "video")
    );
    let listed = all.iter().take(MAX_LINES).map(suspect);
    let sentences: Vec<String> = std::iter::once(title).chain(listed).collect();
    (!all.is_empty()).then(|| wrap_indented("    ", &sentences))
}

fn suspect(it: &Suspect) -> String {
    let path = it.path.as_ref();
    let name = path.map_or_else(|| it.video_id.clone(), ToString::to_string);
    let why = match (&it.label, &it.suggested_label, &it.alike) {
        (Some(label), Some(suggested), _) => {
            format!("{label}, perhaps {suggested} ({:.2})", it.score)
        }
        (_, _, Some(other)) => {
            format!("{} of {}", it.reason.words(), plain(other))
        }
        _ => it.reason.words(),
    };
    format!("  {}: {why}", plain(&name))
}
