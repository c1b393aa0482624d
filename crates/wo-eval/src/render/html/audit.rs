//! Whether the model looks at the lifter.

use wo_record::Score;
use wo_report::{Audit, Estimate, Outcome, Probe};

use crate::findings::Findings;
use crate::render::html::estimate::{between, estimate, no_interval};
use crate::render::sentences::audit::summary;
use crate::score::key::{ALL, LABEL};

/// The chance of two labels, where only one is there.
const HALF: f64 = 0.5;
/// What a probe that shuffles frames would say of any model of ours, by construction.
const ORDER: &str = "The model looks at frames one by one: in random order they tell it the same.";

pub(super) fn audit(findings: &Findings, main: Option<&Score>) -> Option<Audit> {
    let records = &findings.audit;
    let all = records.iter().find(|it| it.probe == "all")?;
    let outcome = |verdict: &str| match verdict {
        "fail" => Outcome::Fail,
        "warn" => Outcome::Warn,
        _ => Outcome::Pass,
    };
    Some(Audit {
        outcome: outcome(&all.verdict),
        summary: format!("{} {ORDER}", summary(all, records)),
        chance: findings.held_out.chance(LABEL, ALL).unwrap_or(HALF),
        model: main.map_or_else(|| Estimate::missing("not measured"), estimate),
        probes: records
            .iter()
            .filter(|it| it.probe != "all")
            .map(|it| Probe {
                name: it.probe.replace('_', " "),
                sees: sees(&it.probe).to_owned(),
                balanced_accuracy: between((it.value, it.low, it.high), no_interval(it.n_groups)),
                share: match it.share {
                    Some(_) => between(
                        (it.share, it.share_low, it.share_high),
                        no_interval(it.n_groups),
                    ),
                    None => Estimate::missing("the model has no skill beyond doubt"),
                },
                outcome: outcome(&it.verdict),
            })
            .collect(),
    })
}

fn sees(probe: &str) -> &'static str {
    match probe {
        "duration" => "how long the video is",
        "container" => "codec, size, bit rate, frame rate and resolution of the file",
        "source" => "where the video came from",
        "quality" => "sharpness, brightness and contrast",
        "background" => "the picture with the lifter painted over",
        "first_frame" => "the first frame, before the lift",
        _ => "",
    }
}
