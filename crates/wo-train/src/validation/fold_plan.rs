//! The folds of a cross-validation, checked before the first model is fitted.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint, count, ensure, error, named, verb};
use wo_clip::Split;
use wo_input::Tokenizer;
use wo_record::{Group, Name};

use crate::data::dataset::{Dataset, Example};
use crate::data::fold_groups::fold_groups;
use crate::data::split::{Candidate, hold_out};
use crate::data::{captions, leakage};
use crate::hyperparameters::Hyperparameters;
use crate::validation::metrics::labels_of;

/// What the folds are made from.
#[derive(Clone, Copy)]
pub(crate) struct FoldSource<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) tokenizer: &'a Tokenizer,
    pub(crate) hyper: &'a Hyperparameters,
}

/// Folds that are known to work.
pub(crate) struct FoldPlan {
    fold_of: BTreeMap<Group, u32>,
    n_folds: u32,
    /// Where each model's training groups are split once more, to choose the epoch as the run itself does.
    chooses_epoch: bool,
}

impl<'a> FoldSource<'a> {
    /// Plans `n_folds` folds. Where that cannot work the error names the most that do.
    pub(crate) fn plan(self, n_folds: u32) -> anyhow::Result<FoldPlan> {
        let grouping = &self.dataset.grouping;
        if let Some((label, 1)) = self.rarest_label() {
            let error = error!(
                Exit::Integrity,
                "too_few_groups: {label} is shown by 1 group beside the test split, so no fold can train on it and be judged on it";
                "add videos of more persons or sources with {label}, or leave --folds out"
            );
            return grouping.explained(Err(error.into()));
        }
        grouping.explained(self.try_plan(n_folds)).hint_with(|| {
            let works = self.most_folds(n_folds - 1);
            Some(works.map_or_else(
                || "leave --folds out".to_owned(),
                |works| format!("--folds {works} works"),
            ))
        })
    }

    /// The most folds that work, up to `at_most`.
    pub(crate) fn most_folds(self, at_most: u32) -> Option<u32> {
        let n_groups = u32::try_from(self.groups().len()).unwrap_or(u32::MAX);
        (2..=at_most.min(n_groups))
            .rev()
            .find(|n_folds| self.try_plan(*n_folds).is_ok())
    }

    /// How many groups the folds have.
    pub(crate) fn groups(self) -> BTreeSet<&'a Group> {
        self.used().map(|it| &it.video.group).collect()
    }

    fn try_plan(self, n_folds: u32) -> anyhow::Result<FoldPlan> {
        let n_groups = self.groups().len();
        ensure!(
            n_groups >= n_folds as usize,
            Exit::Integrity,
            "too_few_groups: {} beside the test split {} too few for {n_folds} folds",
            count(n_groups, "group"),
            verb(n_groups, "is", "are")
        );
        let mut plan = FoldPlan {
            fold_of: fold_groups(&self.candidates(), n_folds, self.hyper.seed),
            n_folds,
            chooses_epoch: self.hyper.validation > 0.0,
        };
        if plan.chooses_epoch && self.check(&plan).is_err() {
            plan.chooses_epoch = false;
        }
        self.check(&plan)?;
        Ok(plan)
    }

    /// Whether each fold's model can be trained, and be judged on what it has learnt.
    fn check(self, plan: &FoldPlan) -> anyhow::Result<()> {
        let mut all: BTreeSet<Name> = self.used().map(|it| it.video.label.clone()).collect();
        all.extend(labels_of(&self.dataset.classes));
        for number in 1..=plan.n_folds {
            let fold = format!("fold {number} of {}", plan.n_folds);
            let part = self.part(plan, number).with_context(|| fold.clone())?;
            leakage::check_split(&part).with_context(|| fold.clone())?;
            let learnt = labels_of(&part.classes);
            let missing = all.iter().find(|label| !learnt.contains(label));
            if let Some(label) = missing {
                wo_cli::bail!(Exit::Integrity, "{fold}: no other fold shows {label}");
            }
        }
        Ok(())
    }

    /// The dataset of one fold: it is the test split, and the others are trained on.
    pub(crate) fn part(self, plan: &FoldPlan, number: u32) -> anyhow::Result<Dataset> {
        let splits = self.splits(plan, number);
        let split_of = |it: &Example| splits.get(&it.video.group).copied().unwrap_or(Split::Test);
        let mut part = self.dataset.resplit(split_of)?;
        captions::settle(&mut part, self.tokenizer).exit_or(Exit::Integrity)?;
        Ok(part)
    }

    /// The split of each group that fold `number` is not judged on.
    fn splits(self, plan: &FoldPlan, number: u32) -> BTreeMap<Group, Split> {
        let mut others = self.candidates();
        others.retain(|it| plan.fold_of.get(&it.group) != Some(&number));
        if plan.chooses_epoch {
            let (validation, test) = (self.hyper.validation, self.hyper.test);
            return hold_out(&others, validation / (1.0 - test), self.hyper.seed);
        }
        let groups = others.into_iter().map(|it| (it.group, Split::Train));
        groups.collect()
    }

    /// The videos of the folds: all but the test split.
    fn used(self) -> impl Iterator<Item = &'a Example> {
        let is_used = |it: &&Example| !it.is_part && it.video.split != Split::Test;
        self.dataset.examples.iter().filter(is_used)
    }

    fn candidates(self) -> Vec<Candidate> {
        let candidate = |it: &Example| Candidate {
            group: it.video.group.clone(),
            exercise: it.video.exercise.clone(),
            label: it.video.label.clone(),
        };
        self.used().map(candidate).collect()
    }

    /// The label that the fewest groups show, and how many.
    fn rarest_label(self) -> Option<(&'a Name, usize)> {
        let mut groups: BTreeMap<&Name, BTreeSet<&Group>> = BTreeMap::new();
        for example in self.used() {
            let of_label = groups.entry(&example.video.label).or_default();
            of_label.insert(&example.video.group);
        }
        let counts = groups
            .into_iter()
            .map(|(label, groups)| (label, groups.len()));
        counts.min_by_key(|(_, n_groups)| *n_groups)
    }

    /// The plan in sentences.
    pub(crate) fn in_words(self, plan: &FoldPlan) -> Vec<String> {
        let mut sizes = BTreeMap::new();
        for fold in plan.fold_of.values() {
            *sizes.entry(fold).or_insert(0) += 1;
        }
        let sizes: Vec<String> = sizes.values().map(i32::to_string).collect();
        let epoch = match self.rarest_label() {
            _ if plan.chooses_epoch => {
                "each model chooses its epoch on some of the groups of the other folds".to_owned()
            }
            Some((label, n_groups)) if self.hyper.validation > 0.0 => format!(
                "each model keeps its last epoch, since {label} is shown by {}, too few to choose one on",
                count(n_groups, "group")
            ),
            _ => "each model keeps its last epoch".to_owned(),
        };
        let mut lines = vec![format!(
            "{} folds of {} groups; {epoch}",
            plan.n_folds,
            sizes.join(", ")
        )];
        let unlearnt = self.shown_by_one_group();
        if !unlearnt.is_empty() {
            lines.push(format!(
                "shown by one group only, so that the model that judges it has not learnt it: {}",
                named(&unlearnt)
            ));
        }
        lines
    }

    /// Labels of an exercise that one group shows.
    fn shown_by_one_group(self) -> Vec<String> {
        let mut groups: BTreeMap<(&Name, &Name), BTreeSet<&Group>> = BTreeMap::new();
        for Example { video, .. } in self.used() {
            let of_cell = groups.entry((&video.exercise, &video.label)).or_default();
            of_cell.insert(&video.group);
        }
        groups.retain(|_, groups| groups.len() == 1);
        let cells = groups.into_keys();
        cells
            .map(|(exercise, label)| format!("{exercise}/{label}"))
            .collect()
    }
}

impl FoldPlan {
    pub(crate) fn n_folds(&self) -> u32 {
        self.n_folds
    }

    /// The videos of `part` that fold `number` is judged on.
    pub(crate) fn judged<'p>(&self, part: &'p Dataset, number: u32) -> Vec<&'p Example> {
        let mut judged = part.of(Split::Test);
        judged.retain(|it| self.fold_of.get(&it.video.group) == Some(&number));
        judged
    }
}
