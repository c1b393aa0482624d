//! What the abstention threshold promises, and what came of it.

use wo_cli::{count, verb};
use wo_record::Selection;
use wo_stats::threshold::largest_of_wrong_answers;

use crate::render::format::with_ends;

/// What is promised of the share of wrong verdicts, or why nothing is. The promise is an average over validation sets: what
/// one set may lead to is said with it.
pub(crate) fn promise(it: &Selection) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let measured = count(it.n_fit_groups, "validation group");
    match (it.threshold, it.wanted_risk) {
        (Some(threshold), Some(risk)) => {
            let largest = largest_of_wrong_answers(it.n_fit_groups, risk);
            let largest = largest.map_or_else(String::new, |it| {
                format!(
                    ". Measured on {measured}, it is at most {} for 95 of 100 such models",
                    percent(it)
                )
            });
            let abstains = if threshold > 0.0 {
                format!("It abstains up to a probability of {threshold:.2}")
            } else {
                "It abstains at no probability".to_owned()
            };
            format!(
                "{abstains}: at most {} of videos get a wrong verdict, on average over models{largest}.",
                percent(risk)
            )
        }
        (None, Some(risk)) => format!(
            "There is no abstention threshold: {measured} {} too few to promise at most {} wrong verdicts.",
            verb(it.n_fit_groups, "is", "are"),
            percent(risk)
        ),
        _ => "There is no abstention threshold: none was measured.".to_owned(),
    }
}

/// What came of it here: wrong among all videos, and among those that got a verdict.
pub(crate) fn outcome(it: &Selection) -> String {
    let of_all = |share: Option<f64>| (share.unwrap_or(0.0) * it.n as f64).round() as u64;
    let (n_answered, n_wrong) = (of_all(it.coverage), of_all(it.risk));
    if n_answered == 0 {
        return format!("0 of {} get a verdict.", count(it.n, "video"));
    }
    let all = format!("{:.2}", it.risk.unwrap_or(0.0));
    let among = with_ends(
        it.answered_risk,
        it.answered_risk_low,
        it.answered_risk_high,
    );
    format!(
        "{n_answered} of {} get a verdict, {n_wrong} a wrong one: {all} of all videos, {among} of the verdicts.",
        count(it.n, "video")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        Selection {
            scope: "all".to_owned(),
            wanted_risk: Some(0.1),
            threshold: Some(0.72),
            n_fit_groups: 12,
            coverage: Some(0.5),
            risk: Some(0.1),
            answered_risk: Some(0.2),
            answered_risk_low: Some(0.08),
            answered_risk_high: Some(0.39),
            area: None,
            accuracy_at: Vec::new(),
            curve: Vec::new(),
            n: 40,
            n_groups: 20,
        }
    }

    #[test]
    fn what_is_promised_and_what_came_of_it() {
        let mut it = selection();
        assert_eq!(
            promise(&it),
            "It abstains up to a probability of 0.72: at most 10 % of videos get a wrong verdict, on average over \
             models. Measured on 12 validation groups, it is at most 22 % for 95 of 100 such models."
        );
        assert_eq!(
            outcome(&it),
            "20 of 40 videos get a verdict, 4 a wrong one: 0.10 of all videos, 0.20 [0.08, 0.39] of the verdicts."
        );
        it.threshold = Some(0.0);
        assert!(promise(&it).starts_with("It abstains at no probability: at most 10 %"));
        (it.threshold, it.n_fit_groups, it.coverage) = (None, 5, Some(0.0));
        assert_eq!(
            promise(&it),
            "There is no abstention threshold: 5 validation groups are too few to promise at most 10 % wrong verdicts."
        );
        assert_eq!(outcome(&it), "0 of 40 videos get a verdict.");
        it.wanted_risk = None;
        assert!(promise(&it).ends_with("none was measured."));
    }
}
