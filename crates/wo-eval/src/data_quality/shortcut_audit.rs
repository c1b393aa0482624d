//! Shortcut audit: how much of the model's skill do probes reach that see one shortcut each? They are cross-validated
//! over groups.

mod probes;

use std::cmp::Ordering;

use wo_record::{Audit, AuditVerdict, Name, Probe};
use wo_stats::{
    Audit as Found, AuditData, AuditOutcome, AuditScope, Audited, Bootstrap, MIN_PERMUTATIONS,
    ProbeFeatures, audit as audited, folds, numbered,
};

use crate::data_quality::shortcut_audit::probes::{probes, source, source_key, tempo_probe};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;

/// Folds of the probes, where predictions bring none.
const N_FOLDS: usize = 5;
/// Fewer videos than this are not worth probing.
const MIN_VIDEOS: usize = 10;

/// Videos as numbers, in the order of predictions.
struct Numbers {
    groups: Vec<usize>,
    persons: Vec<usize>,
    truth: Vec<usize>,
    predicted: Vec<usize>,
    exercises: Vec<usize>,
    sources: Vec<usize>,
    folds: Vec<usize>,
    folds_of_persons: Vec<usize>,
    n_classes: usize,
}

/// Each probe, then the worst of them as `all`. Empty if there is too little data.
pub(crate) fn audit(videos: &[&Prediction], space: &LabelSpace, seed: u64) -> Vec<Audit> {
    let Some(numbers) = Numbers::of(videos, space.labels.len(), seed) else {
        return Vec::new();
    };
    let (names, features): (Vec<Probe>, Vec<ProbeFeatures>) = probes(videos).into_iter().unzip();
    let bootstrap = Bootstrap::new(seed);
    let Some(found) = audited(&numbers.data(), &features, MIN_PERMUTATIONS, &bootstrap) else {
        return Vec::new();
    };
    let of_probe = |probe: &Audited| Audit {
        scope: scope(probe.scope, videos, &numbers, space),
        ..record(
            names.get(probe.probe).cloned().unwrap_or(Probe::All),
            probe,
            &found,
        )
    };
    let mut records: Vec<Audit> = found.probes.iter().map(of_probe).collect();
    let worst = records.iter().max_by(|a, b| by_severity(a, b)).cloned();
    if let Some((name, features)) = tempo_probe(videos) {
        records.extend(information(name, features, &numbers, &bootstrap));
    }
    records.extend(worst.map(|worst| Audit {
        probe: Probe::All,
        detectable: found.detectable,
        detectable_in_part: found.detectable_in_part,
        ..worst
    }));
    records
}

/// How well a probe does that may see form: it is tested against nothing.
fn information(
    name: Probe,
    features: ProbeFeatures,
    numbers: &Numbers,
    bootstrap: &Bootstrap,
) -> Option<Audit> {
    let found = audited(&numbers.data(), &[features], 0, bootstrap)?;
    let probe = found.probes.first()?;
    Some(Audit {
        verdict: AuditVerdict::Information,
        ..record(name, probe, &found)
    })
}

impl Numbers {
    /// `None` for too few videos or groups, or a video without a label.
    fn of(videos: &[&Prediction], n_classes: usize, seed: u64) -> Option<Self> {
        let truth: Vec<usize> = videos.iter().filter_map(|it| it.truth()).collect();
        if truth.len() != videos.len() || videos.len() < MIN_VIDEOS {
            return None;
        }
        let (groups, n_groups) = numbered(videos.iter().map(|it| &it.group));
        let fold = |it: &&Prediction| it.fold.map(|fold| fold as usize);
        let of_predictions: Option<Vec<usize>> = videos.iter().map(fold).collect();
        let folds =
            of_predictions.or_else(|| folds(&groups, &truth, N_FOLDS.min(n_groups), seed))?;
        // Without names of persons, a group may be one.
        let person = |it: &&Prediction| {
            let person = it.provenance.person().unwrap_or(&it.group);
            person.clone()
        };
        let (persons, n_persons) = numbered(videos.iter().map(person));
        let of_persons = self::folds(&persons, &truth, N_FOLDS.min(n_persons), seed);
        Some(Self {
            folds_of_persons: of_persons.unwrap_or_else(|| folds.clone()),
            groups,
            persons,
            truth,
            predicted: videos.iter().map(|it| it.top.label).collect(),
            exercises: numbered(videos.iter().map(|it| it.true_exercise())).0,
            sources: numbered(videos.iter().map(|it| source_key(it))).0,
            folds,
            n_classes,
        })
    }

    fn data(&self) -> AuditData<'_> {
        AuditData {
            groups: &self.groups,
            persons: &self.persons,
            truth: &self.truth,
            predicted: &self.predicted,
            exercises: &self.exercises,
            sources: &self.sources,
            folds: &self.folds,
            folds_of_persons: &self.folds_of_persons,
            n_classes: self.n_classes,
        }
    }
}

/// The scope as records have it.
fn scope(
    scope: AuditScope,
    videos: &[&Prediction],
    numbers: &Numbers,
    space: &LabelSpace,
) -> String {
    let first = |all: &[usize], number| {
        let place = all.iter().position(|it| *it == number)?;
        videos.get(place)
    };
    let exercise = |number| {
        let exercise = first(&numbers.exercises, number)?.true_exercise()?;
        space.exercises.get(exercise).map(Name::to_string)
    };
    match scope {
        AuditScope::All => "all".to_owned(),
        AuditScope::EachExercise => "each_exercise".to_owned(),
        AuditScope::EachSource => "each_source".to_owned(),
        AuditScope::Exercise(number) => exercise(number).unwrap_or_default(),
        AuditScope::Source(number) => {
            let name = first(&numbers.sources, number).map_or("", |it| source(it));
            format!("source_id={name}")
        }
    }
}

/// The record of a probe in all videos.
fn record(probe: Probe, it: &Audited, found: &Found) -> Audit {
    let estimate = &it.balanced_accuracy;
    Audit {
        probe,
        scope: "all".to_owned(),
        verdict: match it.verdict {
            AuditOutcome::Pass => AuditVerdict::Pass,
            AuditOutcome::CannotTell => AuditVerdict::CannotTell,
            AuditOutcome::Warn => AuditVerdict::Warn,
            AuditOutcome::Fail => AuditVerdict::Fail,
        },
        value: estimate.value,
        low: estimate.intervals.interval.map(|it| it.low),
        high: estimate.intervals.interval.map(|it| it.high),
        model: it.model.value,
        better_than_model: it.is_better_than_model,
        p_value: it.p_value,
        detectable: found.detectable.filter(|_| it.scope == AuditScope::All),
        detectable_in_part: None,
        share: it.share,
        share_low: it.share_interval.map(|it| it.low),
        share_high: it.share_interval.map(|it| it.high),
        n: it.n as u64,
        n_groups: it.n_groups as u64,
    }
}

/// By verdict, then those that are better than the model, then by balanced accuracy.
fn by_severity(a: &Audit, b: &Audit) -> Ordering {
    let rank = |it: &Audit| match it.verdict {
        AuditVerdict::Fail => 3,
        AuditVerdict::Warn => 2,
        AuditVerdict::CannotTell => 1,
        _ => 0,
    };
    let key = |it: &Audit| (rank(it), it.better_than_model);
    let by_value = a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0));
    key(a).cmp(&key(b)).then(by_value)
}

/// Why these videos have no audit.
pub(crate) fn without_audit(videos: &[&Prediction]) -> String {
    let labels = numbered(videos.iter().map(|it| it.truth())).1;
    let why = if videos.len() < MIN_VIDEOS {
        format!("there are fewer than {MIN_VIDEOS} held-out videos with a label")
    } else if labels < 2 {
        "all held-out videos have the same label".to_owned()
    } else if probes(videos).is_empty() {
        "the videos have no field that a probe uses, or the same value everywhere (`video` records in the same \
         stream would give durations, files and sources)"
            .to_owned()
    } else {
        "there are too few groups to hold some out".to_owned()
    };
    format!("no shortcut audit: {why}")
}

#[cfg(test)]
mod tests;
