//! The shortcut audit on the page.

use wo_record::{AuditVerdict, Probe};
use wo_report::{Audit, Estimate, Outcome};

use crate::findings::Findings;
use crate::render::html::estimate::{between, estimate, no_interval};
use crate::render::sentences::audit::{named, summary};
use crate::score::key::{Scope, Task};
use crate::score::measurement::Measurement;

/// The chance of two labels, where only one is there.
const HALF: f64 = 0.5;
/// Why no probe shuffles frames.
const ORDER: &str = "The model judges each frame alone, so their order does not matter.";

pub(super) fn audit(findings: &Findings, main: Option<&Measurement>) -> Option<Audit> {
    let records = &findings.audit;
    let all = records.iter().find(|it| it.probe == Probe::All)?;
    let outcome = |verdict: &AuditVerdict| match verdict {
        AuditVerdict::Fail => Outcome::FoundMost,
        AuditVerdict::Warn => Outcome::Found,
        AuditVerdict::Pass => Outcome::NotFound,
        AuditVerdict::Information => Outcome::Information,
        AuditVerdict::CannotTell | AuditVerdict::Other(_) => Outcome::CannotTell,
    };
    Some(Audit {
        outcome: outcome(&all.verdict),
        summary: format!("{} {ORDER}", summary(all, records)),
        chance: findings
            .held_out
            .chance(Task::Label, &Scope::HELD_OUT)
            .unwrap_or(HALF),
        model: main.map_or_else(|| Estimate::missing("not measured"), estimate),
        probes: records
            .iter()
            .filter(|it| it.probe != Probe::All)
            .map(|it| wo_report::Probe {
                name: named(it),
                sees: sees(&it.probe).to_owned(),
                balanced_accuracy: between(
                    (it.value, it.low, it.high),
                    no_interval(it.n_groups, it.n_groups as f64),
                ),
                share: match it.share {
                    Some(_) => between(
                        (it.share, it.share_low, it.share_high),
                        no_interval(it.n_groups, it.n_groups as f64),
                    ),
                    None => Estimate::missing("the model is not significantly better than chance"),
                },
                outcome: outcome(&it.verdict),
            })
            .collect(),
    })
}

fn sees(probe: &Probe) -> &'static str {
    match probe {
        Probe::Duration => "how long the video is, slow repetitions included",
        Probe::Padding => "how long the video is outside of repetitions",
        Probe::Tempo => "how long a repetition takes, which may be form",
        Probe::Exercise => "which exercise it is",
        Probe::Container => {
            "codec, bytes a second, bit rate, frame rate and resolution of the file"
        }
        Probe::Source => "where the video came from",
        Probe::Quality => "sharpness, brightness and contrast",
        Probe::Background => "the image with the lifter painted over",
        Probe::FirstFrame => "the first frame, before the lift",
        Probe::Appearance => "the lifter in one still frame",
        _ => "",
    }
}
