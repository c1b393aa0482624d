//! The tables of scores: of all videos, by exercise, by class, and of frames.

use wo_cli::count;
use wo_record::{Name, Predictor};

use crate::render::format::{detectable, shown, value};
use crate::render::text::confusion::{fits, matrix, mistakes};
use crate::render::text::layout::{table, titled};
use crate::score::evaluation::{ConfusionMatrix, Evaluation};
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task, Unit, Whole};
use crate::score::measurement::Measurement;

/// The scores of one set of videos.
pub(crate) struct ScoreReport<'a> {
    pub(crate) evaluation: &'a Evaluation,
    pub(crate) whole: Whole,
    pub(crate) exercises: &'a [Name],
}

impl ScoreReport<'_> {
    pub(crate) fn size(&self) -> String {
        let main = self.score(&self.labels(MetricName::BalancedAccuracy));
        main.map_or_else(String::new, |s| {
            format!("{} of {}", count(s.n, "video"), count(s.n_groups, "group"))
        })
    }

    pub(crate) fn main_form(&self) -> Option<String> {
        self.main(
            Task::Label,
            "FORM, per video (95 % confidence interval in brackets)",
            &Baseline::ALL,
        )
    }

    pub(crate) fn details(&self) -> Vec<String> {
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
        Some(if fits(confusion) {
            matrix(confusion, title)
        } else {
            mistakes(confusion)
        })
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

    /// The key of the model's labels of these videos.
    pub(crate) fn labels(&self, name: MetricName) -> ScoreKey {
        ScoreKey {
            scope: Scope::Whole(self.whole),
            ..ScoreKey::of_labels(name)
        }
    }

    pub(crate) fn score(&self, key: &ScoreKey) -> Option<&Measurement> {
        self.evaluation.score(key)
    }

    /// The confusion matrix of videos.
    pub(crate) fn confusion_of(&self, task: Task) -> Option<&ConfusionMatrix> {
        self.evaluation.confusion(task, &Scope::Whole(self.whole))
    }
}

/// How many videos, or frames, a metric rests on.
fn n_videos(score: Option<&Measurement>) -> String {
    score.map_or_else(|| "-".to_owned(), |it| it.n.to_string())
}

/// How many groups they come from.
fn n_groups(score: Option<&Measurement>) -> String {
    score.map_or_else(|| "-".to_owned(), |it| it.n_groups.to_string())
}
