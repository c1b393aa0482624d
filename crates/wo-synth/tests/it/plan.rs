//! The plan hands nobody the label for free.

use std::collections::{BTreeMap, BTreeSet};

use wo_synth::{Exercise, PlanOptions, VideoSpec, plan};

fn videos(seed: u64, n_videos_per_class: u32) -> Vec<VideoSpec> {
    plan(&PlanOptions {
        seed,
        exercises: Exercise::ALL.to_vec(),
        n_videos_per_class,
        n_persons: None,
    })
}

fn is_bad(spec: &VideoSpec) -> bool {
    spec.fault().is_some()
}

#[test]
fn different_seeds_share_no_person_scene_or_camera() {
    let ids = |seed| -> BTreeSet<String> {
        videos(seed, 4)
            .into_iter()
            .flat_map(|spec| [spec.person.id, spec.scene.id, spec.camera.id])
            .collect()
    };
    assert!(ids(1).is_disjoint(&ids(11)));
}

#[test]
fn labels_are_even_and_faults_cycle() {
    let specs = videos(3, 12);
    let mut counts = BTreeMap::new();
    for spec in &specs {
        *counts.entry((spec.exercise, spec.fault())).or_insert(0) += 1;
    }
    for exercise in Exercise::ALL {
        assert_eq!(counts[&(exercise, None)], 12);
        for fault in exercise.faults() {
            assert_eq!(counts[&(exercise, Some(fault))], 4);
        }
    }
}

#[test]
fn a_person_does_several_exercises_and_both_labels() {
    for n_videos_per_class in [4, 12, 40] {
        let mut seen: BTreeMap<String, (BTreeSet<Exercise>, BTreeSet<bool>)> = BTreeMap::new();
        for spec in videos(5, n_videos_per_class) {
            let (exercises, labels) = seen.entry(spec.person.id.clone()).or_default();
            exercises.insert(spec.exercise);
            labels.insert(is_bad(&spec));
        }
        let wanted = (10 * n_videos_per_class / 4).max(8) as usize;
        assert_eq!(seen.len(), wanted);
        for (person, (exercises, labels)) in seen {
            assert!(
                exercises.len() >= 2 && labels.len() == 2,
                "{person}: {exercises:?} {labels:?}"
            );
        }
    }
}

#[test]
fn a_scene_has_one_person_and_numbers_interleave() {
    let specs = videos(6, 20);
    let mut person_of = BTreeMap::new();
    for spec in &specs {
        assert_eq!(
            person_of.entry(&spec.scene.id).or_insert(&spec.person.id),
            &&spec.person.id
        );
    }
    let squats: Vec<bool> = specs
        .iter()
        .filter(|s| s.exercise == Exercise::Squat)
        .map(is_bad)
        .collect();
    let n_changes = squats.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(
        (10..30).contains(&n_changes),
        "{n_changes} changes of the label in 40 numbers"
    );
}

#[test]
fn videos_are_as_promised() {
    for spec in videos(8, 40) {
        let tempo = &spec.tempo;
        assert!(
            (5.0..=15.0).contains(&tempo.duration_s),
            "{}",
            tempo.duration_s
        );
        assert!((1..=4).contains(&tempo.n_reps()));
        assert!(spec.width % 2 == 0 && spec.height % 2 == 0);
        let n_rest = (0..tempo.n_frames())
            .filter(|f| tempo.phase_at(*f as f32 / 30.0) < 0.1)
            .count();
        let rest = n_rest as f32 / tempo.n_frames() as f32;
        assert!(rest < 0.27, "{rest} of the time at rest");
        assert!(tempo.phase_at(0.0) < 0.01 && tempo.phase_at(tempo.duration_s) < 0.02);
    }
}

/// Balanced accuracy of the answers.
fn balanced_accuracy(answers: impl Iterator<Item = (bool, bool)>) -> f64 {
    let mut right = [0.0; 2];
    let mut all = [0.0; 2];
    for (truth, answer) in answers {
        all[usize::from(truth)] += 1.0;
        right[usize::from(truth)] += f64::from(u8::from(truth == answer));
    }
    f64::midpoint(right[0] / all[0], right[1] / all[1])
}

/// The better of the two halves' roles: learn on one, answer on the other, mean of both ways.
fn leave_half_out(
    specs: &[VideoSpec],
    learn: impl Fn(&[&VideoSpec]) -> Box<dyn Fn(&VideoSpec) -> bool>,
) -> f64 {
    let halves = [0, 1].map(|half| -> Vec<&VideoSpec> {
        specs
            .iter()
            .enumerate()
            .filter(|(i, _)| i % 2 == half)
            .map(|(_, spec)| spec)
            .collect()
    });
    let way = |from: &[&VideoSpec], on: &[&VideoSpec]| {
        let answer = learn(from);
        balanced_accuracy(on.iter().map(|spec| (is_bad(spec), answer(spec))))
    };
    f64::midpoint(way(&halves[0], &halves[1]), way(&halves[1], &halves[0]))
}

#[test]
fn the_best_threshold_on_duration_does_not_find_the_label() {
    let specs = videos(9, 40);
    let accuracy = leave_half_out(&specs, |from| {
        let mut best = (0.0, 0.0, true);
        for candidate in from {
            let threshold = candidate.tempo.duration_s;
            for longer_is_bad in [true, false] {
                let answers = from
                    .iter()
                    .map(|s| (is_bad(s), (s.tempo.duration_s > threshold) == longer_is_bad));
                let accuracy = balanced_accuracy(answers);
                if accuracy > best.0 {
                    best = (accuracy, threshold, longer_is_bad);
                }
            }
        }
        let (_, threshold, longer_is_bad) = best;
        Box::new(move |spec| (spec.tempo.duration_s > threshold) == longer_is_bad)
    });
    assert!((accuracy - 0.5).abs() < 0.1, "{accuracy}");
}

fn metadata(spec: &VideoSpec) -> [f64; 8] {
    [
        f64::from(spec.tempo.duration_s),
        f64::from(spec.width),
        f64::from(spec.height),
        f64::from(spec.tempo.n_reps()),
        f64::from(spec.encoding.quantizer),
        f64::from(spec.camera.azimuth_deg.abs()),
        f64::from(spec.camera.distance_m),
        f64::from(spec.person.body.height),
    ]
}

#[test]
fn the_nearest_mean_of_metadata_does_not_find_the_label() {
    let specs = videos(10, 40);
    let accuracy = leave_half_out(&specs, |from| {
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let column = |k: usize, keep: &dyn Fn(&VideoSpec) -> bool| -> Vec<f64> {
            from.iter()
                .filter(|s| keep(s))
                .map(|s| metadata(s)[k])
                .collect()
        };
        let means: [[f64; 8]; 2] = [false, true]
            .map(|bad| std::array::from_fn(|k| mean_of(&column(k, &|s| is_bad(s) == bad))));
        let spread: [f64; 8] = std::array::from_fn(|k| {
            let all = column(k, &|_| true);
            let mean = mean_of(&all);
            mean_of(&all.iter().map(|v| (v - mean).powi(2)).collect::<Vec<_>>()).sqrt()
        });
        Box::new(move |spec| {
            let values = metadata(spec);
            let [good, bad] = means.map(|mean| {
                (0..8)
                    .map(|k| ((values[k] - mean[k]) / spread[k]).powi(2))
                    .sum::<f64>()
            });
            bad < good
        })
    });
    assert!((accuracy - 0.5).abs() < 0.1, "{accuracy}");
}
