//! What was found beyond single figures, a block each.

use wo_record::{Audit, Calibration, Score, Selection};

use crate::compare::gate_in_words;
use crate::findings::Findings;
use crate::learning::{in_words, shot_in_words};
use crate::page::summary;
use crate::suspects::DOUBT;
use crate::table::layout::{lines, shown, table, titled};
use crate::tally::counted;

/// Slices and suspects that are listed; the records have all.
const MAX_LINES: usize = 8;

/// The blocks that there is something for.
pub(super) fn beyond(findings: &Findings) -> Vec<String> {
    let blocks = [
        findings.calibration.as_ref().map(calibration),
        findings.selection.as_ref().map(selection),
        audit(&findings.audit),
        faults(&findings.faults),
        slices(&findings.slices),
        left_out(&findings.left_out),
        changes(&findings.robustness),
        suspects(findings),
        next(findings),
        findings.gate.as_ref().map(gate_in_words),
    ];
    blocks.into_iter().flatten().collect()
}

fn number(it: Option<f64>) -> String {
    it.map_or("-".to_owned(), |it| format!("{it:.2}"))
}

/// `0.82 [0.71, 0.92]`, with a dash for what is not known.
pub(crate) fn with_ends(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    format!("{} [{}, {}]", number(value), number(low), number(high))
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
    format!("CALIBRATION: expected error {error}{temperature}.")
}

fn selection(it: &Selection) -> String {
    let at: Vec<String> = it
        .accuracy_at
        .iter()
        .map(|point| {
            format!(
                "{:.0} %: {}",
                100.0 * point.coverage,
                number(point.accuracy)
            )
        })
        .collect();
    let threshold = match (it.threshold, it.wanted_risk) {
        (Some(threshold), Some(risk)) => format!(
            "Unclear up to a probability of {threshold:.2}, for at most {:.0} % wrong: {:.0} % of these\nvideos get a verdict, {:.0} % a wrong one.",
            100.0 * risk,
            100.0 * it.coverage.unwrap_or(0.0),
            100.0 * it.risk.unwrap_or(0.0)
        ),
        (None, Some(risk)) => format!(
            "No threshold: {} validation groups are too few to promise at most {:.0} % wrong.",
            it.n_fit_groups,
            100.0 * risk
        ),
        _ => "The model has no threshold.".to_owned(),
    };
    format!(
        "UNCLEAR: accuracy where only the surest are answered: {}.\n{threshold}",
        at.join(", ")
    )
}

fn audit(records: &[Audit]) -> Option<String> {
    let all = records.iter().find(|it| it.probe == "all")?;
    let mut lines = vec![
        format!("SHORTCUTS: {}", all.verdict.to_uppercase()),
        summary(all, records),
    ];
    lines.extend(records.iter().filter(|it| it.probe != "all").map(|it| {
        format!(
            "  {:12} {:5} balanced accuracy {}",
            it.probe.replace('_', " "),
            it.verdict,
            with_ends(it.value, it.low, it.high)
        )
    }));
    Some(lines.join("\n"))
}

fn faults(scores: &[Score]) -> Option<String> {
    let mut table = table(&["", "precision", "recall", "F1"]);
    for of_fault in scores.chunk_by(|a, b| a.class == b.class) {
        let figure = |name: &str| shown(of_fault.iter().find(|it| it.name == name));
        let fault = of_fault.first()?.class.as_ref()?;
        table.add_row([
            fault.to_string(),
            figure("precision"),
            figure("recall"),
            figure("f1"),
        ]);
    }
    (!scores.is_empty()).then(|| titled("FAULTS by name, per video", &table))
}

fn left_out(scores: &[Score]) -> Option<String> {
    let mut lines =
        vec!["SOURCES, accuracy of a linear head that was fitted to the other sources".to_owned()];
    lines.extend(scores.iter().take(MAX_LINES).map(|it| {
        let source = it.scope.split_once('=').map_or("", |(_, source)| source);
        let figure = with_ends(it.value, it.low, it.high);
        format!("  {source:32} {figure}  {} videos", it.n)
    }));
    (!scores.is_empty()).then(|| lines.join("\n"))
}

fn next(findings: &Findings) -> Option<String> {
    let mut blocks: Vec<String> = Vec::new();
    if let Some(curve) = &findings.learning_curve {
        blocks.push(lines(&[format!("MORE VIDEOS: {}", in_words(curve))]));
    }
    if !findings.shots.is_empty() {
        let shots = findings.shots.iter();
        let mut all = vec!["FILM NEXT, the most useful first".to_owned()];
        all.extend(shots.map(|it| format!("{:>2}. {}", it.rank, shot_in_words(it))));
        blocks.push(lines(&all));
    }
    (!blocks.is_empty()).then(|| blocks.join("\n\n"))
}

fn slices(scores: &[Score]) -> Option<String> {
    let mut lines = vec!["SLICES, accuracy, the worst first".to_owned()];
    lines.extend(scores.iter().take(MAX_LINES).map(|it| {
        format!(
            "  {:32} {}  {} videos, {} groups",
            it.scope,
            with_ends(it.value, it.low, it.high),
            it.n,
            it.n_groups
        )
    }));
    (!scores.is_empty()).then(|| lines.join("\n"))
}

fn changes(scores: &[Score]) -> Option<String> {
    let mut lines = vec!["WORSE PICTURES, balanced accuracy".to_owned()];
    lines.extend(
        scores
            .iter()
            .map(|it| format!("  {:24} {}", it.scope, with_ends(it.value, it.low, it.high))),
    );
    (!scores.is_empty()).then(|| lines.join("\n"))
}

fn suspects(findings: &Findings) -> Option<String> {
    let all = &findings.suspects;
    let n_doubts = all.iter().filter(|it| it.reason == DOUBT).count();
    let mut lines = vec![format!(
        "SUSPECTS: {} to look at, and {n_doubts} whose label the model merely doubts",
        counted((all.len() - n_doubts) as u64, "video")
    )];
    lines.extend(all.iter().take(MAX_LINES).map(|it| {
        let name = it
            .path
            .as_ref()
            .map_or_else(|| it.video_id.clone(), ToString::to_string);
        match (&it.label, &it.suggested_label) {
            (Some(label), Some(suggested)) => {
                format!("  {name}: {label}, perhaps {suggested} ({:.2})", it.score)
            }
            _ => format!("  {name}: {}", it.reason.replace('_', " ")),
        }
    }));
    (!all.is_empty()).then(|| lines.join("\n"))
}
