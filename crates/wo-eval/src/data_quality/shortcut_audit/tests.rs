use super::*;
use crate::fixtures::{classes, squat};
use crate::judge::facts::RepetitionTimes;
use crate::judge::prediction::GroundTruth;

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

fn audit_of(videos: &[Prediction]) -> Vec<Audit> {
    let videos: Vec<&Prediction> = videos.iter().collect();
    audit(&videos, &LabelSpace::new(&classes()), 0)
}

fn found(records: &[Audit], probe: &Probe) -> Audit {
    let mut of_probe = records.iter().filter(|it| it.probe == *probe);
    of_probe.next().expect("the probe").clone()
}

fn noise(n: usize) -> f64 {
    ((n * 7919 + 13) % 101) as f64
}

#[test]
fn a_length_that_gives_the_label_away_fails() {
    let planted = videos(|person, truth| 3000.0 + 2000.0 * truth as f64 + noise(person));
    let records = audit_of(&planted);
    assert_eq!(
        found(&records, &Probe::Duration).verdict,
        AuditVerdict::Fail
    );
    let all = found(&records, &Probe::All);
    assert_eq!(
        (all.verdict, all.scope.as_str()),
        (AuditVerdict::Fail, "all")
    );
    assert_eq!(all.model, Some(0.9));
}

#[test]
fn a_length_that_says_nothing_is_not_found_and_would_have_been() {
    let clean = videos(|person, truth| 3000.0 + 10.0 * noise(2 * person + truth));
    let records = audit_of(&clean);
    let duration = found(&records, &Probe::Duration);
    assert_eq!(duration.verdict, AuditVerdict::Pass, "{duration:?}");
    let all = found(&records, &Probe::All);
    assert_eq!(all.verdict, AuditVerdict::Pass);
    assert!(all.detectable.is_some_and(|it| it < 0.75), "{all:?}");
    // There is one exercise and one source.
    assert_eq!(all.detectable_in_part, None);
    // Of five persons nothing can be said.
    let few = audit_of(&clean[..10]);
    assert_eq!(found(&few, &Probe::All).verdict, AuditVerdict::CannotTell);
}

#[test]
fn slow_repetitions_are_no_shortcut_and_padding_is() {
    let told = |tempo: f64, padding: f64| {
        let mut videos = videos(|person, truth| 5000.0 + 2000.0 * truth as f64 + noise(person));
        for (place, video) in videos.iter_mut().enumerate() {
            let label = (place % 2) as f64;
            video.facts.times = Some(RepetitionTimes {
                tempo_ms: 2000.0 + tempo * label + noise(place),
                padding_ms: 1000.0 + padding * label + noise(3 * place),
            });
        }
        let records = audit_of(&videos);
        assert!(records.iter().all(|it| it.probe != Probe::Duration));
        records
    };
    let slow = told(2000.0, 0.0);
    let tempo = found(&slow, &Probe::Tempo);
    assert_eq!(tempo.verdict, AuditVerdict::Information);
    assert!(tempo.value.is_some_and(|it| it > 0.9), "{tempo:?}");
    assert_eq!(found(&slow, &Probe::All).verdict, AuditVerdict::Pass);
    let padded = told(0.0, 2000.0);
    assert_eq!(found(&padded, &Probe::Padding).verdict, AuditVerdict::Fail);
}

#[test]
fn a_source_in_which_the_length_tells_is_named() {
    let mut videos = videos(|person, truth| {
        let is_there = person % 2 == 1;
        let longer = if is_there { 3000.0 * truth as f64 } else { 0.0 };
        3000.0 + longer + 20.0 * noise(2 * person + truth)
    });
    videos.truncate(80);
    for video in &mut videos {
        let person: usize = video.video_id[..3].parse().expect("a number");
        let source = format!("gym{}", person % 2);
        video.facts.fields.insert("source_id".to_owned(), source);
    }
    let records = audit_of(&videos);
    let of_length = |it: &&Audit| it.probe == Probe::Duration && it.verdict >= AuditVerdict::Warn;
    let found: Vec<&str> = records
        .iter()
        .filter(of_length)
        .map(|it| it.scope.as_str())
        .collect();
    let is_named = found
        .iter()
        .any(|it| ["all", "source_id=gym1"].contains(it));
    assert!(is_named, "{records:?}");
}

#[test]
fn an_exercise_that_is_always_bad_fails_a_model_that_knows_no_more() {
    let mut videos = videos(|person, truth| 3000.0 + 10.0 * noise(2 * person + truth));
    for (place, video) in videos.iter_mut().enumerate() {
        let label = place % 2;
        video.top.label = label;
        video.ground_truth = GroundTruth::Scored {
            label,
            exercise: Some(label),
        };
    }
    let records = audit_of(&videos);
    assert_eq!(
        found(&records, &Probe::Exercise).verdict,
        AuditVerdict::Fail
    );
    let all = found(&records, &Probe::All);
    assert_eq!((all.value, all.verdict), (Some(1.0), AuditVerdict::Fail));
}

#[test]
fn what_never_differs_is_not_probed() {
    assert_eq!(audit_of(&videos(|_, _| 3000.0)), []);
}

#[test]
fn a_few_videos_are_not_probed() {
    let few = videos(|_, truth| 1000.0 * truth as f64);
    assert_eq!(audit_of(&few[..6]), []);
}

#[test]
fn why_there_is_no_audit_is_said() {
    let videos: Vec<Prediction> = (0..20).map(|i| squat(i, i % 2, i % 2, 1000.0)).collect();
    let all: Vec<&Prediction> = videos.iter().collect();
    assert!(audit_of(&videos).is_empty());
    assert!(without_audit(&all).contains("the videos have no field that a probe uses"));
    assert!(without_audit(&all[..9]).contains("fewer than 10"));
    let good: Vec<&Prediction> = videos.iter().filter(|it| it.truth() == Some(1)).collect();
    assert!(without_audit(&good).contains("the same label"));
}
