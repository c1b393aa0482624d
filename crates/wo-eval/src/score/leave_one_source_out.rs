//! Leave one source out: for each source, a linear head on the model's features is fitted to the other sources.

use wo_record::Predictor;
use wo_stats::{Metric, Probe, ProbeData, balanced_weights};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::key::Scope;
use crate::score::measurement::{Measurement, worst_first};
use crate::score::scoring_task::label_metric;

/// Sources with fewer videos are skipped.
const MIN_VIDEOS: usize = 3;
/// Penalty of the heads: scikit-learn's C.
const INVERSE_PENALTY: f64 = 1.0;

/// The accuracy on each held-out source, lowest first. People of the source are held out with it. Empty with fewer than
/// two sources.
pub(crate) fn leave_one_source_out(
    videos: &[&Prediction],
    space: &LabelSpace,
    seed: u64,
) -> Vec<Measurement> {
    let source = |it: &Prediction| it.facts.fields.get("source_id").cloned();
    let mut sources: Vec<String> = videos.iter().filter_map(|it| source(it)).collect();
    sources.sort();
    sources.dedup();
    if sources.len() < 2 {
        return Vec::new();
    }
    let mut scores: Vec<Measurement> = sources
        .iter()
        .filter_map(|source_out| {
            let (inside, others): (Vec<&Prediction>, Vec<&Prediction>) = videos
                .iter()
                .partition(|it| source(it).as_ref() == Some(source_out));
            let is_known = |it: &&Prediction| inside.iter().any(|other| other.group == it.group);
            let others: Vec<&Prediction> = others.into_iter().filter(|it| !is_known(it)).collect();
            let predicted = judged(&others, &inside, space.labels.len())?;
            let scope = Scope::Part {
                field: "left_out_source".to_owned(),
                value: source_out.clone(),
            };
            let mut score =
                label_metric(predicted.into_iter(), Metric::Accuracy, scope, space, seed)?;
            // The head predicts, not the model.
            score.key.by = Predictor::LinearProbe;
            Some(score)
        })
        .collect();
    worst_first(&mut scores);
    scores
}

/// Predictions of a head fitted to `others`.
fn judged<'a>(
    others: &[&Prediction],
    unseen: &[&'a Prediction],
    n_classes: usize,
) -> Option<Vec<(&'a Prediction, usize)>> {
    let features = |it: &Prediction| it.regions.as_ref()?.whole.clone();
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    for video in others {
        if let (Some(row), Some(label)) = (features(video), video.truth()) {
            rows.push(row);
            classes.push(label);
        }
    }
    if unseen.len() < MIN_VIDEOS || classes.iter().all(|it| Some(it) == classes.first()) {
        return None;
    }
    let probe = Probe::fit(
        &ProbeData {
            features: &rows,
            classes: &classes,
            weights: &balanced_weights(&classes),
            n_classes,
        },
        INVERSE_PENALTY,
    )?;
    let predicted = unseen
        .iter()
        .filter_map(|video| Some((*video, probe.predict(&features(video)?))));
    Some(predicted.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, squat};
    use crate::judge::region_features::RegionFeatures;

    /// In three gyms the first number tells the label, in the fourth its opposite.
    fn videos() -> Vec<Prediction> {
        (0..40)
            .map(|person| {
                let (truth, gym) = (person % 2, person / 10);
                let mut video = squat(person, truth, truth, 1000.0);
                let tells = if gym == 3 { 1 - truth } else { truth };
                video.regions = Some(RegionFeatures {
                    whole: Some(vec![tells as f64, (person % 7) as f64 / 7.0]),
                    first_frame: Vec::new(),
                    background: None,
                    appearance: None,
                });
                let fields = &mut video.facts.fields;
                fields.insert("source_id".to_owned(), format!("gym{gym}"));
                video
            })
            .collect()
    }

    #[test]
    fn a_source_of_another_kind_is_found_out() {
        let videos = videos();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let scores = leave_one_source_out(&videos, &LabelSpace::new(&classes()), 0);
        let found: Vec<_> = scores
            .iter()
            .map(|it| (it.key.scope.to_string(), it.value))
            .collect();
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], ("left_out_source=gym3".to_owned(), Some(0.0)));
        assert!(
            found[1..].iter().all(|(_, value)| *value == Some(1.0)),
            "{found:?}"
        );
        assert!(
            scores
                .iter()
                .all(|it| it.key.by == Predictor::LinearProbe && it.n == 10)
        );
    }

    #[test]
    fn one_source_cannot_be_left_out() {
        let mut videos = videos();
        videos.truncate(10);
        let space = LabelSpace::new(&classes());
        assert_eq!(
            leave_one_source_out(&videos.iter().collect::<Vec<_>>(), &space, 0),
            []
        );
    }
}
