//! Whether there are enough videos of each class.

use wo_record::{BAD_FORM, Coverage, GOOD_FORM};

use crate::check::coverage::STEPS;
use crate::check::found::{Found, Rule};

const NONE: Rule = Rule {
    code: "no_videos",
    action: "collect the first videos",
    weight: 45.0,
};
const TOO_FEW: Rule = Rule {
    code: "too_few_videos",
    action: "collect more videos",
    weight: 35.0,
};
const FEW: Rule = Rule {
    code: "few_videos",
    action: "collect more videos",
    weight: 2.0,
};
const MORE: Rule = Rule {
    code: "more_videos",
    action: "collect more videos",
    weight: 0.5,
};
const EMPTY: Rule = Rule {
    code: "empty_exercise",
    action: "remove folders of exercises that nobody collects",
    weight: 0.1,
};

pub(super) fn of(coverage: &[Coverage]) -> Vec<Found> {
    if coverage.iter().all(|it| it.n_videos == 0) {
        let hint = "film or fetch ten of good form and ten of bad form of one exercise; data/README.md says how";
        return vec![NONE.mend("there are no videos yet").n(20).hint(hint)];
    }
    let is_trained_on = |it: &&Coverage| [GOOD_FORM, BAD_FORM].contains(&it.label.as_str());
    let is_empty = |of: &Coverage| {
        let mut same = coverage.iter().filter(|it| it.exercise == of.exercise);
        same.all(|it| it.n_videos == 0)
    };
    let mut found = Vec::new();
    for line in coverage.iter().filter(is_trained_on) {
        if !is_empty(line) {
            found.extend(of_class(line));
        } else if line.label.as_str() == GOOD_FORM {
            let what = format!("{} has a folder and no videos", line.exercise.words());
            found.push(EMPTY.note(what).exercise(&line.exercise));
        }
    }
    found
}

fn of_class(line: &Coverage) -> Option<Found> {
    let [train, measure, good] = STEPS;
    let n = line.n_videos;
    let class = format!("{} {}", line.exercise.words(), line.label.words());
    let has = format!("{class} has {}", wo_cli::count(n, "video"));
    let found = match n {
        0 => NONE
            .mend(format!(
                "{class} has no videos, so that the exercise cannot be judged"
            ))
            .hint(format!("collect at least {train}")),
        n if n < train => TOO_FEW
            .mend(format!("{has}: too few to train on"))
            .hint(format!(
                "collect at least {} more, of several people",
                train - n
            )),
        n if n < measure => FEW
            .note(format!(
                "{has}: enough for a first model, too few to measure it well"
            ))
            .hint(format!(
                "collect {} more, of people who are not there yet",
                measure - n
            )),
        n if n < good => MORE
            .note(format!(
                "{has} of the {good} at which models tend to be good"
            ))
            .hint("wo-eval --next says what more of which would bring"),
        _ => return None,
    };
    let wanted = line.n_wanted.unwrap_or(n).saturating_sub(n);
    Some(
        found
            .exercise(&line.exercise)
            .label(line.label.as_str())
            .n(wanted as usize),
    )
}
