//! How far reviewers agree with each other and with themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use wo_record::{Judgement, Name};
use wo_stats::{Agreement, Rated, cohen, fleiss};

use crate::queue::is_disputed;
use crate::store::{Entry, Store};

/// An interval that rests on fewer videos than this looks surer than it is, and is not given.
const LEAST_VIDEOS: usize = 10;

/// What the page shows.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    rows: Vec<Figure>,
    disputed: Vec<Disputed>,
    /// Disputed frames that this person has not judged: what others said would sway them.
    n_hidden: usize,
}

/// One figure.
#[derive(Debug, PartialEq, Serialize)]
struct Figure {
    /// `all`, an exercise, or a fault.
    scope: String,
    /// `label` or `fault`.
    about: &'static str,
    /// Between whom.
    who: String,
    name: &'static str,
    kappa: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    observed: Option<f64>,
    n_frames: usize,
    n_videos: usize,
}

#[derive(Debug, Serialize)]
struct Disputed {
    id: u32,
    said: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Said {
    reviewer: String,
    label: Option<Name>,
    faults: Vec<Name>,
}

#[derive(Clone)]
/// What was said of one frame: by whom, in the order of the raters.
struct Case<'a> {
    video: u32,
    exercise: Option<&'a Name>,
    said: Vec<(u32, &'a Judgement)>,
}

/// All figures of a store, and the disputed frames that this person judged.
pub(crate) fn page(store: &Store, reviewer: u32) -> Page {
    let between = cases_between(store);
    let again = cases_again(store);
    let mut rows = Vec::new();
    for (a, first) in (0..).zip(&store.reviewers) {
        for (b, second) in (0..).zip(&store.reviewers).skip(a as usize + 1) {
            let of_both = between
                .iter()
                .filter_map(|case| pair(case, a, b))
                .collect::<Vec<_>>();
            figures(
                &mut rows,
                &format!("{first} – {second}"),
                "cohen",
                &of_both,
                cohen,
            );
        }
    }
    if store.reviewers.len() > 2 {
        figures(&mut rows, "all reviewers", "fleiss", &between, fleiss);
    }
    for (number, reviewer) in (0..).zip(&store.reviewers) {
        let own: Vec<Case<'_>> = again
            .iter()
            .filter(|case| case.said.first().is_some_and(|(who, _)| *who == number))
            .cloned()
            .collect();
        figures(
            &mut rows,
            &format!("{reviewer} again"),
            "cohen",
            &own,
            cohen,
        );
    }
    let mut disputed: Vec<u32> = store
        .touched()
        .filter(|&id| is_disputed(store, id))
        .collect();
    disputed.sort_unstable();
    let n_all = disputed.len();
    disputed.retain(|&id| store.is_judged_by(reviewer, id));
    Page {
        rows,
        n_hidden: n_all - disputed.len(),
        disputed: disputed.into_iter().map(|id| dispute(store, id)).collect(),
    }
}

/// The last word of each reviewer on each frame that more than one judged.
fn cases_between(store: &Store) -> Vec<Case<'_>> {
    let mut frames: Vec<u32> = store.touched().collect();
    frames.sort_unstable();
    let cases = frames.into_iter().filter_map(|id| {
        let frame = store.folder.frame(id)?;
        let said = last_words(store, id);
        let said: Vec<_> = said
            .into_iter()
            .map(|(who, entry)| (who, &entry.new))
            .collect();
        (said.len() > 1).then_some(Case {
            video: frame.video,
            exercise: frame.exercise.as_ref(),
            said,
        })
    });
    cases.collect()
}

fn last_words(store: &Store, id: u32) -> BTreeMap<u32, &Entry> {
    let judging = store.entries_of(id).filter(|entry| entry.says_class());
    judging.map(|entry| (entry.reviewer, entry)).collect()
}

/// What people said the first time and when they were asked again.
fn cases_again(store: &Store) -> Vec<Case<'_>> {
    let repeats = store
        .entries
        .iter()
        .filter(|entry| entry.is_repeat && !entry.is_undone && entry.says_class());
    let cases = repeats.filter_map(|entry| {
        let frame = store.folder.frame(entry.frame)?;
        Some(Case {
            video: frame.video,
            exercise: frame.exercise.as_ref(),
            said: vec![(entry.reviewer, &entry.old), (entry.reviewer, &entry.new)],
        })
    });
    cases.collect()
}

fn pair<'a>(case: &Case<'a>, a: u32, b: u32) -> Option<Case<'a>> {
    let of = |who: u32| case.said.iter().find(|(other, _)| *other == who).copied();
    Some(Case {
        said: vec![of(a)?, of(b)?],
        ..case.clone()
    })
}

/// The figure over all frames, over each exercise, and for each fault whether it was seen.
fn figures(
    rows: &mut Vec<Figure>,
    who: &str,
    name: &'static str,
    cases: &[Case<'_>],
    of: fn(&[Rated], u64) -> Agreement,
) {
    if cases.is_empty() {
        return;
    }
    let by_label = |judgement: &Judgement| {
        judgement
            .label
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    let mut add =
        |scope: String, about, cases: &[&Case<'_>], class: &dyn Fn(&Judgement) -> String| {
            rows.push(figure(scope, about, who.to_owned(), name, cases, class, of));
        };
    let all: Vec<&Case<'_>> = cases.iter().collect();
    add("all".to_owned(), "label", &all, &by_label);
    let exercises: BTreeSet<&Name> = cases.iter().filter_map(|case| case.exercise).collect();
    for exercise in exercises {
        let of_exercise: Vec<&Case<'_>> = cases
            .iter()
            .filter(|case| case.exercise == Some(exercise))
            .collect();
        add(exercise.to_string(), "label", &of_exercise, &by_label);
    }
    let faults: BTreeSet<&Name> = cases
        .iter()
        .flat_map(|case| {
            case.said
                .iter()
                .flat_map(|(_, judgement)| &judgement.faults)
        })
        .collect();
    for fault in faults {
        let has = |judgement: &Judgement| judgement.faults.contains(fault).to_string();
        add(fault.to_string(), "fault", &all, &has);
    }
}

fn figure(
    scope: String,
    about: &'static str,
    who: String,
    name: &'static str,
    cases: &[&Case<'_>],
    class: &dyn Fn(&Judgement) -> String,
    of: fn(&[Rated], u64) -> Agreement,
) -> Figure {
    let (mut groups, mut classes) = (HashMap::new(), HashMap::new());
    let rated: Vec<Rated> = cases
        .iter()
        .map(|case| {
            let n_groups = groups.len();
            let group = *groups.entry(case.video).or_insert(n_groups);
            let ratings = case.said.iter().map(|(_, judgement)| {
                let n_classes = classes.len();
                *classes.entry(class(judgement)).or_insert(n_classes)
            });
            Rated {
                group,
                ratings: ratings.collect(),
            }
        })
        .collect();
    let agreement = of(&rated, 0);
    let interval = agreement.interval.filter(|_| groups.len() >= LEAST_VIDEOS);
    Figure {
        scope,
        about,
        who,
        name,
        kappa: agreement.kappa,
        low: interval.as_ref().map(|interval| interval.low),
        high: interval.as_ref().map(|interval| interval.high),
        observed: agreement.observed,
        n_frames: cases.len(),
        n_videos: groups.len(),
    }
}

fn dispute(store: &Store, id: u32) -> Disputed {
    let said = last_words(store, id).into_iter().map(|(who, entry)| Said {
        reviewer: store
            .reviewers
            .get(who as usize)
            .cloned()
            .unwrap_or_default(),
        label: entry.new.label.clone(),
        faults: entry.new.faults.clone(),
    });
    Disputed {
        id,
        said: said.collect(),
    }
}
