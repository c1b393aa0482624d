//! What follows from the main metric, in sentences.

use wo_cli::count;
use wo_record::Independence;

use crate::render::format::{FEW_GROUPS, RULE_OF_THREE, WIDE_INTERVAL, ends, shown};
use crate::render::sentences::independence;
use crate::render::text::scores::ScoreReport;
use crate::score::key::{Baseline, MetricName, ScoreKey, Task};
use crate::score::worst_group::worst_kind;

/// The conclusions from the main metric, and their limits.
pub(crate) fn conclusions(report: &ScoreReport<'_>, known: &Independence) -> Vec<String> {
    let mut sentences: Vec<String> = one_label(report).into_iter().collect();
    sentences.push(against_baselines(report));
    let Some(main) = report.score(&report.labels(MetricName::BalancedAccuracy)) else {
        return sentences;
    };
    let worst = report.score(&report.labels(MetricName::WorstGroupRecall));
    if worst.is_some() {
        let kind = worst_kind(report.evaluation, report.whole);
        let kind = kind.map_or_else(String::new, |it| format!(" ({it})"));
        sentences.push(format!(
            "The lowest recall of an exercise and label{kind} is {}.",
            shown(worst)
        ));
    }
    let n_groups = main.n_groups;
    if n_groups < FEW_GROUPS {
        sentences.push(format!(
            "Too little to conclude: {} (fewer than {FEW_GROUPS}).",
            count(n_groups, "group")
        ));
    }
    match ends(main) {
        None => sentences.push("Too little to conclude: there is no confidence interval.".to_owned()),
        Some((low, high)) if high - low > WIDE_INTERVAL => sentences.push(format!(
            "Too little to conclude: the confidence interval of balanced accuracy is {:.2} wide (more than \
             {WIDE_INTERVAL}).",
            high - low
        )),
        Some(_) if main.value >= Some(1.0) => sentences.push(format!(
            "No mistake was made; with {} the true share of groups with mistakes may still be up to {:.2}.",
            count(n_groups, "group"),
            (RULE_OF_THREE / n_groups as f64).min(1.0)
        )),
        Some(_) => {}
    }
    sentences.extend(independence::sentences(known));
    sentences
}

/// With one label there is nothing to tell apart.
fn one_label(report: &ScoreReport<'_>) -> Option<String> {
    let confusion = report.confusion_of(Task::Label)?;
    let rows = confusion.classes.iter().zip(&confusion.counts);
    let mut there = rows.filter(|(_, counts)| counts.iter().any(|n| *n > 0));
    let (label, _) = there.next()?;
    there.next().is_none().then(|| {
        format!(
            "All videos are labelled {label}: the model cannot be assessed, since always predicting {label} is \
             right on all of them."
        )
    })
}

/// Compares the model with its best baseline.
fn against_baselines(report: &ScoreReport<'_>) -> String {
    let balanced = |by: Baseline| {
        let key = report.labels(MetricName::BalancedAccuracy);
        let by = by.predictor();
        report.score(&ScoreKey { by, ..key })?.value
    };
    let best = Baseline::ALL
        .into_iter()
        .filter_map(|by| Some((by, balanced(by)?)))
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    let Some((best, _)) = best else {
        return "The model cannot be compared with baselines: it lists no training videos to fit them to.".to_owned();
    };
    let baseline = best.predictor();
    let gain = report.score(&report.labels(MetricName::GainOver(best)));
    let Some((difference, (low, high))) = gain.and_then(|score| Some((score.value?, ends(score)?)))
    else {
        return format!(
            "The model cannot be compared with the best baseline ({baseline}): no confidence interval."
        );
    };
    let interval = format!("balanced accuracy {difference:+.2} [{low:+.2}, {high:+.2}]");
    if low > 0.0 {
        format!("The model is better than the best baseline ({baseline}): {interval}.")
    } else if high < 0.0 {
        format!("The model is WORSE than the best baseline ({baseline}): {interval}.")
    } else {
        format!(
            "The model is NOT shown to be better than the best baseline ({baseline}): {interval}, which contains 0."
        )
    }
}
