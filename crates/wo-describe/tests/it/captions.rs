//! The captions table that ships: what the classes of all descriptions must keep to.

use std::collections::{BTreeMap, BTreeSet};

use wo_label::Captions;
use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

/// Each class that the shipped table tells apart, with its phrasings.
fn shipped_classes() -> BTreeMap<String, Vec<String>> {
    let captions = Captions::embedded();
    let (good, bad, unclear) = (
        Name::new(GOOD_FORM),
        Name::new(BAD_FORM),
        Name::new(UNCLEAR),
    );
    let mut classes = BTreeMap::new();
    for exercise in captions.exercises() {
        classes.insert(
            format!("{exercise} good"),
            captions.all_phrasings(exercise, &good, &[]),
        );
        classes.insert(
            format!("{exercise} bad"),
            captions.all_phrasings(exercise, &bad, &[]),
        );
        classes.insert(
            format!("{exercise} unclear"),
            captions.all_phrasings(exercise, &unclear, &[]),
        );
        let faults: Vec<Name> = captions.faults_of(exercise).into_iter().cloned().collect();
        for (i, fault) in faults.iter().enumerate() {
            let one = captions.all_phrasings(exercise, &bad, std::slice::from_ref(fault));
            classes.insert(format!("{exercise} {fault}"), one);
            for other in &faults[i + 1..] {
                let two = captions.all_phrasings(exercise, &bad, &[fault.clone(), other.clone()]);
                classes.insert(format!("{exercise} {fault} {other}"), two);
            }
        }
    }
    classes
}

#[test]
fn the_table_has_the_faults_that_others_rely_on() {
    let captions = Captions::embedded();
    let wanted = [
        ("squat", ["knees_cave", "chest_collapses", "shallow_depth"]),
        (
            "deadlift",
            ["rounded_back", "hips_rise_first", "bar_drifts_away"],
        ),
        ("bench_press", ["elbows_flared", "hips_lift", "uneven_bar"]),
        ("barbell_row", ["rounded_back", "too_upright", "short_pull"]),
        (
            "overhead_press",
            ["back_arches", "bar_drifts_forward", "partial_lockout"],
        ),
    ];
    assert_eq!(captions.exercises().count(), wanted.len());
    for (exercise, faults) in wanted {
        let known = captions.faults_of(&Name::new(exercise));
        assert!((6..=8).contains(&known.len()), "{exercise}: {known:?}");
        for fault in faults {
            assert!(known.contains(&&Name::new(fault)), "{exercise}: {fault}");
        }
    }
}

#[test]
fn each_fault_and_each_good_form_has_at_least_three_phrasings() {
    for (class, phrasings) in shipped_classes() {
        let distinct: BTreeSet<_> = phrasings.iter().collect();
        assert_eq!(distinct.len(), phrasings.len(), "{class}");
        if !class.ends_with(" bad") && !class.ends_with(" unclear") {
            assert!((3..=4).contains(&distinct.len()), "{class}: {distinct:?}");
        }
    }
}

#[test]
fn no_two_classes_share_a_phrasing() {
    let mut owner: BTreeMap<String, String> = BTreeMap::new();
    for (class, phrasings) in shipped_classes() {
        for phrasing in phrasings {
            if let Some(other) = owner.insert(phrasing.clone(), class.clone()) {
                panic!("{phrasing:?} is said of {class} and of {other}");
            }
        }
    }
    assert!(owner.len() > 500, "{}", owner.len());
}

#[test]
fn descriptions_are_short_and_plain() {
    for (class, phrasings) in shipped_classes() {
        for text in phrasings {
            let n_words = text.split_whitespace().count();
            let limit = if class.split(' ').count() > 2 { 40 } else { 30 };
            assert!((3..=limit).contains(&n_words), "{n_words} words: {text}");
            assert!(
                text.chars()
                    .all(|c| c.is_ascii_lowercase() || " ,:".contains(c)),
                "{text}"
            );
            assert!(!text.contains("  "), "{text}");
        }
    }
}
