//! All findings of an evaluation, from its predictions.

use std::collections::BTreeMap;

use wo_clip::{AbstentionPolicy, SplitVideo};
use wo_record::{
    AbstainReason, Audit, Calibration, CollectionHint, Gate, Independence, LearningCurve, Record,
    Selection, Suspect, SuspectReason, Writer,
};

use crate::cli::config::AnalysisConfig;
use crate::data_quality::collection_hints::collection_hints;
use crate::data_quality::label_issues::suspects;
use crate::data_quality::shortcut_audit::{audit, without_audit};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::render::format::shown;
use crate::score::calibration::calibration;
use crate::score::evaluate::{Baselines, evaluate};
use crate::score::evaluation::Evaluation;
use crate::score::faults::faults;
use crate::score::gate::{Evidence, Known, warn_of_shut};
use crate::score::gate_metric::{GateMetric, NamedMetric};
use crate::score::independence::independence;
use crate::score::key::{MetricName, Scope, ScoreKey, Task, Whole};
use crate::score::leave_one_source_out::leave_one_source_out;
use crate::score::measurement::Measurement;
use crate::score::robustness::robustness;
use crate::score::selection::selection;
use crate::score::slices::{slices, without_slices};

/// What is known about the model beside its predictions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model<'a> {
    pub(crate) space: &'a LabelSpace,
    pub(crate) trust: Option<&'a AbstentionPolicy>,
    pub(crate) learning_curve: Option<&'a LearningCurve>,
    /// The videos of its training run.
    pub(crate) videos: &'a [SplitVideo],
    /// The videos that baselines are fitted to.
    pub(crate) for_baselines: &'a [SplitVideo],
}

/// What was found.
// More than 12 fields: one for each section of a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Findings {
    /// Of videos that the model has not seen.
    pub(crate) held_out: Evaluation,
    /// Of those that it has.
    pub(crate) seen: Evaluation,
    /// What is known of the held-out ones.
    pub(crate) independence: Independence,
    pub(crate) calibration: Option<Calibration>,
    pub(crate) selection: Option<Selection>,
    pub(crate) audit: Vec<Audit>,
    /// Of each fault.
    pub(crate) faults: Vec<Measurement>,
    pub(crate) slices: Vec<Measurement>,
    /// Of each source, by what was fitted to the others.
    pub(crate) leave_one_source_out: Vec<Measurement>,
    pub(crate) robustness: Vec<Measurement>,
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) learning_curve: Option<LearningCurve>,
    pub(crate) hints: Vec<CollectionHint>,
    pub(crate) gate: Option<Gate>,
    /// What to keep in mind with each metric, as a code.
    pub(crate) caution: Option<String>,
    /// How many videos get no label, by reason.
    pub(crate) abstentions: BTreeMap<AbstainReason, u64>,
    /// Why explicitly requested parts are missing.
    pub(crate) missing: Vec<String>,
}

impl Findings {
    /// Analyses all predictions with a true label.
    pub(crate) fn of(
        predictions: &[Prediction],
        model: Model<'_>,
        analysis: &AnalysisConfig,
    ) -> Self {
        let Model {
            space,
            trust,
            learning_curve,
            videos,
            for_baselines,
        } = model;
        let (seen, held_out): (Vec<&Prediction>, Vec<&Prediction>) =
            predictions.iter().partition(|it| it.seen);
        let baselines = Baselines::fit(for_baselines, space).and_of_folds(&held_out, space);
        let mut this = Self {
            held_out: evaluate(&held_out, space, &baselines, Whole::HeldOut, analysis.seed),
            seen: evaluate(&seen, space, &baselines, Whole::Seen, analysis.seed),
            calibration: calibration(&held_out, trust, &Scope::HELD_OUT, analysis.seed),
            selection: selection(&held_out, trust, &Scope::HELD_OUT, analysis.seed),
            independence: independence(&held_out, videos),
            faults: faults(&held_out, space, analysis.seed),
            slices: slices(&held_out, space, &analysis.slice_by, analysis.seed),
            robustness: robustness(&held_out, space, analysis.seed),
            ..Self::default()
        };
        for reason in held_out.iter().flat_map(|it| &it.reasons) {
            *this.abstentions.entry(reason.clone()).or_default() += 1;
        }
        if analysis.audit.is_made() {
            this.audit = audit(&held_out, space, analysis.seed);
            this.leave_one_source_out = leave_one_source_out(&held_out, space, analysis.seed);
        }
        // What a model that may be guessing says of a label or of the next video is no evidence.
        let is_evidence = this.held_out.is_better_than_chance(&Scope::HELD_OUT);
        if analysis.suspects.is_made() {
            this.suspects = suspects(&held_out, space);
            let is_by_label =
                |it: &Suspect| matches!(it.reason, SuspectReason::Label | SuspectReason::Doubt);
            this.suspects.retain(|it| is_evidence || !is_by_label(it));
        }
        if analysis.next.is_made() {
            this.learning_curve = learning_curve.cloned();
            let curve = learning_curve.filter(|_| is_evidence);
            this.hints = collection_hints(&held_out, space, videos, curve, analysis.seed);
        }
        this.missing = this.missing(&held_out, model, analysis);
        this.gate = analysis
            .fail_under
            .as_ref()
            .map(|terms| terms.judge(|metric| this.known(metric, space), |_| Ok(Known::default())));
        this
    }

    /// Why explicitly requested parts are missing.
    fn missing(
        &self,
        videos: &[&Prediction],
        model: Model<'_>,
        analysis: &AnalysisConfig,
    ) -> Vec<String> {
        let mut missing = self.without_evidence(analysis);
        if analysis.audit.is_explicit() && self.audit.is_empty() {
            missing.push(without_audit(videos));
        }
        if analysis.next.is_explicit() && self.hints.is_empty() {
            missing.push(
                "no hints what to film next: the training videos are unknown, since only a model lists them"
                    .to_owned(),
            );
        } else if analysis.next.is_explicit() && model.learning_curve.is_none() {
            missing.push(
                "no estimate of what more videos would bring: the model has no learning curve, because its \
                 training or validation videos come from too few groups"
                    .to_owned(),
            );
        }
        if analysis.slices.is_explicit() {
            missing.extend(without_slices(videos, &analysis.slice_by));
        }
        missing
    }

    /// What a model that may be guessing cannot tell.
    fn without_evidence(&self, analysis: &AnalysisConfig) -> Vec<String> {
        let main = self
            .held_out
            .score(&ScoreKey::of_labels(MetricName::BalancedAccuracy));
        let is_evidence = self.held_out.is_better_than_chance(&Scope::HELD_OUT);
        let Some(main) = main.filter(|_| !is_evidence) else {
            return Vec::new();
        };
        let guesses = format!(
            "the model is not shown to be better than chance (balanced accuracy {})",
            shown(Some(main))
        );
        let suspects = format!(
            "no label is suspected: {guesses}, so what it says against a label is no evidence"
        );
        let next = format!(
            "what to film next is what there are fewest videos of: {guesses}, so its mistakes tell nothing"
        );
        let has_hints = !self.hints.is_empty();
        [
            (analysis.suspects.is_made(), suspects),
            (analysis.next.is_made() && has_hints, next),
        ]
        .into_iter()
        .filter_map(|(is_due, why)| is_due.then_some(why))
        .collect()
    }

    /// A metric of all held-out videos, for a gate. A mean over classes needs videos of each: where one class is missing,
    /// always predicting the other is right every time.
    pub(crate) fn known(&self, metric: &NamedMetric, space: &LabelSpace) -> Evidence {
        let number = |value| Known {
            value,
            ..Known::default()
        };
        let known = match metric.name {
            GateMetric::Ece => self.calibration.as_ref().map(|it| Known {
                value: it.error,
                low: it.low,
                high: it.high,
            }),
            GateMetric::Coverage => self.selection.as_ref().map(|it| number(it.coverage)),
            GateMetric::Risk if self.selection.as_ref().is_some_and(|it| it.risk.is_none()) => {
                return Err("risk is undefined: no video gets a verdict".to_owned());
            }
            GateMetric::Risk => self.selection.as_ref().map(|it| number(it.risk)),
            GateMetric::Aurc => self.selection.as_ref().map(|it| number(it.area)),
            GateMetric::Score(task, name) => {
                let shown = self.held_out.shown_classes(task, &Scope::HELD_OUT);
                metric.needs_classes(&shown, space)?;
                self.needs_all_videos(task)?;
                let score = self.held_out.score(&ScoreKey {
                    task,
                    class: metric.class.clone(),
                    ..ScoreKey::of_labels(name)
                });
                score.map(|it| Known {
                    value: it.value,
                    low: it.low,
                    high: it.high,
                })
            }
            GateMetric::Difference(..) => None,
        };
        known.ok_or_else(|| format!("{metric} is undefined of these videos"))
    }

    /// Fails where a task is scored on fewer videos than there are: those that are missing may be the mistakes.
    fn needs_all_videos(&self, task: Task) -> Result<(), String> {
        let n_of = |task| {
            let key = ScoreKey {
                task,
                ..ScoreKey::of_labels(MetricName::Accuracy)
            };
            self.held_out.score(&key).map_or(0, |it| it.n)
        };
        let (n, n_all) = (n_of(task), n_of(Task::Label));
        if n < n_all {
            return Err(format!(
                "the {} is not predicted, or not known, of {} of {n_all} videos",
                task.as_str(),
                n_all - n
            ));
        }
        Ok(())
    }

    /// Warns about explicitly requested parts that are missing.
    pub(crate) fn warn_of_missing(&self) {
        for why in &self.missing {
            wo_cli::warn!("{why}");
        }
        warn_of_shut(self.gate.as_ref());
    }

    /// Writes the records.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        let independence = Some(&self.independence).filter(|it| it.n > 0);
        let mut records: Vec<Record> = Vec::new();
        records.extend(independence.cloned().map(Record::Independence));
        let score = |it: &Measurement| Record::Score(it.record());
        for evaluation in [&self.held_out, &self.seen] {
            records.extend(evaluation.scores().iter().map(score));
            let confusions = evaluation.confusions.iter();
            records.extend(confusions.map(|it| Record::Confusion(it.record())));
        }
        for more in [
            &self.faults,
            &self.slices,
            &self.leave_one_source_out,
            &self.robustness,
        ] {
            records.extend(more.iter().map(score));
        }
        records.extend(self.calibration.clone().map(Record::Calibration));
        records.extend(self.selection.clone().map(Record::Selection));
        records.extend(self.audit.iter().cloned().map(Record::Audit));
        records.extend(self.suspects.iter().cloned().map(Record::Suspect));
        records.extend(self.learning_curve.clone().map(Record::LearningCurve));
        records.extend(self.hints.iter().cloned().map(Record::CollectionHint));
        records.extend(self.gate.clone().map(Record::Gate));
        for record in &records {
            writer.record(record)?;
        }
        Ok(())
    }
}
