//! What to do first: at most five things, by what they bring.

use std::collections::BTreeMap;

use wo_record::{Advice, FindingLevel};

use crate::check::found::Found;

/// More than this nobody does first.
const MAX: usize = 5;
/// Findings that one line tells.
const MAX_TOLD: usize = 2;
/// The share of a finding's weight that it has however few videos it is about.
const BASE: f64 = 0.25;
/// What a note weighs beside what must be mended.
const NOTE: f64 = 0.1;

/// The most useful things, of a collection of so many videos.
pub(crate) fn of(found: &[Found], n_videos: usize) -> Vec<Advice> {
    let mut by_action: BTreeMap<&str, (f64, Vec<&Found>)> = BTreeMap::new();
    for it in found {
        let (worth, all) = by_action.entry(it.action).or_default();
        *worth += worth_of(it, n_videos);
        all.push(it);
    }
    let mut actions: Vec<(&str, f64, Vec<&Found>)> = by_action
        .into_iter()
        .map(|(action, (worth, all))| (action, worth, all))
        .collect();
    actions.sort_by(|(_, one, _), (_, other, _)| other.total_cmp(one));
    actions.truncate(MAX);
    let ranked = (1..).zip(actions);
    ranked
        .map(|(rank, (action, _, found))| advice(rank, action, found))
        .collect()
}

/// The more videos a finding is about, the more it is worth to mend it.
fn worth_of(found: &Found, n_videos: usize) -> f64 {
    let share = (found.finding.n as f64 / n_videos.max(1) as f64).min(1.0);
    let level = match found.finding.level {
        FindingLevel::Mend => 1.0,
        _ => NOTE,
    };
    found.weight * level * (BASE + (1.0 - BASE) * share)
}

fn advice(rank: u32, action: &str, mut found: Vec<&Found>) -> Advice {
    found.sort_by(|one, other| {
        let worth = |it: &Found| it.weight * it.finding.n as f64;
        worth(other).total_cmp(&worth(one))
    });
    let told = found
        .iter()
        .take(MAX_TOLD)
        .map(|it| it.finding.what.as_str());
    let told = told.collect::<Vec<_>>().join("; ");
    let n_more = found.len().saturating_sub(MAX_TOLD);
    let more = if n_more > 0 {
        format!("; and {n_more} more like it")
    } else {
        String::new()
    };
    let mut codes: Vec<String> = found.iter().map(|it| it.finding.code.clone()).collect();
    codes.sort();
    codes.dedup();
    Advice {
        rank,
        what: format!("{action}: {told}{more}"),
        codes,
        n: found.iter().map(|it| it.finding.n).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::found::Rule;

    fn rule(action: &'static str, weight: f64) -> Rule {
        Rule {
            code: action,
            action,
            weight,
        }
    }

    #[test]
    fn what_brings_most_comes_first_and_five_are_enough() {
        let found = [
            rule("note", 100.0).note("a note").n(1),
            rule("few", 20.0).mend("few").n(1),
            rule("many", 20.0).mend("many").n(50),
            rule("twice", 20.0).mend("one").n(10),
            rule("twice", 20.0).mend("other").n(50),
            rule("law", 900.0).mend("law").n(1),
            rule("light", 0.1).mend("light").n(50),
            rule("lightest", 0.01).mend("lightest").n(1),
        ];
        let advice = of(&found, 50);
        let told: Vec<&str> = advice.iter().map(|it| it.what.as_str()).collect();
        let expected = [
            "law: law",
            "twice: other; one",
            "many: many",
            "few: few",
            "note: a note",
        ];
        assert_eq!(told, expected);
        assert_eq!((advice[1].rank, advice[1].n), (2, 60));
        assert!(of(&[], 0).is_empty());
    }
}
