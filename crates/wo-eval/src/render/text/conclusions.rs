//! What follows from the main metric, in sentences.

use wo_record::Independence;

use crate::render::format::{WIDE_INTERVAL, ends, shown};
use crate::render::sentences::{independence, weak_spots};
use crate::render::text::scores::ScoreReport;
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task};
use crate::score::weak_spots::weak_spots as find_weak_spots;
use crate::score::worst_group::worst_kind;

/// Weak spots that are named.
const MAX_WEAK_SPOTS: usize = 5;

/// The conclusions from the main metric, and their limits.
pub(crate) fn conclusions(report: &ScoreReport<'_>, known: &Independence) -> Vec<String> {
    if let Some(sentence) = one_label(report) {
        return vec![sentence];
    }
    let mut sentences = vec![against_baselines(report)];
    let Some(main) = report.score(&report.labels(MetricName::BalancedAccuracy)) else {
        return sentences;
    };
    let worst = report.score(&report.labels(MetricName::WorstGroupRecall));
    if worst.is_some() {
        let kind = worst_kind(report.evaluation, report.whole);
        let kind = kind.map_or_else(String::new, |it| format!(" ({it})"));
        sentences.push(format!(
            "The lowest recall of an exercise and label{kind} is {}; the interval allows for having picked the lowest.",
            shown(worst)
        ));
    }
    let weak = find_weak_spots(report.evaluation, report.whole);
    sentences.extend(weak.spots.iter().take(MAX_WEAK_SPOTS).map(|it| {
        format!(
            "NOT shown to be better than chance for {}.",
            weak_spots::in_words(it)
        )
    }));
    sentences.extend(weak_spots::unknown(&weak));
    let few = weak_spots::too_few_groups(report.evaluation, &Scope::Whole(report.whole));
    sentences.extend(few.map(|it| format!("Too little to conclude: {it}.")));
    match ends(main) {
        None => sentences.push("Too little to conclude: there is no confidence interval.".to_owned()),
        Some((low, high)) if high - low > WIDE_INTERVAL => sentences.push(format!(
            "Too little to conclude: the confidence interval of balanced accuracy is {:.2} wide (more than \
             {WIDE_INTERVAL}).",
            high - low
        )),
        Some(_) if main.value >= Some(1.0) => {
            sentences.push("No mistake was made; the interval says what may still come.".to_owned());
        }
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
        return "The model cannot be compared with baselines: there are no other labelled videos to fit them to.".to_owned();
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

#[cfg(test)]
mod tests;
