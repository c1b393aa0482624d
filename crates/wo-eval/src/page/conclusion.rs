//! Whether the model can be trusted, in one sentence and with reasons.

use wo_record::Score;
use wo_report::{Conclusion, Trust};

use crate::evaluation::{ALL, DURATION_ONLY, LABEL, MAJORITY, MODEL, VIDEO, gain_over};
use crate::findings::Findings;
use crate::page::audit::summary;
use crate::table::{FEW_GROUPS, RULE_OF_THREE, WIDE_INTERVAL};

pub(super) fn conclusion(findings: &Findings, main: Option<&Score>) -> Conclusion {
    let Some(main) = main else {
        return Conclusion {
            trust: Trust::DoNotTrust,
            sentence:
                "Nothing can be said: there was no labelled video that the model has not seen."
                    .to_owned(),
            reasons: vec![
                "Give it videos of persons and sources that were not in its training.".to_owned(),
            ],
        };
    };
    let (value, low, high) = (
        main.value.unwrap_or(0.5),
        main.low.unwrap_or(0.0),
        main.high.unwrap_or(1.0),
    );
    let mut reasons = Vec::new();
    let beaten = main.low.is_some() && low > 0.5;
    if !beaten {
        reasons.push(format!(
            "Its balanced accuracy, {value:.2} [{low:.2}, {high:.2}], is not beyond doubt above 0.50, which always saying the same gives."
        ));
    }
    for baseline in [MAJORITY, DURATION_ONLY] {
        let gain = findings
            .held_out
            .score(LABEL, MODEL, VIDEO, ALL, &gain_over(baseline), None);
        if let Some(gain) = gain.filter(|it| it.low.is_none_or(|low| low <= 0.0)) {
            let (low, high) = (gain.low.unwrap_or(-1.0), gain.high.unwrap_or(1.0));
            reasons.push(format!(
                "It is not beyond doubt better than {}: the difference is {:+.2} [{low:+.2}, {high:+.2}].",
                baseline.replace('_', " "),
                gain.value.unwrap_or(0.0)
            ));
        }
    }
    let shortcut = findings.audit.iter().find(|it| it.probe == "all");
    if let Some(audit) = shortcut.filter(|it| it.verdict != "pass") {
        reasons.push(summary(audit, &findings.audit));
    }
    if main.n_groups < FEW_GROUPS {
        reasons.push(format!(
            "There are {} persons or sources; fewer than {FEW_GROUPS} say little of others.",
            main.n_groups
        ));
    }
    if high - low > WIDE_INTERVAL {
        reasons.push(format!("The interval is {:.2} wide.", high - low));
    }
    let failed = shortcut.is_some_and(|it| it.verdict == "fail");
    let trust = match (beaten && !failed, reasons.is_empty()) {
        (false, _) => Trust::DoNotTrust,
        (true, false) => Trust::Caution,
        (true, true) => Trust::Trust,
    };
    let of_hundred = (value * 100.0).floor();
    let sentence = match trust {
        Trust::Trust | Trust::Caution if low >= 1.0 => format!(
            "It judged all {} videos of new people right; with so few people up to {:.0} of 100 may still be judged wrong.",
            main.n,
            100.0 * (RULE_OF_THREE / main.n_groups as f64).min(1.0)
        ),
        Trust::Trust => format!(
            "On people it has never seen, the model tells good from bad form in about {of_hundred:.0} of 100 videos ({low:.2} to {high:.2})."
        ),
        Trust::Caution => format!(
            "The model tells good from bad form in about {of_hundred:.0} of 100 videos of new people ({low:.2} to {high:.2}), with reservations."
        ),
        Trust::DoNotTrust => "Do not rely on this model: what it says of new people cannot be told from guessing, or from tricks.".to_owned(),
    };
    Conclusion {
        trust,
        sentence,
        reasons,
    }
}
