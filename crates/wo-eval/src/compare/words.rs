//! What a comparison and a gate come to, for people.

use std::path::Path;

use wo_record::{Comparison, Gate};

/// What it comes to, for people, in 80 columns.
pub(super) fn table(paths: [&Path; 2], comparisons: &[Comparison], gate: Option<&Gate>) -> String {
    let mut lines = vec![
        format!("candidate  {}", paths[0].display()),
        format!("champion   {}", paths[1].display()),
    ];
    if let Some(first) = comparisons.first() {
        let (n, n_groups) = (first.n, first.n_groups);
        lines.push(format!(
            "{n} videos of {n_groups} groups, none seen by either"
        ));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:32}{:>10}{:>10}  {:<26}",
        "", "candidate", "champion", "difference [95 %]"
    ));
    let shown = |it: &&Comparison| {
        matches!(
            it.name.as_str(),
            "balanced_accuracy" | "accuracy" | "recall"
        ) && (it.scope == "all" || it.name == "balanced_accuracy")
    };
    for it in comparisons.iter().filter(shown) {
        let class = it
            .class
            .as_ref()
            .map_or(String::new(), |class| format!(" {class}"));
        let what = format!("{} {}{class}", it.task, it.name.replace('_', " "));
        let what = if it.scope == "all" {
            what
        } else {
            format!("  {}", it.scope)
        };
        let number = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.2}"));
        let sign = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:+.2}"));
        lines.push(format!(
            "{what:32}{:>10}{:>10}  {} [{}, {}]",
            number(it.candidate),
            number(it.champion),
            sign(it.difference),
            sign(it.low),
            sign(it.high)
        ));
    }
    lines.push(String::new());
    lines.extend(in_words(comparisons));
    lines.extend(gate.map(gate_in_words));
    lines.join("\n") + "\n"
}

/// Whether one is better, and what could have been found.
pub(super) fn in_words(comparisons: &[Comparison]) -> Option<String> {
    let main = comparisons
        .iter()
        .find(|it| it.name == "balanced_accuracy" && it.scope == "all")?;
    let verdict = match (main.low, main.high) {
        (Some(low), _) if low > 0.0 => "The candidate is better.",
        (_, Some(high)) if high < 0.0 => "The candidate is worse.",
        (Some(_), Some(_)) => "Neither is better beyond doubt.",
        _ => "Too few groups to say which is better.",
    };
    let found = main.detectable.map(|it| {
        format!(" So many groups would show a difference of {it:.2} in four of five evaluations.")
    });
    Some(verdict.to_owned() + &found.unwrap_or_default())
}

/// Whether it opens, and each of its terms.
pub(crate) fn gate_in_words(gate: &Gate) -> String {
    let mut lines = vec![format!(
        "Gate: {}",
        if gate.passed { "open" } else { "shut" }
    )];
    lines.extend(gate.terms.iter().map(|term| {
        let number = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.3}"));
        let mark = if term.passed { "holds" } else { "FAILS" };
        let why = term
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(" ({why})"));
        format!(
            "  {mark}  {}: {} against {}{why}",
            term.term,
            number(term.value),
            number(term.bound)
        )
    }));
    lines.join("\n")
}
