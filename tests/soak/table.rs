//! The weeks as a table.

use crate::scores::Score;
use crate::{Week, say};

/// One line while the simulation runs.
pub(crate) fn progress(week: &Week) -> String {
    format!(
        "week {}: {} ({} s)",
        week.number, week.outcome.word, week.seconds
    )
}

/// All weeks, with the model in use after each.
pub(crate) fn print(weeks: &[Week], scores: &[Option<Score>]) {
    say(
        "Balanced accuracy by video of the model in use, on held-out persons that no model has seen, with the labels of the",
    );
    say("last week and the 95 % interval (drawn lifters, not real ones):");
    say("week  videos  new  outcome    in use             what happened; why");
    for (week, score) in weeks.iter().zip(scores) {
        let score = score.map_or_else(|| "-".to_owned(), Score::text);
        let events = week.events.join(", ");
        say(&format!(
            "{:>4}  {:>6}  {:>3}  {:<9}  {score:<17}  {events}",
            week.number, week.n_videos, week.n_new, week.outcome.word
        ));
        say(&format!("{:51}{}", "", week.outcome.why));
    }
}
