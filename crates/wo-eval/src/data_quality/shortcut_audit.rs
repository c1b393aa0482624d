//! Shortcut audit: how much of the model's skill do probes reach that see one shortcut each? They are cross-validated
//! over groups.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use wo_record::{Audit, AuditVerdict, Probe};
use wo_stats::{
    AuditOutcome, Audited, Bootstrap, Evidence, MIN_PERMUTATIONS, ProbeData, Sample,
    audit as audited, balanced_weights, folds, numbered,
};

use crate::judge::facts::Facts;
use crate::judge::label_space::most_probable;
use crate::judge::prediction::Prediction;

/// Folds of the probes, where predictions bring none.
const N_FOLDS: usize = 5;
/// Penalty of the probes: scikit-learn's C.
const INVERSE_PENALTY: f64 = 0.1;
/// Fewer videos than this are not worth probing.
const MIN_VIDEOS: usize = 10;
/// Distinct values of a field that get a feature, most frequent first.
const MAX_WORDS: usize = 32;

/// A probe's features of each video.
type Rows = Vec<Vec<f64>>;

/// Each probe, then the worst of them as `all`. Empty if there is too little data.
pub(crate) fn audit(videos: &[&Prediction], n_labels: usize, seed: u64) -> Vec<Audit> {
    let truth: Vec<usize> = videos.iter().filter_map(|it| it.truth()).collect();
    if truth.len() != videos.len() || videos.len() < MIN_VIDEOS {
        return Vec::new();
    }
    let (groups, n_groups) = numbered(videos.iter().map(|it| &it.group));
    let of_predictions: Option<Vec<usize>> = videos
        .iter()
        .map(|it| it.fold.map(|fold| fold as usize))
        .collect();
    let n_folds = N_FOLDS.min(n_groups);
    let Some(folds) = of_predictions.or_else(|| folds(&groups, &truth, n_folds, seed)) else {
        return Vec::new();
    };
    let probes = probes(videos);
    if probes.is_empty() {
        return Vec::new();
    }
    let refit = |labels: &[usize]| -> Vec<Vec<Vec<f64>>> {
        let of_probe = |(_, rows): &(Probe, Rows)| out_of_fold(rows, labels, &folds, n_labels);
        probes.iter().map(of_probe).collect()
    };
    let predicted = refit(&truth);
    let evidence = Evidence::gather(&truth, &groups, &predicted, MIN_PERMUTATIONS, seed, refit);
    let samples = samples(videos, &truth, &predicted);
    let Some(found) = audited(&samples, n_labels, &evidence, &Bootstrap::new(seed)) else {
        return Vec::new();
    };
    let of_probe = |((name, _), probe): (&(Probe, Rows), &Audited)| Audit {
        n: videos.len() as u64,
        n_groups: n_groups as u64,
        ..record(name.clone(), probe)
    };
    let mut records: Vec<Audit> = probes.iter().zip(&found.probes).map(of_probe).collect();
    let worst = records.iter().max_by(|a, b| by_severity(a, b)).cloned();
    records.extend(worst.map(|worst| Audit {
        probe: Probe::All,
        verdict: verdict_of(found.verdict),
        ..worst
    }));
    records
}

/// What the model, then each probe predicts of each video.
fn samples<'a>(
    videos: &[&'a Prediction],
    truth: &[usize],
    predicted: &[Vec<Vec<f64>>],
) -> Vec<Sample<'a>> {
    let of_video = |(place, (video, truth)): (usize, (&&'a Prediction, &usize))| {
        let of_probes = predicted.iter().filter_map(|of_probe| {
            let probabilities = of_probe.get(place)?.iter().copied();
            Some(most_probable(probabilities)?.0)
        });
        Sample {
            group: &video.group,
            truth: *truth,
            predicted: std::iter::once(video.top.label).chain(of_probes).collect(),
        }
    };
    videos.iter().zip(truth).enumerate().map(of_video).collect()
}

/// The record of a probe, without its counts.
fn record(probe: Probe, found: &Audited) -> Audit {
    let estimate = &found.balanced_accuracy;
    Audit {
        probe,
        verdict: verdict_of(found.verdict),
        value: estimate.value,
        low: estimate.intervals.interval.map(|it| it.low),
        high: estimate.intervals.interval.map(|it| it.high),
        p_value: found.p_value,
        share: found.share,
        share_low: found.share_interval.map(|it| it.low),
        share_high: found.share_interval.map(|it| it.high),
        n: 0,
        n_groups: 0,
    }
}

/// Failed probes after warnings, and those after passes; within each by balanced accuracy.
fn by_severity(a: &Audit, b: &Audit) -> Ordering {
    let rank = |it: &Audit| match it.verdict {
        AuditVerdict::Fail => 2,
        AuditVerdict::Warn => 1,
        _ => 0,
    };
    let by_value = a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0));
    rank(a).cmp(&rank(b)).then(by_value)
}

/// Why these videos have no audit.
pub(crate) fn without_audit(videos: &[&Prediction]) -> String {
    let why = if videos.len() < MIN_VIDEOS {
        format!("there are fewer than {MIN_VIDEOS} held-out videos with a label")
    } else if probes(videos).is_empty() {
        "the videos have no field that a probe uses, or the same value everywhere (`video` records in the same \
         stream would give durations, files and sources)"
            .to_owned()
    } else {
        "there are too few groups to hold some out".to_owned()
    };
    format!("no shortcut audit: {why}")
}

fn verdict_of(verdict: AuditOutcome) -> AuditVerdict {
    match verdict {
        AuditOutcome::Pass | AuditOutcome::Untested => AuditVerdict::Pass,
        AuditOutcome::Warn => AuditVerdict::Warn,
        AuditOutcome::Fail => AuditVerdict::Fail,
    }
}

/// The probes whose features vary among these videos.
fn probes(videos: &[&Prediction]) -> Vec<(Probe, Rows)> {
    let rows =
        |of: &dyn Fn(&Prediction) -> Vec<f64>| -> Rows { videos.iter().map(|it| of(it)).collect() };
    let length = |it: &Prediction| vec![it.duration_ms.map_or(f64::NAN, f64::ln_1p)];
    let mut container = rows(&|it| it.facts.container.clone());
    let formats = one_hot(videos.iter().map(|it| it.facts.format.as_str()));
    for (row, format) in container.iter_mut().zip(formats) {
        row.extend(format);
    }
    let source = one_hot(videos.iter().map(|it| {
        let source = it.facts.fields.get("source_id");
        source.map_or("", String::as_str)
    }));
    let width = |of: fn(&Prediction) -> Option<&Vec<f64>>| {
        videos.iter().find_map(|it| of(it)).map_or(0, Vec::len)
    };
    let sight = |of: fn(&Prediction) -> Option<&Vec<f64>>| -> Rows {
        let unknown = vec![f64::NAN; width(of)];
        let row = |it: &&Prediction| of(it).cloned().unwrap_or_else(|| unknown.clone());
        videos.iter().map(row).collect()
    };
    let all = [
        (Probe::Duration, rows(&length)),
        (Probe::Container, container),
        (Probe::Source, source),
        (Probe::Quality, rows(&|it| quality_features(&it.facts))),
        (
            Probe::Background,
            sight(|it| it.regions.as_ref().and_then(|it| it.background.as_ref())),
        ),
        (
            Probe::FirstFrame,
            sight(|it| it.regions.as_ref().map(|it| &it.first_frame)),
        ),
    ];
    all.into_iter().filter(|(_, rows)| varies(rows)).collect()
}

/// Sharpness, whose logarithm is closer to normal, brightness and contrast. Not motion, which is the lifter's: half a squat
/// moves less.
fn quality_features(facts: &Facts) -> Vec<f64> {
    let numbers = [
        facts.sharpness.map(f64::ln_1p),
        facts.brightness,
        facts.contrast,
    ];
    numbers.map(|it| it.unwrap_or(f64::NAN)).to_vec()
}

/// Whether anything differs between videos.
fn varies(rows: &Rows) -> bool {
    let n_columns = rows.first().map_or(0, Vec::len);
    (0..n_columns).any(|column| {
        let mut known = rows
            .iter()
            .filter_map(|row| row.get(column).copied())
            .filter(|number| number.is_finite());
        let first = known.next();
        first.is_some_and(|first| known.any(|number| number.to_bits() != first.to_bits()))
    })
}

fn one_hot<'a>(words: impl Iterator<Item = &'a str>) -> Rows {
    let words: Vec<&str> = words.collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in &words {
        *counts.entry(word).or_default() += 1;
    }
    let mut frequent: Vec<(&str, usize)> = counts.into_iter().collect();
    frequent.sort_by_key(|&(word, n)| (std::cmp::Reverse(n), word));
    frequent.truncate(MAX_WORDS);
    words
        .iter()
        .map(|word| {
            let is_it = |(other, _): &(&str, usize)| f64::from(u8::from(word == other));
            frequent.iter().map(is_it).collect()
        })
        .collect()
}

/// How probable each label of each video is to probes that were fitted to the other folds.
fn out_of_fold(rows: &Rows, labels: &[usize], folds: &[usize], n_labels: usize) -> Vec<Vec<f64>> {
    let mut predicted = vec![Vec::new(); rows.len()];
    let mut distinct = folds.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    for held_out in distinct {
        let (mut features, mut classes) = (Vec::new(), Vec::new());
        for ((row, &label), &fold) in rows.iter().zip(labels).zip(folds) {
            if fold != held_out {
                features.push(row.clone());
                classes.push(label);
            }
        }
        let weights = balanced_weights(&classes);
        let data = ProbeData {
            features: &features,
            classes: &classes,
            weights: &weights,
            n_classes: n_labels,
        };
        let probe = wo_stats::Probe::fit(&data, INVERSE_PENALTY);
        for ((predicted, row), _) in predicted
            .iter_mut()
            .zip(rows)
            .zip(folds)
            .filter(|(_, fold)| **fold == held_out)
        {
            *predicted = match &probe {
                Some(probe) => probe.probabilities(row),
                // All others have one label.
                None => (0..n_labels)
                    .map(|label| f64::from(classes.first() == Some(&label)))
                    .collect(),
            };
        }
    }
    predicted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::squat;

    /// Forty persons with a good and a bad video each. The model is right on nine of ten.
    fn videos(duration_ms: impl Fn(usize, usize) -> f64) -> Vec<Prediction> {
        (0..80)
            .map(|i| {
                let (person, truth) = (i / 2, i % 2);
                let predicted = if i % 10 == 0 { 1 - truth } else { truth };
                squat(person, truth, predicted, duration_ms(person, truth))
            })
            .collect()
    }

    fn verdict(videos: &[Prediction], probe: &Probe) -> AuditVerdict {
        let records = audit(&videos.iter().collect::<Vec<_>>(), 2, 0);
        let found = records.into_iter().find(|it| it.probe == *probe);
        found.expect("the probe").verdict
    }

    fn noise(n: usize) -> f64 {
        ((n * 7919 + 13) % 101) as f64
    }

    #[test]
    fn a_length_that_gives_the_label_away_fails() {
        let planted = videos(|person, truth| 3000.0 + 2000.0 * truth as f64 + noise(person));
        assert_eq!(verdict(&planted, &Probe::Duration), AuditVerdict::Fail);
        assert_eq!(verdict(&planted, &Probe::All), AuditVerdict::Fail);
    }

    #[test]
    fn a_length_that_says_nothing_passes() {
        let clean = videos(|person, truth| 3000.0 + 10.0 * noise(2 * person + truth));
        assert_eq!(verdict(&clean, &Probe::Duration), AuditVerdict::Pass);
        assert_eq!(verdict(&clean, &Probe::All), AuditVerdict::Pass);
    }

    #[test]
    fn what_never_differs_is_not_probed() {
        let same = videos(|_, _| 3000.0);
        assert_eq!(audit(&same.iter().collect::<Vec<_>>(), 2, 0), []);
    }

    #[test]
    fn a_few_videos_are_not_probed() {
        let few = videos(|_, truth| 1000.0 * truth as f64);
        assert_eq!(audit(&few.iter().take(6).collect::<Vec<_>>(), 2, 0), []);
    }

    #[test]
    fn why_there_is_no_audit_is_said() {
        let videos: Vec<Prediction> = (0..20).map(|i| squat(i, i % 2, i % 2, 1000.0)).collect();
        let all: Vec<&Prediction> = videos.iter().collect();
        assert!(audit(&all, 2, 0).is_empty());
        assert!(without_audit(&all).contains("the videos have no field that a probe uses"));
        assert!(without_audit(&all[..9]).contains("fewer than 10"));
    }
}
