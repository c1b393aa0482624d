//! What a comparison and a gate come to, for people, in 80 columns.

use std::path::Path;

use wo_record::{Comparison, Gate};
use wo_stats::MIN_GROUPS;

use crate::evaluation::{ALL, EXERCISE, LABEL};
use crate::table::{hanging, lines, number, plain, titled};
use crate::tally::counted;

/// What is compared in all: by name, and whether a line of each class follows.
const SHOWN: [&str; 3] = ["balanced_accuracy", "accuracy", "recall"];

/// What it comes to.
pub(super) fn table(paths: [&Path; 2], comparisons: &[Comparison], gate: Option<&Gate>) -> String {
    let name = |path: &Path| plain(&path.display().to_string());
    let mut head = vec![
        format!("candidate  {}", name(paths[0])),
        format!("champion   {}", name(paths[1])),
    ];
    head.extend(main(comparisons).map(|it| {
        format!(
            "{} of {}, none seen by either",
            counted(it.n, "video"),
            counted(it.n_groups, "group")
        )
    }));
    let in_all = |task: &'static str| {
        move |it: &&Comparison| {
            it.task == task && it.scope == ALL && SHOWN.contains(&it.name.as_str())
        }
    };
    let by_exercise =
        |it: &&Comparison| it.task == LABEL && it.scope != ALL && it.name == "balanced_accuracy";
    let blocks = [
        Some(hanging("           ", &head)),
        rows(
            "FORM, per video",
            comparisons.iter().filter(in_all(LABEL)),
            figure,
        ),
        rows(
            "FORM by exercise, balanced accuracy per video",
            comparisons.iter().filter(by_exercise),
            |it| it.scope.clone(),
        ),
        rows(
            "EXERCISE, per video: which exercise it is",
            comparisons.iter().filter(in_all(EXERCISE)),
            figure,
        ),
        Some(lines(&legend(comparisons))),
        gate.map(gate_in_words),
    ];
    let blocks: Vec<String> = blocks.into_iter().flatten().collect();
    blocks.join("\n\n") + "\n"
}

/// `recall of bad_form`.
fn figure(it: &Comparison) -> String {
    let name = it.name.replace('_', " ");
    match &it.class {
        Some(class) => format!("{name} of {class}"),
        None => name,
    }
}

fn rows<'a>(
    title: &str,
    comparisons: impl Iterator<Item = &'a Comparison>,
    name: fn(&Comparison) -> String,
) -> Option<String> {
    let header = [
        "",
        "candidate",
        "champion",
        "difference [95 %]",
        "±",
        "McNemar p",
    ];
    let mut table = crate::table::table(&header);
    for it in comparisons {
        table.add_row([
            name(it),
            number(it.candidate),
            number(it.champion),
            difference(it),
            number(it.detectable),
            p_value(it),
        ]);
    }
    (!table.is_empty()).then(|| titled(title, &table))
}

/// `+0.12 [-0.03, +0.25]`, `+0.12 [-]` or `-`.
fn difference(it: &Comparison) -> String {
    match (it.difference, it.low.zip(it.high)) {
        (Some(value), Some((low, high))) => format!("{value:+.2} [{low:+.2}, {high:+.2}]"),
        (Some(value), None) => format!("{value:+.2} [-]"),
        (None, _) => "-".to_owned(),
    }
}

fn p_value(it: &Comparison) -> String {
    /// Smaller ones are written as smaller than this.
    const SMALLEST: f64 = 0.001;
    match it.p_value {
        Some(p_value) if p_value < SMALLEST => format!("<{SMALLEST}"),
        Some(p_value) => format!("{p_value:.3}"),
        None => "-".to_owned(),
    }
}

fn legend(comparisons: &[Comparison]) -> Vec<String> {
    let reading = "± is the smallest difference that so many groups would show in four of five evaluations. McNemar p: how \
                   probable so uneven a split of mistakes is where neither is better, taking videos as independent. - is not \
                   defined."
        .to_owned();
    in_words(comparisons)
        .into_iter()
        .chain(std::iter::once(reading))
        .collect()
}

fn main(comparisons: &[Comparison]) -> Option<&Comparison> {
    comparisons
        .iter()
        .find(|it| it.task == LABEL && it.name == "balanced_accuracy" && it.scope == ALL)
}

/// Whether one is better, and what could have been found.
pub(super) fn in_words(comparisons: &[Comparison]) -> Option<String> {
    let main = main(comparisons)?;
    if main.n_groups < MIN_GROUPS as u64 {
        return Some(format!(
            "Too few groups to say which is better: {}, and fewer than {MIN_GROUPS} say little of others.",
            main.n_groups
        ));
    }
    let verdict = match (main.low, main.high) {
        (Some(low), _) if low > 0.0 => "The candidate is better.",
        (_, Some(high)) if high < 0.0 => "The candidate is worse.",
        (Some(_), Some(_)) => "Neither is better beyond doubt.",
        _ => "Which is better cannot be said: no interval can be given.",
    };
    let found = main.detectable.map(|it| {
        format!(" So many groups would show a difference of {it:.2} in four of five evaluations.")
    });
    Some(verdict.to_owned() + &found.unwrap_or_default())
}

/// Whether it opens, and each of its terms.
pub(crate) fn gate_in_words(gate: &Gate) -> String {
    let mut sentences = vec![format!(
        "Gate: {}",
        if gate.passed { "open" } else { "shut" }
    )];
    sentences.extend(gate.terms.iter().map(|term| {
        let number = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.3}"));
        let mark = if term.passed { "holds" } else { "FAILS" };
        let why = term
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(" ({why})"));
        plain(&format!(
            "  {mark}  {}: {} against {}{why}",
            term.term,
            number(term.value),
            number(term.bound)
        ))
    }));
    hanging("         ", &sentences)
}
