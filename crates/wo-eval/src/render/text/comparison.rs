//! The comparison table, in 80 columns.

use std::path::Path;

use wo_cli::count;
use wo_record::{Comparison, Gate, Independence};
use wo_stats::Confidence;

use crate::compare::difference::{Difference, main_difference};
use crate::render::format::{number, plain};
use crate::render::sentences::comparison::in_words;
use crate::render::sentences::independence::unknown;
use crate::render::text::gate::gate_in_words;
use crate::render::text::layout::{lines, table, titled, wrap_indented};
use crate::score::key::{MetricName, Scope, ScoreKey, Task};

/// What is compared over all videos.
const SHOWN: [MetricName; 3] = [
    MetricName::BalancedAccuracy,
    MetricName::Accuracy,
    MetricName::Recall,
];

/// The table, the conclusion and the gate.
pub(crate) fn comparison_table(
    paths: [&Path; 2],
    comparisons: &[Difference],
    gate: Option<&Gate>,
    known: &Independence,
) -> String {
    let name = |path: &Path| plain(&path.display().to_string());
    let mut head = vec![
        format!("candidate  {}", name(paths[0])),
        format!("champion   {}", name(paths[1])),
    ];
    head.extend(main_difference(comparisons).map(|it| {
        format!(
            "{} of {}, {}",
            count(it.record.n, "video"),
            count(it.record.n_groups, "group"),
            unknown(known).unwrap_or("held out for both")
        )
    }));
    let in_all = |task: Task| {
        move |it: &&Difference| {
            let ScoreKey { scope, name, .. } = &it.key;
            it.key.task == task && *scope == Scope::HELD_OUT && SHOWN.contains(name)
        }
    };
    let by_exercise = |it: &&Difference| {
        let is_main = it.key.name == MetricName::BalancedAccuracy;
        is_main && it.key.task == Task::Label && it.key.scope != Scope::HELD_OUT
    };
    let blocks = [
        Some(wrap_indented("           ", &head)),
        rows(
            "FORM, per video",
            comparisons.iter().filter(in_all(Task::Label)),
            metric,
        ),
        rows(
            "FORM by exercise, balanced accuracy per video",
            comparisons.iter().filter(by_exercise),
            |it| it.key.scope.to_string(),
        ),
        rows(
            "EXERCISE, per video",
            comparisons.iter().filter(in_all(Task::Exercise)),
            metric,
        ),
        Some(lines(&legend(comparisons))),
        gate.map(gate_in_words),
    ];
    let blocks: Vec<String> = blocks.into_iter().flatten().collect();
    blocks.join("\n\n") + "\n"
}

/// `recall of bad_form`.
fn metric(it: &Difference) -> String {
    let name = it.key.name.words();
    match &it.key.class {
        Some(class) => format!("{name} of {class}"),
        None => name,
    }
}

fn rows<'a>(
    title: &str,
    comparisons: impl Iterator<Item = &'a Difference>,
    name: fn(&Difference) -> String,
) -> Option<String> {
    let mut comparisons = comparisons.peekable();
    let confidence = comparisons.peek().and_then(|it| it.record.confidence);
    let difference_column = format!("difference [{}]", percent(confidence));
    let header = [
        "",
        "candidate",
        "champion",
        &difference_column,
        "±",
        "McNemar p",
    ];
    let mut table = table(&header);
    for difference_of in comparisons {
        let it = &difference_of.record;
        table.add_row([
            name(difference_of),
            number(it.candidate),
            number(it.champion),
            difference(it),
            number(it.detectable),
            p_value(it),
        ]);
    }
    (!table.is_empty()).then(|| titled(title, &table))
}

/// `95 %`, `99.38 %`.
fn percent(share: Option<f64>) -> String {
    let share = share.unwrap_or(Confidence::NINETY_FIVE.share());
    format!("{} %", (share * 1e4).round() / 100.0)
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

fn legend(comparisons: &[Difference]) -> Vec<String> {
    let reading = "± is the difference that so many groups detect in four of five evaluations. McNemar p: how \
     likely so uneven a split of mistakes is if neither is better, taking videos as independent. - is undefined."
        .to_owned();
    in_words(comparisons)
        .into_iter()
        .chain(std::iter::once(reading))
        .collect()
}
