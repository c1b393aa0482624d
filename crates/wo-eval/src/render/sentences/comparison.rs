//! Which of two models is better, in one sentence.

use wo_stats::{MIN_GROUPS, are_too_few};

use crate::compare::difference::{Difference, main_difference};

/// Which is better, and which difference is detectable.
pub(crate) fn in_words(comparisons: &[Difference]) -> Option<String> {
    let main = &main_difference(comparisons)?.record;
    let n_effective = main.effective_groups.unwrap_or(main.n_groups as f64);
    if are_too_few(n_effective) {
        return Some(format!(
            "Too few independent groups to say which is better: {n_effective:.1} effective ones in the scarcer class; fewer \
             than {MIN_GROUPS} say little about others."
        ));
    }
    let verdict = match (main.low, main.high) {
        (Some(low), _) if low > 0.0 => "The candidate is better.",
        (_, Some(high)) if high < 0.0 => "The candidate is worse.",
        (Some(_), Some(_)) => "Neither is significantly better.",
        _ => "No confidence interval, so no winner.",
    };
    let found = main.detectable.map(|it| {
        format!(
            " With so many groups, a difference of {it:.2} is detected in four of five evaluations."
        )
    });
    Some(verdict.to_owned() + &found.unwrap_or_default())
}
