use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::folds::folds;

/// Videos of persons who each show both labels of each exercise.
struct Videos {
    groups: Vec<usize>,
    truth: Vec<usize>,
    predicted: Vec<usize>,
    exercises: Vec<usize>,
    sources: Vec<usize>,
    folds: Vec<usize>,
}

impl Videos {
    /// Of so many persons and exercises; the model errs in one of ten.
    fn of(n_groups: usize, n_exercises: usize) -> Self {
        let n = n_groups * n_exercises * 2;
        let groups: Vec<usize> = (0..n).map(|video| video / (2 * n_exercises)).collect();
        let truth: Vec<usize> = (0..n).map(|video| video % 2).collect();
        let wrong = |video: usize| usize::from(video * 7 % 10 == 0);
        Self {
            predicted: (0..n).map(|it| (truth[it] + wrong(it)) % 2).collect(),
            exercises: (0..n).map(|video| video / 2 % n_exercises).collect(),
            sources: groups.iter().map(|group| group % 4).collect(),
            folds: folds(&groups, &truth, 5, 1).unwrap(),
            groups,
            truth,
        }
    }

    fn data(&self) -> AuditData<'_> {
        AuditData {
            groups: &self.groups,
            persons: &self.groups,
            truth: &self.truth,
            predicted: &self.predicted,
            exercises: &self.exercises,
            sources: &self.sources,
            folds: &self.folds,
            folds_of_persons: &self.folds,
            n_classes: 2,
        }
    }

    /// A probe that sees noise, and so much of what `shortcut` is of a video.
    fn probe(&self, shortcut: impl Fn(usize) -> f64) -> ProbeFeatures {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let row = |video| vec![shortcut(video) + noise(&mut random)];
        ProbeFeatures {
            rows: (0..self.truth.len()).map(row).collect(),
            compared: Compared::WithinExercises,
        }
    }

    /// A probe that sees the exercise.
    fn exercise_probe(&self) -> ProbeFeatures {
        let row = |exercise: &usize| vec![*exercise as f64];
        ProbeFeatures {
            rows: self.exercises.iter().map(row).collect(),
            compared: Compared::Exercises,
        }
    }

    fn audit(&self, probes: &[ProbeFeatures]) -> Audit {
        audit(&self.data(), probes, MIN_PERMUTATIONS, &Bootstrap::new(0)).unwrap()
    }
}

fn noise(random: &mut impl Rng) -> f64 {
    (0..12).map(|_| random.random_range(0.0..1.0)).sum::<f64>() - 6.0
}

fn verdicts(audit: &Audit) -> Vec<(AuditScope, AuditOutcome)> {
    let each = audit.probes.iter();
    each.map(|it| (it.scope, it.verdict)).collect()
}

#[test]
fn a_shortcut_that_has_most_of_the_skill_fails() {
    let videos = Videos::of(40, 1);
    let label = |strength: f64| {
        let truth = videos.truth.clone();
        videos.probe(move |video| strength * truth[video] as f64)
    };
    let found = videos.audit(&[label(5.0), label(1.2), label(0.0)]);
    let expected = [AuditOutcome::Fail, AuditOutcome::Warn, AuditOutcome::Pass];
    assert_eq!(
        verdicts(&found),
        expected.map(|verdict| (AuditScope::All, verdict))
    );
    assert_eq!(found.verdict, AuditOutcome::Fail);
    assert!(found.probes[0].share.unwrap() > 0.9);
    assert_eq!(found.probes[0].p_value, Some(0.01));
    assert!(found.probes[2].p_value.unwrap() > 0.05);
    // Of forty persons with two videos each.
    let detectable = found.detectable.unwrap();
    assert!((0.6..0.75).contains(&detectable), "{detectable}");
}

#[test]
fn a_few_videos_cannot_tell() {
    // Five persons with a video of each label: labels can change places in 32 ways.
    let videos = Videos::of(5, 1);
    let found = videos.audit(&[videos.probe(|_| 0.0)]);
    assert_eq!(found.verdict, AuditOutcome::CannotTell);
    assert_eq!(found.detectable, None);
    let many = Videos::of(40, 1);
    let data = many.data();
    let untested = audit(&data, &[many.probe(|_| 0.0)], 20, &Bootstrap::new(0)).unwrap();
    assert_eq!(untested.verdict, AuditOutcome::CannotTell);
    assert_eq!(
        (untested.detectable, untested.probes[0].p_value),
        (None, None)
    );
}

#[test]
fn a_probe_that_is_better_than_the_model_does_not_pass() {
    let mut videos = Videos::of(40, 1);
    // Wrong on every second video, of whatever label.
    videos.predicted = (0..80).map(|video| video / 2 % 2).collect();
    let truth = videos.truth.clone();
    let found = videos.audit(&[videos.probe(move |video| 1.2 * truth[video] as f64)]);
    let probe = found.probes[0];
    assert!(probe.is_better_than_model, "{probe:?}");
    assert_eq!((probe.share, probe.share_interval), (None, None));
    assert_eq!(probe.verdict, AuditOutcome::Warn);
    assert_eq!(probe.model.value, Some(0.5));
}

#[test]
fn a_length_that_means_another_label_in_each_exercise_is_found() {
    let videos = Videos::of(40, 2);
    let probe = videos.probe(|video| {
        let sign = if video / 2 % 2 == 0 { 1.0 } else { -1.0 };
        2.0 * sign * (video % 2) as f64
    });
    let found = videos.audit(&[probe]);
    let scopes: Vec<AuditScope> = found.probes.iter().map(|it| it.scope).collect();
    assert!(scopes.contains(&AuditScope::EachExercise), "{scopes:?}");
    assert!(scopes.contains(&AuditScope::Exercise(1)), "{scopes:?}");
    assert!(found.verdict >= AuditOutcome::Warn, "{found:?}");
    assert!(found.probes[0].verdict < AuditOutcome::Warn);
}

#[test]
fn a_shortcut_of_one_source_is_found() {
    let videos = Videos::of(80, 1);
    let probe = videos.probe(|video| {
        let is_there = f64::from(u8::from(video / 2 % 4 == 1));
        4.0 * is_there * (video % 2) as f64
    });
    let found = videos.audit(&[probe]);
    let one = found
        .probes
        .iter()
        .find(|it| it.scope == AuditScope::Source(1));
    assert!(
        one.is_some_and(|it| it.verdict >= AuditOutcome::Warn)
            || found.probes[0].verdict >= AuditOutcome::Warn,
        "{found:?}"
    );
}

#[test]
fn an_exercise_that_is_always_bad_is_a_shortcut_and_a_longer_one_is_none() {
    let mut videos = Videos::of(40, 2);
    let length = videos.probe(|video| 5.0 * (video / 2 % 2) as f64);
    // The first exercise is mostly bad, the second mostly good.
    let rarely = |video: usize| video % 9 == 0;
    let truth = |video: usize| (video / 2 + usize::from(rarely(video))) % 2;
    videos.truth = (0..160).map(truth).collect();
    let found = |videos: &Videos| {
        let found = videos.audit(&[length.clone(), videos.exercise_probe()]);
        assert!(found.probes[0].verdict < AuditOutcome::Warn, "{found:?}");
        found.verdict
    };
    // A model that knows the exercise alone, and one that knows form as well.
    videos.predicted = videos.exercises.clone();
    assert_eq!(found(&videos), AuditOutcome::Fail);
    videos.predicted = videos.truth.clone();
    assert_eq!(found(&videos), AuditOutcome::Warn);
}

#[test]
fn what_does_not_fit_is_refused() {
    let videos = Videos::of(8, 1);
    let of = |data: &AuditData<'_>, probes: &[ProbeFeatures]| {
        audit(data, probes, MIN_PERMUTATIONS, &Bootstrap::new(0))
    };
    assert_eq!(of(&videos.data(), &[]), None);
    let mut short = videos.probe(|_| 0.0);
    short.rows.pop();
    assert_eq!(of(&videos.data(), &[short]), None);
    let one_label = AuditData {
        truth: &[0; 16],
        ..videos.data()
    };
    assert_eq!(of(&one_label, &[videos.probe(|_| 0.0)]), None);
}
