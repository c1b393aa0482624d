//! What the shortcut audit comes to, in one sentence.

use wo_record::{Audit, AuditVerdict, Probe};

/// `40 % [10 %, 80 %] of the model's skill above chance can be had without looking at the lifter (duration).`
pub(crate) fn summary(all: &Audit, records: &[Audit]) -> String {
    let worst = records
        .iter()
        .find(|it| it.probe != Probe::All && it.value == all.value && it.share == all.share);
    let name = worst.map_or_else(String::new, |it| it.probe.words());
    let percent = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{:.0} %", 100.0 * it));
    match (&all.verdict, all.share) {
        (AuditVerdict::Pass, _) => "No shortcut probe is better than chance.".to_owned(),
        (_, Some(_)) => format!(
            "The shortcut {name} reaches {} [{}, {}] of the model's skill above chance.",
            percent(all.share),
            percent(all.share_low),
            percent(all.share_high)
        ),
        _ => format!(
            "{name} alone predicts the label better than chance, and the model is not significantly better than \
             chance."
        ),
    }
}
