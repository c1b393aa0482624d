//! The text report. It shows what the records have, with the caveats in words.

pub(crate) mod comparison;
pub(crate) mod gate;
pub(crate) mod layout;
mod sections;

use wo_cli::count;
use wo_record::{Name, Predictor};

use crate::findings::Findings;
use crate::render::format::{
    FEW_GROUPS, RULE_OF_THREE, WIDE_INTERVAL, detectable, ends, plain, shown, value,
};
use crate::render::sentences::excluded;
use crate::render::text::layout::{GAP, WIDTH, lines, table, titled};
use crate::render::text::sections::sections;
use crate::score::evaluation::{ConfusionMatrix, Evaluation};
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task, Unit, Whole};
use crate::score::measurement::Measurement;
use crate::score::tally::Tally;
use crate::score::worst_group::worst_kind;

/// How many kinds of mistakes are listed if the confusion matrix is too wide.
const MAX_MISTAKES: usize = 10;

/// The legend.
const LEGEND: &str = "[low, high] is the 95 % confidence interval from resampling whole groups (people, sources); \
    for a model that is always right or always wrong it follows the rule of three. An interval without width means \
    that the sample has no other case, not that there is none. ± is the difference that so many groups detect in \
    four of five evaluations. - is undefined.";

/// The report of an evaluation. `exercises` are those of the model.
pub(crate) fn report(
    model: &str,
    findings: &Findings,
    exercises: &[Name],
    tally: &Tally,
) -> String {
    let Findings { held_out, seen, .. } = findings;
    let model = format!("Model {}", plain(model));
    let mut blocks = Vec::new();
    if held_out.scores().is_empty() {
        blocks.push(lines(&[format!(
            "{model}: there is no held-out labelled video to score."
        )]));
    } else {
        let metrics = ScoreReport {
            evaluation: held_out,
            whole: Whole::HeldOut,
            exercises,
        };
        blocks.push(lines(&[
            model,
            format!("on {}, held out from training", metrics.size()),
        ]));
        blocks.extend(metrics.main_form());
        blocks.push(lines(&metrics.conclusions(tally)));
        blocks.extend(metrics.details());
        blocks.extend(sections(findings));
    }
    if !seen.scores().is_empty() {
        let metrics = ScoreReport {
            evaluation: seen,
            whole: Whole::Seen,
            exercises,
        };
        blocks.push(lines(&[
            format!(
                "SEEN VIDEOS: {} that the model was trained or chosen on.",
                metrics.size()
            ),
            "These metrics do not say how good it is on new videos.".to_owned(),
        ]));
        blocks.extend(metrics.main_form());
        blocks.extend(metrics.details());
    }
    if !held_out.scores().is_empty() || !seen.scores().is_empty() {
        blocks.push(lines(&[LEGEND.to_owned()]));
    }
    let left_out = excluded::sentences(tally);
    if !left_out.is_empty() {
        blocks.push(lines(&left_out));
    }
    blocks.join("\n\n") + "\n"
}

/// The scores of one set of videos.
struct ScoreReport<'a> {
    evaluation: &'a Evaluation,
    whole: Whole,
    exercises: &'a [Name],
}

impl ScoreReport<'_> {
    fn size(&self) -> String {
        let main = self.score(&self.labels(MetricName::BalancedAccuracy));
        main.map_or_else(String::new, |s| {
            format!("{} of {}", count(s.n, "video"), count(s.n_groups, "group"))
        })
    }

    fn main_form(&self) -> Option<String> {
        self.main(
            Task::Label,
            "FORM, per video (95 % confidence interval in brackets)",
            &Baseline::ALL,
        )
    }

    fn details(&self) -> Vec<String> {
        let blocks = [
            self.by_exercise(),
            self.by_class(Task::Label, "FORM by label, per video"),
            self.confusion(
                Task::Label,
                "FORM, confusion matrix: true label (row), predicted label (column)",
            ),
            self.main(Task::Exercise, "EXERCISE, per video", &[Baseline::Majority]),
            self.by_class(Task::Exercise, "EXERCISE by exercise, per video"),
            self.confusion(
                Task::Exercise,
                "EXERCISE, confusion matrix: true exercise (row), predicted exercise (column)",
            ),
            self.frames(),
        ];
        blocks.into_iter().flatten().collect()
    }

    fn main(&self, task: Task, title: &str, baselines: &[Baseline]) -> Option<String> {
        let key = |by: Predictor, name: MetricName| ScoreKey {
            task,
            by,
            ..self.labels(name)
        };
        self.score(&key(Predictor::Model, MetricName::Accuracy))?;
        let mut table = table(&["", "balanced accuracy", "accuracy", "videos", "groups", "±"]);
        let baselines = baselines.iter().map(|it| it.predictor());
        for by in std::iter::once(Predictor::Model).chain(baselines) {
            let main = self.score(&key(by.clone(), MetricName::BalancedAccuracy));
            table.add_row([
                by.to_string(),
                shown(main),
                shown(self.score(&key(by, MetricName::Accuracy))),
                n_videos(main),
                n_groups(main),
                detectable(main),
            ]);
        }
        Some(titled(title, &table))
    }

    fn by_exercise(&self) -> Option<String> {
        let mut table = table(&[
            "",
            "balanced accuracy",
            "videos",
            "groups",
            "±",
            "majority",
            "duration",
        ]);
        for exercise in self.exercises {
            let score = |by| {
                self.score(&ScoreKey {
                    by,
                    scope: Scope::Exercise(self.whole, exercise.clone()),
                    ..ScoreKey::of_labels(MetricName::BalancedAccuracy)
                })
            };
            let Some(main) = score(Predictor::Model) else {
                continue;
            };
            table.add_row([
                exercise.to_string(),
                shown(Some(main)),
                n_videos(Some(main)),
                n_groups(Some(main)),
                detectable(Some(main)),
                value(score(Predictor::Majority)),
                value(score(Predictor::DurationOnly)),
            ]);
        }
        let title =
            "FORM by exercise, per video (last two columns: balanced accuracy of the baselines)";
        (!table.is_empty()).then(|| titled(title, &table))
    }

    fn by_class(&self, task: Task, title: &str) -> Option<String> {
        let confusion = self.confusion_of(task)?;
        let mut table = table(&["", "precision", "recall", "F1", "videos", "groups", "±"]);
        for (class, counts) in confusion.classes.iter().zip(&confusion.counts) {
            let score = |name| {
                self.score(&ScoreKey {
                    task,
                    class: Some(class.clone()),
                    ..self.labels(name)
                })
            };
            let recall = score(MetricName::Recall);
            let n: u64 = counts.iter().sum();
            table.add_row([
                class.to_string(),
                shown(score(MetricName::Precision)),
                shown(recall),
                value(score(MetricName::F1)),
                n.to_string(),
                if n > 0 {
                    n_groups(recall)
                } else {
                    "0".to_owned()
                },
                detectable(recall),
            ]);
        }
        Some(titled(title, &table))
    }

    fn confusion(&self, task: Task, title: &str) -> Option<String> {
        let confusion = self.confusion_of(task)?;
        if !fits(confusion) {
            return Some(mistakes(confusion));
        }
        let mut header = vec![""];
        header.extend(confusion.classes.iter().map(Name::as_str));
        let mut table = table(&header);
        for (class, counts) in confusion.classes.iter().zip(&confusion.counts) {
            table.add_row(
                [class.to_string()]
                    .into_iter()
                    .chain(counts.iter().map(u64::to_string)),
            );
        }
        Some(titled(title, &table))
    }

    fn frames(&self) -> Option<String> {
        let mut table = table(&["", "balanced accuracy", "accuracy", "frames", "groups", "±"]);
        for (task, row) in [(Task::Label, "form"), (Task::Exercise, "exercise")] {
            let score = |name| {
                self.score(&ScoreKey {
                    task,
                    unit: Unit::Frame,
                    ..self.labels(name)
                })
            };
            let Some(main) = score(MetricName::BalancedAccuracy) else {
                continue;
            };
            table.add_row([
                row.to_owned(),
                shown(Some(main)),
                shown(score(MetricName::Accuracy)),
                n_videos(Some(main)),
                n_groups(Some(main)),
                detectable(Some(main)),
            ]);
        }
        let title = "FRAMES, each judged alone (one frame may not show what its video shows)";
        (!table.is_empty()).then(|| titled(title, &table))
    }

    /// The conclusions from the main metric, and their limits.
    fn conclusions(&self, tally: &Tally) -> Vec<String> {
        let mut sentences: Vec<String> = self.one_label().into_iter().collect();
        sentences.push(self.against_baselines());
        let Some(main) = self.score(&self.labels(MetricName::BalancedAccuracy)) else {
            return sentences;
        };
        let worst = self.score(&self.labels(MetricName::WorstGroupRecall));
        if worst.is_some() {
            let kind = worst_kind(self.evaluation, self.whole);
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
        if tally.n_without_group_key > 0 {
            sentences.push(format!(
                "{} of {} have neither person nor source and count as groups of their own: confidence intervals \
                 may be too narrow, and the model may have seen the same person.",
                tally.n_without_group_key,
                count(tally.n_scored, "scored video")
            ));
        }
        sentences
    }

    /// With one label there is nothing to tell apart.
    fn one_label(&self) -> Option<String> {
        let confusion = self.confusion_of(Task::Label)?;
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
    fn against_baselines(&self) -> String {
        let balanced = |by: Baseline| {
            let key = self.labels(MetricName::BalancedAccuracy);
            let by = by.predictor();
            self.score(&ScoreKey { by, ..key })?.value
        };
        let best = Baseline::ALL
            .into_iter()
            .filter_map(|by| Some((by, balanced(by)?)))
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((best, _)) = best else {
            return "The model cannot be compared with baselines: it lists no training videos to fit them to.".to_owned();
        };
        let baseline = best.predictor();
        let gain = self.score(&self.labels(MetricName::GainOver(best)));
        let Some((difference, (low, high))) =
            gain.and_then(|score| Some((score.value?, ends(score)?)))
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

    /// The key of the model's labels of these videos.
    fn labels(&self, name: MetricName) -> ScoreKey {
        ScoreKey {
            scope: Scope::Whole(self.whole),
            ..ScoreKey::of_labels(name)
        }
    }

    fn score(&self, key: &ScoreKey) -> Option<&Measurement> {
        self.evaluation.score(key)
    }

    /// The confusion matrix of videos.
    fn confusion_of(&self, task: Task) -> Option<&ConfusionMatrix> {
        self.evaluation.confusion(task, &Scope::Whole(self.whole))
    }
}

/// Whether a confusion matrix fits the width of a table.
fn fits(confusion: &ConfusionMatrix) -> bool {
    let gap = usize::from(GAP);
    let columns = confusion
        .classes
        .iter()
        .map(|class| class.as_str().chars().count() + gap);
    let longest = columns.clone().max().unwrap_or(0);
    columns.sum::<usize>() + longest <= usize::from(WIDTH)
}

/// The most frequent mistakes.
fn mistakes(confusion: &ConfusionMatrix) -> String {
    let classes = || confusion.classes.iter();
    let of_row = |(truth, counts)| {
        classes()
            .zip(counts)
            .map(move |(predicted, n): (_, &u64)| (*n, truth, predicted))
    };
    let mut pairs: Vec<_> = classes().zip(&confusion.counts).flat_map(of_row).collect();
    pairs.retain(|(n, truth, predicted)| *n > 0 && truth != predicted);
    // The sort is stable: equally frequent ones stay in the order of the classes.
    pairs.sort_by_key(|(n, _, _)| std::cmp::Reverse(*n));
    let n_pairs = pairs.len();
    let mut table = table(&["true", "taken for", "videos"]);
    for (n, truth, predicted) in pairs.into_iter().take(MAX_MISTAKES) {
        table.add_row([truth.to_string(), predicted.to_string(), n.to_string()]);
    }
    let task = confusion.task.as_str().to_uppercase();
    if n_pairs == 0 {
        return format!("{task}: no mistakes.");
    }
    let shown = n_pairs.min(MAX_MISTAKES);
    titled(
        &format!(
            "{task}, the {shown} most frequent mistakes of {n_pairs} kinds (the records have all)"
        ),
        &table,
    )
}

/// How many videos, or frames, a metric rests on.
fn n_videos(score: Option<&Measurement>) -> String {
    score.map_or_else(|| "-".to_owned(), |it| it.n.to_string())
}

/// How many groups they come from.
fn n_groups(score: Option<&Measurement>) -> String {
    score.map_or_else(|| "-".to_owned(), |it| it.n_groups.to_string())
}

#[cfg(test)]
mod tests;
