use wo_record::Name;

use super::*;
use crate::fixtures::{classes, evaluated, squat, training};
use crate::score::key::{Baseline, MetricName, ScoreKey};
use crate::score::measurement::Measurement;

fn score<'a>(evaluation: &'a Evaluation, key: &ScoreKey) -> &'a Measurement {
    evaluation.score(key).expect("a score")
}

fn of_model(name: MetricName) -> ScoreKey {
    ScoreKey::of_labels(name)
}

fn of_baseline(by: Predictor) -> ScoreKey {
    ScoreKey {
        by,
        ..of_model(MetricName::BalancedAccuracy)
    }
}

#[test]
fn a_perfect_model_beats_the_baselines() {
    let predictions: Vec<_> = (0..20)
        .map(|i| squat(i, i % 2, i % 2, 2000.0 + 100.0 * (i % 3) as f64))
        .collect();
    let evaluation = evaluated(&predictions);
    let model = score(&evaluation, &of_model(MetricName::BalancedAccuracy));
    // Of ten persons of a label none was got wrong: of others a quarter may be, of both labels at once a little less.
    let of_one = wo_stats::proportion(&[(1, 1); 10]).expect("ten groups").low;
    let low = model.low.expect("a lower end");
    assert!((0.74..0.75).contains(&of_one), "{of_one}");
    assert!(low > of_one && low < f64::midpoint(1.0, of_one), "{low}");
    assert_eq!((model.value, model.high), (Some(1.0), Some(1.0)));
    assert_eq!((model.n, model.n_groups), (20, 20));
    let majority = score(&evaluation, &of_baseline(Predictor::Majority));
    assert_eq!(
        (majority.value, majority.low, majority.high),
        (Some(0.5), Some(0.5), Some(0.5))
    );
    let gain = of_model(MetricName::GainOver(Baseline::Majority));
    let gain = score(&evaluation, &gain);
    assert_eq!(gain.value, Some(0.5));
    assert!(gain.low > Some(0.1) && gain.low < Some(0.5), "{gain:?}");
    let of_frames = ScoreKey {
        unit: Unit::Frame,
        ..of_model(MetricName::Accuracy)
    };
    assert_eq!(score(&evaluation, &of_frames).n, 40);
    // The scope of the one exercise has the same videos.
    let of_squats = ScoreKey {
        scope: Scope::Exercise(Whole::HeldOut, "squat".into()),
        ..of_model(MetricName::BalancedAccuracy)
    };
    assert_eq!(score(&evaluation, &of_squats).value, Some(1.0));
    assert_eq!(
        evaluation.confusions.first().map(|c| c.counts.clone()),
        Some(vec![vec![10, 0], vec![0, 10]])
    );
}

#[test]
fn chance_is_about_a_half_and_no_better_than_the_majority() {
    let predictions: Vec<_> = (0..40)
        .map(|i| squat(i, i % 2, (i / 2) % 2, 2000.0))
        .collect();
    let evaluation = evaluated(&predictions);
    assert_eq!(
        score(&evaluation, &of_model(MetricName::BalancedAccuracy)).value,
        Some(0.5)
    );
    let gain = score(
        &evaluation,
        &of_model(MetricName::GainOver(Baseline::Majority)),
    );
    assert!(
        gain.low.unwrap() < 0.0 && gain.high.unwrap() > 0.0,
        "{gain:?}"
    );
}

#[test]
fn length_alone_is_told_apart_from_form() {
    // The model says bad of all; the lengths of the held-out videos tell the label as those of training do.
    let predictions: Vec<_> = (0..20)
        .map(|i| squat(i, i % 2, 0, if i % 2 == 0 { 900.0 } else { 5000.0 }))
        .collect();
    let evaluation = evaluated(&predictions);
    assert_eq!(
        score(&evaluation, &of_baseline(Predictor::DurationOnly)).value,
        Some(1.0)
    );
    let gain = of_model(MetricName::GainOver(Baseline::DurationOnly));
    let gain = score(&evaluation, &gain);
    assert_eq!(gain.value, Some(-0.5));
    assert!(gain.low < Some(-0.5) && gain.high < Some(-0.1), "{gain:?}");
}

#[test]
fn one_group_has_figures_without_intervals() {
    let predictions: Vec<_> = (0..6).map(|i| squat(7, i % 2, i % 2, 2000.0)).collect();
    let evaluation = evaluated(&predictions);
    let model = score(&evaluation, &of_model(MetricName::BalancedAccuracy));
    assert_eq!(
        (model.value, model.low, model.high, model.n_groups),
        (Some(1.0), None, None, 1)
    );
}

#[test]
fn a_class_without_videos_is_undefined() {
    let evaluation = evaluated(&(0..4).map(|i| squat(i, 0, 0, 2000.0)).collect::<Vec<_>>());
    let recall = score(
        &evaluation,
        &ScoreKey {
            class: Some(Name::new("good_form")),
            ..of_model(MetricName::Recall)
        },
    );
    assert_eq!((recall.value, recall.low, recall.high), (None, None, None));
}

#[test]
fn what_cannot_be_right_is_not_scored() {
    let mut unclear = squat(0, 0, 0, 1000.0);
    unclear.ground_truth = GroundTruth::Unclear;
    let mut unknown = squat(1, 0, 0, 1000.0);
    unknown.ground_truth = GroundTruth::Unknown("dip".into());
    assert_eq!(
        evaluated(&[unclear.clone(), unknown.clone()]),
        Evaluation::default()
    );
    let evaluation = evaluated(&[unclear, unknown, squat(2, 0, 0, 1000.0)]);
    assert_eq!(score(&evaluation, &of_model(MetricName::Accuracy)).n, 1);
}

#[test]
fn baselines_see_the_training_videos_only() {
    let space = LabelSpace::new(&classes());
    let mut videos = training();
    for (idx, video) in videos.iter_mut().enumerate() {
        video.split = if idx == 0 {
            Split::Validation
        } else {
            Split::Test
        };
    }
    let baselines = Baselines::fit(&videos, &space);
    assert_eq!(
        baselines,
        Baselines {
            of_training: Fitted {
                label_majority: None,
                label_duration: None,
                exercise_majority: None
            },
            of_folds: BTreeMap::new()
        }
    );
    let prediction = squat(0, 0, 0, 1000.0);
    let evaluation = evaluate(&[&prediction], &space, &baselines, Whole::Seen, 0);
    let mut scores = evaluation.scores().iter();
    assert!(scores.clone().all(|it| it.key.by == Predictor::Model));
    assert!(scores.any(|it| it.record().scope == "seen/squat"));
}
