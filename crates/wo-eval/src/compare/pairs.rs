//! Which videos the two are compared on: those that both predicted and neither has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wo_cli::{Exit, bail, count, ensure, verb};
use wo_record::{Group, components};

use crate::judge::prediction::Prediction;

/// Fails where no held-out video is left, and where a video is seen by one of the two only. Videos seen by both are
/// excluded.
pub(crate) fn reject_seen(sides: &[Vec<Prediction>; 2], paths: [&Path; 2]) -> anyhow::Result<()> {
    for (predictions, path) in sides.iter().zip(paths) {
        let n_seen = predictions.iter().filter(|it| it.seen).count();
        if n_seen >= predictions.len().max(1) {
            bail!(
                Exit::Integrity,
                "{} was trained or chosen on all {n_seen} labelled videos or their groups: no held-out video is left",
                path.display()
            );
        }
    }
    let seen = |predictions: &[Prediction]| -> BTreeSet<String> {
        let seen = predictions.iter().filter(|it| it.seen);
        seen.map(|it| it.video_id.clone()).collect()
    };
    let [candidate, champion] = [seen(&sides[0]), seen(&sides[1])];
    let only_one: Vec<&String> = candidate.symmetric_difference(&champion).collect();
    if let Some(first) = only_one.first() {
        bail!(
            Exit::Integrity,
            "{} {} seen in training by one model only, such as {first}: comparing on them is unfair",
            count(only_one.len(), "video"),
            verb(only_one.len(), "was", "were");
            "compare on videos that are held out for both"
        );
    }
    Ok(())
}

/// What both predict, in one order.
#[derive(Debug)]
pub(crate) struct SameVideos {
    pub(crate) sides: [Vec<Prediction>; 2],
    /// How many labelled videos only one of the two predicts.
    pub(crate) n_apart: usize,
}

/// The predictions of both for the videos that neither has seen.
pub(crate) fn same_videos(sides: [Vec<Prediction>; 2]) -> anyhow::Result<SameVideos> {
    let by_id = |predictions: Vec<Prediction>| -> BTreeMap<String, Prediction> {
        let unseen = predictions
            .into_iter()
            .filter(|it| !it.seen && it.truth().is_some());
        unseen.map(|it| (it.video_id.clone(), it)).collect()
    };
    let n_seen = sides[0].iter().filter(|it| it.seen).count() as u64;
    if n_seen > 0 {
        wo_cli::warn!(
            "{} excluded: both models were trained or chosen on them, their groups or the same images",
            count(n_seen, "video")
        );
    }
    let [mut candidate, mut champion] = sides.map(by_id);
    let n_apart = candidate
        .keys()
        .filter(|id| !champion.contains_key(*id))
        .count()
        + champion
            .keys()
            .filter(|id| !candidate.contains_key(*id))
            .count();
    if n_apart > 0 {
        wo_cli::warn!(
            "{} excluded: predicted by one of the two only",
            count(n_apart as u64, "video")
        );
    }
    candidate.retain(|id, _| champion.contains_key(id));
    champion.retain(|id, _| candidate.contains_key(id));
    if candidate.is_empty() {
        bail!(
            Exit::Integrity,
            "no labelled video has a prediction of both"
        );
    }
    for (id, prediction) in &candidate {
        let other = champion.get(id);
        ensure!(
            other.is_some_and(|other| {
                let exercises = other.true_exercise().zip(prediction.true_exercise());
                other.truth() == prediction.truth()
                    && exercises.is_none_or(|(one, other)| one == other)
                    && can_be_one(prediction, other)
            }),
            Exit::Integrity,
            "the two disagree on the label, the exercise or the group of video {id}: they were not made from the same data"
        );
    }
    let mut sides = [candidate, champion].map(|it| it.into_values().collect::<Vec<_>>());
    join_groups_of_both(&mut sides);
    share_what_is_seen(&mut sides);
    Ok(SameVideos { sides, n_apart })
}

/// Whether what the two know of who is in a video, and where, has something in common.
fn can_be_one(prediction: &Prediction, other: &Prediction) -> bool {
    let [keys, others] = [prediction, other].map(|it| &it.provenance.keys);
    keys.is_empty() || others.is_empty() || keys.iter().any(|key| others.contains(key))
}

/// Gives both sides what either knows of the training: a video is new to both, or it is not known to be new.
fn share_what_is_seen([candidate, champion]: &mut [Vec<Prediction>; 2]) {
    for (one, other) in candidate.iter_mut().zip(champion) {
        let (one, other) = (&mut one.provenance, &mut other.provenance);
        let is_known = one.is_seen_known && other.is_seen_known;
        let keys: BTreeSet<Group> = one
            .seen_keys
            .iter()
            .chain(&other.seen_keys)
            .cloned()
            .collect();
        for provenance in [one, other] {
            provenance.is_seen_known = is_known;
            provenance.seen_keys = keys.iter().cloned().collect();
        }
    }
}

/// Gives the same videos the same groups on both sides: those that either joins are one.
fn join_groups_of_both([candidate, champion]: &mut [Vec<Prediction>; 2]) {
    let both = || candidate.iter().zip(champion.iter());
    let keys: Vec<Vec<Group>> = both()
        .map(|(one, other)| {
            let groups = [&one.group, &other.group].into_iter();
            let joining = one.provenance.joining.iter();
            let all = groups.chain(joining).chain(&other.provenance.joining);
            all.cloned().collect()
        })
        .collect();
    let both = candidate.iter_mut().zip(champion.iter_mut());
    for ((one, other), group) in both.zip(components(&keys)) {
        one.group.clone_from(&group);
        other.group = group;
    }
}
