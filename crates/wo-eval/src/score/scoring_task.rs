//! One question to several predictors, answered by the figures of each with their intervals.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::{Confusion, Group, Name, Score, UNCLEAR};
use wo_stats::{
    Bootstrap, Estimate, Figure, Interval, Panel, Ranking, Unit as Said, at_most_missed,
    smallest_detectable, unanimous,
};

use crate::judge::label_space::Answers;
use crate::judge::prediction::Prediction;
use crate::score::evaluation::Evaluation;
use crate::score::key::{LABEL, MODEL, VIDEO, gain_over};

/// One thing to be right or wrong about.
pub(crate) struct Unit<'a> {
    pub(crate) group: &'a Group,
    pub(crate) truth: usize,
    /// What each predictor says, the model first; the same predictors for all units.
    pub(crate) said: Vec<(&'static str, usize)>,
    /// The model's probability of each class, where areas are asked for; else empty.
    pub(crate) probabilities: &'a [f64],
}

/// Units that are scored together.
pub(crate) struct Question<'a> {
    pub(crate) task: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) scope: String,
    pub(crate) classes: &'a [Name],
    pub(crate) units: Vec<Unit<'a>>,
}

impl Question<'_> {
    /// Adds the records of this question.
    pub(crate) fn answer(&self, seed: u64, evaluation: &mut Evaluation) {
        let panel = self.panel();
        let figures = Figure::all(self.classes.len());
        let bootstrap = Bootstrap::new(seed);
        let compared = panel.compare(&figures, &bootstrap);
        let predictors = self.predictors();
        let n_groups = panel.n_groups();
        for (place, scores) in compared.scores.iter().enumerate() {
            let scores = figures.iter().zip(scores);
            let told = scores.filter(|(figure, _)| !self.is_of_unclear(**figure));
            let records = told.filter_map(|(figure, it)| self.figure_of(place, *figure, it));
            evaluation.scores.extend(records);
        }
        let balanced = figures
            .iter()
            .position(|it| *it == Figure::BalancedAccuracy);
        for (baseline, gains) in predictors.iter().zip(&compared.gains).skip(1) {
            if let Some(gain) = balanced.and_then(|place| gains.get(place)) {
                let name = gain_over(baseline);
                evaluation
                    .scores
                    .push(self.score(MODEL, &name, None, gain, n_groups));
            }
        }
        self.areas(&bootstrap, evaluation);
        evaluation.confusions.push(Confusion {
            task: self.task.to_owned(),
            unit: self.unit.to_owned(),
            scope: self.scope.clone(),
            classes: self.classes.to_vec(),
            counts: panel.counts().into_iter().next().unwrap_or_default(),
        });
    }

    /// One figure of the model, where there are units.
    pub(crate) fn figure(&self, figure: Figure, seed: u64) -> Option<Score> {
        let panel = self.panel();
        let compared = panel.compare(&[figure], &Bootstrap::new(seed));
        self.figure_of(0, figure, compared.scores.first()?.first()?)
    }

    /// A figure of one predictor, with the units that it rests on: of a class those of that class alone.
    fn figure_of(&self, predictor: usize, figure: Figure, estimate: &Estimate) -> Option<Score> {
        let by = *self.predictors().get(predictor)?;
        let class = figure.class().and_then(|class| self.classes.get(class));
        let units = self.units.iter();
        let told = units.map(|it| (it.group, it.truth, it.said.get(predictor).map(|it| it.1)));
        let (n, n_groups) = counted_units(figure, told);
        let mut score = Score {
            n,
            ..self.score(by, figure.name(), class, estimate, n_groups)
        };
        if by == MODEL {
            match figure {
                Figure::MacroF1 => {}
                Figure::BalancedAccuracy => self.widen_balanced(&mut score),
                _ => widen(&mut score),
            }
        }
        Some(score)
    }

    /// The same of a mean of recalls, where no class or all of one was got wrong: what may have been missed is of the class
    /// of which there are fewest groups.
    fn widen_balanced(&self, score: &mut Score) {
        let mut of_class: BTreeMap<usize, BTreeSet<&Group>> = BTreeMap::new();
        for unit in &self.units {
            of_class.entry(unit.truth).or_default().insert(unit.group);
        }
        let Some(fewest) = of_class.values().map(BTreeSet::len).min() else {
            return;
        };
        let missed = at_most_missed(fewest) / of_class.len() as f64;
        if score.n_groups < 2 || score.high > score.low {
            return;
        }
        let ends = match score.value {
            Some(value) if value >= 1.0 => (1.0 - missed, 1.0),
            Some(value) if value <= 0.0 => (0.0, missed),
            _ => return,
        };
        (score.low, score.high) = (Some(ends.0), Some(ends.1));
        (score.bca_low, score.bca_high) = (None, None);
    }

    /// No video is `unclear` as videos are good or bad.
    fn is_of_unclear(&self, figure: Figure) -> bool {
        let class = figure.class().and_then(|class| self.classes.get(class));
        class.is_some_and(|class| class.as_str() == UNCLEAR)
    }

    fn panel(&self) -> Panel {
        let units = self.units.iter().map(|unit| Said {
            group: unit.group,
            truth: unit.truth,
            said: unit.said.iter().map(|(_, class)| *class).collect(),
        });
        Panel::new(&units.collect::<Vec<_>>(), self.classes.len())
    }

    /// How well the model's probabilities rank units, for each class: the areas under the ROC and precision–recall curves.
    fn areas(&self, bootstrap: &Bootstrap, evaluation: &mut Evaluation) {
        let mut distinct: Vec<&Group> = self.units.iter().map(|unit| unit.group).collect();
        distinct.sort();
        distinct.dedup();
        let groups: Vec<usize> = self
            .units
            .iter()
            .filter_map(|unit| distinct.binary_search(&unit.group).ok())
            .collect();
        let classes = self.classes.iter().enumerate();
        for (class, name) in classes.filter(|(_, name)| name.as_str() != UNCLEAR) {
            let scores: Vec<f64> = self
                .units
                .iter()
                .filter_map(|unit| unit.probabilities.get(class).copied())
                .collect();
            let is_of: Vec<bool> = self.units.iter().map(|unit| unit.truth == class).collect();
            let Some(ranking) = Ranking::new(&scores, &is_of, &groups) else {
                continue;
            };
            let estimates = bootstrap.estimates(ranking.n_groups(), |drawn| {
                vec![ranking.roc_auc(drawn), ranking.average_precision(drawn)]
            });
            for (figure, estimate) in ["roc_auc", "average_precision"].iter().zip(&estimates) {
                evaluation.scores.push(self.score(
                    MODEL,
                    figure,
                    Some(name),
                    estimate,
                    distinct.len(),
                ));
            }
        }
    }

    fn score(
        &self,
        by: &str,
        name: &str,
        class: Option<&Name>,
        estimate: &Estimate,
        n_groups: usize,
    ) -> Score {
        let end = |of: fn(Interval) -> f64| estimate.intervals.percentile.map(of);
        let bca = |of: fn(Interval) -> f64| estimate.intervals.bca.map(of);
        Score {
            task: self.task.to_owned(),
            by: by.to_owned(),
            unit: self.unit.to_owned(),
            scope: self.scope.clone(),
            name: name.to_owned(),
            class: class.cloned(),
            value: estimate.value,
            low: end(|it| it.low),
            high: end(|it| it.high),
            bca_low: bca(|it| it.low),
            bca_high: bca(|it| it.high),
            detectable: smallest_detectable(estimate.intervals.standard_error),
            n: self.units.len() as u64,
            n_groups: n_groups as u64,
        }
    }

    /// Who says something, the model first.
    fn predictors(&self) -> Vec<&'static str> {
        let said = self.units.first().map(|unit| &unit.said);
        said.into_iter().flatten().map(|&(by, _)| by).collect()
    }
}

/// How many units a figure rests on, and of how many groups: a recall on those of its class, a precision on those that are
/// said to be of it, an F1 on both. Of each unit its group, its true class and what is said of it.
pub(crate) fn counted_units<'a>(
    figure: Figure,
    units: impl Iterator<Item = (&'a Group, usize, Option<usize>)>,
) -> (u64, usize) {
    let counts = |truth: usize, said: Option<usize>| match figure {
        Figure::Recall(class) => truth == class,
        Figure::Precision(class) => said == Some(class),
        Figure::F1(class) => truth == class || said == Some(class),
        Figure::Accuracy | Figure::BalancedAccuracy | Figure::MacroF1 => true,
    };
    let counted = units.filter(|(_, truth, said)| counts(*truth, *said));
    let groups: Vec<&Group> = counted.map(|(group, ..)| group).collect();
    let distinct: BTreeSet<&Group> = groups.iter().copied().collect();
    (groups.len() as u64, distinct.len())
}

/// A share that all groups agree on has an interval without width, since the bootstrap draws only what was seen.
/// That of the rule of three takes its place; one group alone has none.
fn widen(score: &mut Score) {
    let (Some(value), Some(low), Some(high)) = (score.value, score.low, score.high) else {
        return;
    };
    if high > low {
        return;
    }
    let groups = score.n_groups as usize;
    let is_share = value <= 0.0 || value >= 1.0;
    if groups >= 2 && !is_share {
        return;
    }
    let ends = unanimous(value, groups);
    (score.low, score.high) = (ends.map(|it| it.low), ends.map(|it| it.high));
    (score.bca_low, score.bca_high) = (None, None);
}

/// One figure of labels in a scope of its own: of each video with a label, what is said of it. `None` without such videos.
pub(crate) fn label_figure<'a>(
    said: impl Iterator<Item = (&'a Prediction, usize)>,
    figure: Figure,
    scope: String,
    answers: &Answers,
    seed: u64,
) -> Option<Score> {
    let units = said.filter_map(|(video, label)| {
        Some(Unit {
            group: &video.group,
            truth: video.truth()?,
            said: vec![(MODEL, label)],
            probabilities: &[],
        })
    });
    let question = Question {
        task: LABEL,
        unit: VIDEO,
        scope,
        classes: &answers.labels,
        units: units.collect(),
    };
    question.figure(figure, seed)
}
