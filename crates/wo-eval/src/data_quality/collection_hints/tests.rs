use wo_record::Refit as Seen;

use super::*;
use crate::fixtures::{classes, squat, training};

fn trained_on() -> Vec<SplitVideo> {
    let mut videos = training();
    for video in videos
        .iter_mut()
        .filter(|it| it.label.as_str() == "bad_form")
    {
        video.faults = vec!["knees_cave".into()];
    }
    videos[0].faults = vec!["rounded_back".into()];
    videos
}

fn curve() -> LearningCurve {
    let at = |videos_a_class: f64| Seen {
        videos_a_class,
        value: 0.95 - 0.5 * videos_a_class.powf(-0.5),
    };
    LearningCurve {
        method: "linear_probe".to_owned(),
        refits: [4.0, 4.0, 8.0, 8.0, 16.0, 16.0].map(at).to_vec(),
        expected: Vec::new(),
        test_error: 0.02,
        n: 10,
        n_groups: 5,
    }
}

#[test]
fn what_is_judged_wrong_and_seldom_shown_comes_first() {
    let space = LabelSpace::new(&classes());
    // Videos of bad form with a rounded back are all judged good, those with caving knees all bad.
    let videos: Vec<Prediction> = (0..20)
        .map(|person| {
            let mut video = squat(person, 0, person % 2, 1000.0);
            let fault = if person % 2 == 0 {
                "knees_cave"
            } else {
                "rounded_back"
            };
            video.faults = vec![fault.into()];
            video
        })
        .collect();
    let videos: Vec<&Prediction> = videos.iter().collect();
    let found = collection_hints(&videos, &space, &trained_on(), Some(&curve()), 0);
    let first = &found[0];
    assert_eq!(first.fault.as_ref().map(Name::as_str), Some("rounded_back"));
    assert_eq!((first.rank, first.n_videos, first.n_groups), (1, 1, 1));
    assert_eq!((first.recall, found.len()), (Some(0.0), 3));
    let [low, gain, high] = [first.gain_low, first.gain, first.gain_high].map(Option::unwrap);
    assert!(
        0.0 < low && low <= gain && gain <= high && gain < 0.5 && high < 0.75,
        "{first:?}"
    );
    let good = found.iter().find(|it| it.fault.is_none()).unwrap();
    assert_eq!((good.label.as_str(), good.recall), ("good_form", None));
}

#[test]
fn all_gains_together_are_no_more_than_the_errors_there_are() {
    let space = LabelSpace::new(&classes());
    // Of forty videos one is judged wrong, of a kind that training hardly shows.
    let mut videos: Vec<Prediction> = (0..40)
        .map(|person| squat(person, person % 2, person % 2, 1000.0))
        .collect();
    for video in videos.iter_mut().step_by(2) {
        video.faults = vec!["knees_cave".into()];
    }
    videos[0] = squat(0, 0, 1, 1000.0);
    videos[0].faults = vec!["half_range".into()];
    let videos: Vec<&Prediction> = videos.iter().collect();
    let found = collection_hints(&videos, &space, &trained_on(), Some(&curve()), 0);
    let first = &found[0];
    assert_eq!(first.fault.as_ref().map(Name::as_str), Some("half_range"));
    assert_eq!((first.n_videos, first.recall), (0, Some(0.0)));
    let gains = found.iter().filter_map(|it| it.gain);
    let error = 0.5 / 20.0;
    assert!(gains.sum::<f64>() <= error, "{found:?}");
    for hint in &found {
        let [low, gain, high] =
            [hint.gain_low, hint.gain, hint.gain_high].map(|it| it.expect("a number"));
        assert!(low <= gain && gain <= high, "{hint:?}");
    }
    // No good video was judged wrong, which does not mean that none will be.
    let good = found.iter().find(|it| it.label.as_str() == "good_form");
    let good = good.expect("good form");
    assert_eq!(good.gain, Some(0.0));
    assert!(good.gain_high > Some(0.0), "{good:?}");
}

#[test]
fn an_angle_that_a_fault_was_never_filmed_from_is_named() {
    let mut trained_on = trained_on();
    for (video, angle) in trained_on
        .iter_mut()
        .zip(["front", "side", "side", "side", "side"])
    {
        video.angle = Some(angle.into());
    }
    let found = collection_hints(&[], &LabelSpace::new(&classes()), &trained_on, None, 0);
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|it| it.gain.is_none()));
    let unfilmed: Vec<_> = found
        .iter()
        .filter(|it| it.n_videos == 0)
        .map(|it| (it.label.as_str(), it.angle.as_deref()))
        .collect();
    assert!(
        unfilmed.contains(&("good_form", Some("front"))),
        "{unfilmed:?}"
    );
    assert_eq!(found[0].n_videos, 0);
}

#[test]
fn an_exercise_that_is_hardly_filmed_is_named_beside_one_with_many_kinds() {
    // Squats from six angles with two faults; of each of four others a single video of bad form.
    let video = |number: usize, exercise: &str, label: &str| {
        let mut video = training().swap_remove(0);
        video.video_id = format!("v{number}");
        (video.exercise, video.label) = (exercise.into(), label.into());
        video
    };
    let mut trained_on: Vec<SplitVideo> = Vec::new();
    for number in 0..36 {
        let label = if number % 3 == 0 {
            "good_form"
        } else {
            "bad_form"
        };
        let mut squat = video(number, "squat", label);
        squat.angle = Some(format!("angle {}", number / 3 % 6).into());
        let faults = ["knees_cave", "rounded_back"];
        if let Some(fault) = (number % 3).checked_sub(1) {
            squat.faults = vec![faults[fault].into()];
        }
        trained_on.push(squat);
    }
    for (number, exercise) in ["deadlift", "lunge", "plank", "row"].iter().enumerate() {
        trained_on.push(video(100 + number, exercise, "bad_form"));
    }
    // Squats are judged wrong as often as right, so that they promise most.
    let judged: Vec<Prediction> = (0..20)
        .map(|person| squat(person, person % 2, person / 2 % 2, 1000.0))
        .collect();
    let judged: Vec<&Prediction> = judged.iter().collect();
    for curve in [None, Some(&curve())] {
        let found = collection_hints(&judged, &LabelSpace::new(&classes()), &trained_on, curve, 0);
        let exercises: BTreeSet<&str> = found
            .iter()
            .take(5)
            .map(|it| it.exercise.as_str())
            .collect();
        assert_eq!(exercises.len(), 5, "{found:?}");
        assert_eq!(found.len(), MAX_HINTS);
        assert!(found.iter().map(|it| it.rank).eq(1..=10), "{found:?}");
        let row = found.iter().find(|it| it.exercise.as_str() == "row");
        let row = row.expect("a row is named");
        assert_eq!((row.label.as_str(), &row.fault), ("bad_form", &None));
    }
}
