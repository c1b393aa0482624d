//! The gate of a comparison: conditions on both models and on their differences.

use std::cell::LazyCell;

use wo_cli::count;
use wo_record::{Gate, Name};
use wo_stats::MIN_GROUPS;

use crate::cli::config::{AnalysisConfig, FewGroups};
use crate::compare::difference::Difference;
use crate::findings::{Findings, Model};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::gate::{Evidence, Known, Terms};
use crate::score::gate_metric::{GateMetric, NamedMetric};
use crate::score::independent_groups::IndependentGroups;
use crate::score::key::{MetricName, ScoreKey, Task};

/// Two models' predictions of the same videos, and their differences.
pub(super) struct Compared<'a> {
    pub(super) sides: [&'a [Prediction]; 2],
    pub(super) space: &'a LabelSpace,
    pub(super) comparisons: &'a [Difference],
    pub(super) few_groups: FewGroups,
    /// How many labelled videos only one of the two predicts.
    pub(super) n_apart: usize,
    /// How many of the compared videos have neither person nor source.
    pub(super) n_ungrouped: usize,
}

impl Compared<'_> {
    /// Checks the conditions on the metrics of both and their differences. A side is scored once a condition asks for it.
    pub(super) fn gate(&self, terms: &Terms, seed: u64) -> Gate {
        let [new, old] = self
            .sides
            .map(|side| LazyCell::new(move || self.findings(side, seed)));
        terms.judge(
            |metric| match metric.name {
                GateMetric::Difference(task, name) => self.difference(metric, task, name),
                _ => new.known(metric, self.space),
            },
            |metric| {
                self.enough_groups(metric)?;
                old.known(metric, self.space)
            },
        )
    }

    fn findings(&self, predictions: &[Prediction], seed: u64) -> Findings {
        let model = Model {
            space: self.space,
            trust: None,
            learning_curve: None,
            videos: &[],
            for_baselines: &[],
        };
        let analysis = AnalysisConfig {
            seed,
            ..AnalysisConfig::default()
        };
        Findings::of(predictions, model, &analysis)
    }

    fn difference(&self, metric: &NamedMetric, task: Task, name: MetricName) -> Evidence {
        self.enough_groups(metric)?;
        let shown = IndependentGroups::of_classes(task, self.sides[0], self.space);
        let shown: Vec<&Name> = shown.iter().map(|it| &it.class).collect();
        metric.needs_classes(&shown, self.space)?;
        let key = ScoreKey {
            task,
            class: metric.class.clone(),
            ..ScoreKey::of_labels(name)
        };
        let found = self.comparisons.iter().find(|it| it.key == key);
        found
            .map(|it| Known {
                value: it.record.difference,
                low: it.record.low,
                high: it.record.high,
            })
            .ok_or_else(|| format!("{metric} is undefined of these videos"))
    }

    /// Fails where the two are not predictions of the same videos, and where a class that a metric rests on comes from too few
    /// groups to compare two models.
    fn enough_groups(&self, metric: &NamedMetric) -> Result<(), String> {
        let n = self.sides[0].len();
        if self.n_apart > 0 {
            return Err(format!(
                "{} predicted by one of the two only, so that either may have left out its mistakes",
                count(self.n_apart, "labelled video")
            ));
        }
        if 2 * self.n_ungrouped > n && self.few_groups == FewGroups::Refuse {
            return Err(format!(
                "{} of {} have neither person nor source, so nobody knows how many people these are; --allow-few-groups compares \
                 all the same",
                self.n_ungrouped,
                count(n, "video")
            ));
        }
        let fewest = IndependentGroups::fewest_of(metric, self.sides[0], self.space);
        match fewest.filter(|it| it.are_too_few() && self.few_groups == FewGroups::Refuse) {
            Some(IndependentGroups { class, n_effective }) => Err(format!(
                "too few independent groups with {} to compare two models (effective: {n_effective:.1} of at least \
                 {MIN_GROUPS}); --allow-few-groups compares all the same",
                class.words()
            )),
            None => Ok(()),
        }
    }
}
