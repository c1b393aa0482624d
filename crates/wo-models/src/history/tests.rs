use std::collections::BTreeMap;

use super::*;
use crate::event::{Opened, Removed, RolledBack};

fn look(challenger: &str, kind: LookKind, set: u32) -> Event {
    Event::Looked(Look {
        at: String::new(),
        kind,
        set,
        challenger: challenger.to_owned(),
        champion: None,
        held_out: "h".to_owned(),
        alpha: 0.01,
        of_alpha: Some(0.05),
        confidence: 0.98,
    })
}

fn files(content: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("config.json".to_owned(), content.to_owned())])
}

fn promoted(version: &str) -> Event {
    Event::Promoted(Promoted {
        at: String::new(),
        version: version.to_owned(),
        from: "models/.challenger/model".into(),
        files: files(version),
        replaces: None,
        gate: Vec::new(),
        report: None,
        inputs: format!("inputs of {version}"),
        forced: false,
    })
}

fn rolled_back(to: &str) -> Event {
    Event::RolledBack(RolledBack {
        at: String::new(),
        from: None,
        to: to.to_owned(),
    })
}

fn refused(challenger: &str) -> Event {
    Event::Refused(Refused {
        at: String::new(),
        challenger: Some(challenger.to_owned()),
        why: "worse".to_owned(),
        gate: Vec::new(),
        report: None,
        inputs: "i".to_owned(),
    })
}

fn history(events: &[Event]) -> History {
    let mut history = History::default();
    for event in events {
        history.take(event);
    }
    history
}

fn in_use(history: &History) -> Option<&str> {
    history.champion().map(|it| it.version.as_str())
}

#[test]
fn going_back_is_going_back_in_what_was_in_use() {
    let mut history = history(&[promoted("1"), promoted("2"), promoted("3")]);
    let before = |history: &History, n| history.before(n).map(|it| it.version.clone());
    assert_eq!(in_use(&history), Some("3"));
    assert_eq!(before(&history, 2).as_deref(), Some("1"));
    assert_eq!(before(&history, 3), None);
    history.take(&rolled_back("2"));
    assert_eq!(
        (in_use(&history), before(&history, 1).as_deref()),
        (Some("2"), Some("1"))
    );
    history.take(&promoted("4"));
    // The one before is what was in use before, not the number before.
    assert_eq!(before(&history, 1).as_deref(), Some("2"));
    assert_eq!(history.next_number(), 5);
    history.take(&Event::Removed(Removed {
        at: String::new(),
        versions: vec!["2".to_owned()],
    }));
    assert_eq!(before(&history, 1).as_deref(), Some("1"));
    assert_eq!(history.version("2"), None);
    assert_eq!(history.next_number(), 5, "a number is never given twice");
}

#[test]
fn a_set_takes_new_groups_until_two_models_were_compared_on_it() {
    let mut history = history(&[look("a", LookKind::First, 1)]);
    let budget = Budget::of(&wo_settings::Settings::default().gate);
    assert_eq!((history.set(), history.joined_set(budget)), (1, 1));
    history.take(&look("b", LookKind::Comparison, 1));
    assert_eq!((history.set(), history.joined_set(budget)), (1, 2));
    assert!((history.spent(1) - 0.02).abs() < 1e-12 && history.spent(2) == 0.0);
    history.take(&Event::Opened(Opened {
        at: String::new(),
        set: 2,
    }));
    assert_eq!((history.set(), history.joined_set(budget)), (2, 2));
}

#[test]
fn a_set_whose_looks_are_used_up_by_first_models_is_complete() {
    let budget = Budget::of(&wo_settings::Settings::default().gate);
    let mut history = History::default();
    // Each of these costs 0.01 of 0.05.
    for (number, joined) in [1, 1, 1, 1, 2].into_iter().enumerate() {
        history.take(&look(&number.to_string(), LookKind::First, 1));
        assert_eq!(history.joined_set(budget), joined, "{number}");
    }
}

#[test]
fn a_look_is_open_until_its_own_model_is_decided_on() {
    let digest = digest(&files("1"));
    let mut history = history(&[look(&digest, LookKind::First, 1), refused("another")]);
    let open = history.open_looks().next().cloned();
    assert_eq!(open.as_ref().map(|it| &it.challenger), Some(&digest));
    history.take(&promoted("1"));
    assert_eq!(history.open_looks().next(), None);
    let same = history.same_look(&open.unwrap()).unwrap();
    assert_eq!(same.outcome, Some(Outcome::Promoted("1".to_owned())));
}

#[test]
fn a_look_that_was_cut_off_stays_open_though_another_was_decided() {
    let looks = ["a", "b"].map(|it| look(it, LookKind::Comparison, 1));
    let mut history = history(&looks);
    history.take(&refused("b"));
    let open: Vec<&str> = history.open_looks().map(|it| &*it.challenger).collect();
    assert_eq!(open, ["a"]);
    history.take(&refused("a"));
    assert_eq!(history.open_looks().next(), None);
}

#[test]
fn the_last_run_that_came_to_an_end_is_known() {
    let history = history(&[promoted("1"), look("b", LookKind::First, 1)]);
    let finished = history.finished().unwrap();
    assert_eq!(finished.inputs, "inputs of 1");
    assert_eq!(finished.how, "promoted 1");
}
