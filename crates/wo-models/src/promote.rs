//! `wo-models promote`: the decision of the gate, and the model in its place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, Outcome, bail, ensure};

use crate::champion::{Champion, refuse_damaged};
use crate::cli::config::{Damaged, PromoteConfig};
use crate::event::{Condition, Event, Look, LookKind, Promoted, Refused, now};
use crate::folder::ModelsFolder;
use crate::judged::Judged;
use crate::last_run::LastRun;
use crate::ledger::OpenLedger;
use crate::model_files::{digest, hashes};

/// A file without which a folder is no model.
const CONFIG: &str = "config.json";
/// Digits of a model's hash in the name of its version.
const DIGITS: usize = 8;
/// A confidence may differ by so much through rounding.
const ROUNDING: f64 = 1e-9;

/// Puts the new model in use where the gate let it pass; else writes down why not.
pub(crate) fn promote(config: &PromoteConfig) -> anyhow::Result<Outcome> {
    let folder = ModelsFolder::here();
    let mut ledger = OpenLedger::open(&folder)?;
    wo_cli::check_folder(&config.challenger)?;
    let files = hashes(&config.challenger)?;
    ensure!(
        files.contains_key(CONFIG),
        Exit::Usage,
        "{} is no folder of a model",
        config.challenger.display()
    );
    refuse_other_disk(&config.challenger, &folder)?;
    let challenger = digest(&files);
    let look = look_of(&ledger, &challenger)?;
    let judged = Judged::read(&config.comparison)?;
    check_confidence(&judged, &look, &config.comparison)?;
    let gate = judged.conditions(&config.comparison)?;
    check_terms(&gate, config, look.kind)?;
    let refused = |why: String| Refused {
        at: now(),
        challenger: Some(challenger.clone()),
        why,
        gate: gate.clone(),
        report: config.report.clone(),
        inputs: config.inputs.clone(),
    };
    if let Some(why) = objection(config, &ledger, &look, &gate)? {
        return refuse(&folder, &mut ledger, refused(why), "promote");
    }
    let history = ledger.history();
    let version = format!("{:06}-{}", history.next_number(), &challenger[..DIGITS]);
    let replaces = history.champion().map(|it| it.version.clone());
    let why = reasons(&gate).join(", ");
    ledger.append(&Event::Promoted(Promoted {
        at: now(),
        version: version.clone(),
        from: config.challenger.clone(),
        files,
        forced: look.kind == LookKind::First && replaces.is_some(),
        replaces,
        gate,
        report: config.report.clone(),
        inputs: config.inputs.clone(),
    }))?;
    ledger.complete()?;
    wo_cli::say!("promoted {version}: {why}");
    LastRun {
        outcome: "promoted".to_owned(),
        exit: Some(Exit::Done as u8),
        stage: "promote".to_owned(),
        why,
        in_use: Some(version),
        report: config.report.clone(),
        ..LastRun::default()
    }
    .write(&folder)?;
    Ok(Outcome::Done)
}

/// A model moves to its version by a rename, which no disk allows to another.
fn refuse_other_disk(challenger: &Path, folder: &ModelsFolder) -> anyhow::Result<()> {
    let disk = |path: &Path| fs::metadata(path).map(|it| it.dev());
    let reading = || format!("read {}", challenger.display());
    ensure!(
        disk(challenger).with_context(reading)? == disk(&folder.versions()).with_context(reading)?,
        Exit::Usage,
        "{} is on another disk than {}", challenger.display(), folder.path().display();
        "cp -a {} {}, and promote the copy", wo_cli::shell_word(challenger), folder.path().join("challenger").display()
    );
    Ok(())
}

/// Writes a refusal into the ledger and into last-run.json. The answer is no.
pub(crate) fn refuse(
    folder: &ModelsFolder,
    ledger: &mut OpenLedger,
    refused: Refused,
    stage: &str,
) -> anyhow::Result<Outcome> {
    ledger.append(&Event::Refused(refused.clone()))?;
    wo_cli::warn!("refused: {}", refused.why);
    let in_use = ledger.history().champion().map(|it| it.version.clone());
    LastRun {
        outcome: "refused".to_owned(),
        exit: Some(Exit::No as u8),
        stage: stage.to_owned(),
        why: refused.why,
        in_use,
        report: refused.report,
        ..LastRun::default()
    }
    .write(folder)?;
    Ok(Outcome::No)
}

/// The look that was paid for this model.
fn look_of(ledger: &OpenLedger, challenger: &str) -> anyhow::Result<Look> {
    let mut looks = ledger.history().open_looks();
    let Some(look) = looks.find(|it| it.challenger == challenger) else {
        bail!(
            Exit::Integrity,
            "no look at the held-out groups was written down for this model, or it has been decided on";
            "wo-models look comes before the comparison"
        );
    };
    Ok(look.clone())
}

/// A comparison with narrower intervals than the look pays for would be nicer than the truth.
fn check_confidence(judged: &Judged, look: &Look, path: &Path) -> anyhow::Result<()> {
    let of_file = judged.confidence.unwrap_or(0.0);
    ensure!(
        look.kind == LookKind::First || of_file >= look.confidence - ROUNDING,
        Exit::Integrity,
        "the intervals in {} have a confidence of {of_file}, and this look pays for {}", path.display(), look.confidence;
        "wo-eval compare --confidence {}", look.confidence
    );
    Ok(())
}

/// A gate that asks for less than wo.toml would let pass what it should not.
fn check_terms(gate: &[Condition], config: &PromoteConfig, kind: LookKind) -> anyhow::Result<()> {
    let wanted = match kind {
        LookKind::First => &config.gate.first,
        LookKind::Comparison => &config.gate.conditions,
    };
    let terms = wanted.split(',').map(str::trim);
    let mut terms = terms.filter(|term| !term.is_empty());
    let is_missing = |term: &&str| gate.iter().all(|it| it.term != **term);
    if let Some(missing) = terms.find(is_missing) {
        bail!(
            Exit::Integrity,
            "{} does not judge \"{missing}\", which wo.toml asks for",
            config.comparison.display()
        );
    }
    Ok(())
}

/// Why the model may not be promoted.
fn objection(
    config: &PromoteConfig,
    ledger: &OpenLedger,
    look: &Look,
    gate: &[Condition],
) -> anyhow::Result<Option<String>> {
    let folder = ModelsFolder::here();
    match Champion::of(&folder, ledger.history()) {
        Champion::Damaged(why) if config.damaged == Damaged::Refuse => {
            return refuse_damaged(&why, &folder, ledger.history());
        }
        Champion::Damaged(_) => {}
        Champion::Whole(_) if look.kind == LookKind::First => {
            return Ok(Some(
                "the model in use is whole, and the new one was not compared with it".to_owned(),
            ));
        }
        Champion::None | Champion::Whole(_) => {
            let in_use = ledger.history().champion().map(|it| &it.version);
            if in_use != look.champion.as_ref() {
                return Ok(Some(
                    "another model was put in use since the comparison; the next run compares with that one".to_owned(),
                ));
            }
        }
    }
    let failed: Vec<&Condition> = gate.iter().filter(|it| !it.passed).collect();
    if !failed.is_empty() {
        let failed: Vec<Condition> = failed.into_iter().cloned().collect();
        return Ok(Some(reasons(&failed).join("; ")));
    }
    let Some([new, old]) = &config.audits else {
        if look.kind == LookKind::Comparison {
            wo_cli::warn!(
                "without --audit nobody knows whether the new model leans on a shortcut";
                "wo-eval --audit writes what --audit and --audit-of-champion take"
            );
        }
        return Ok(None);
    };
    Ok(Judged::read(new)?.worse_audit(&Judged::read(old)?))
}

/// Each condition with what was found: `ece<=0.2 (0.08)`.
pub(crate) fn reasons(gate: &[Condition]) -> Vec<String> {
    let reason = |it: &Condition| {
        let found = it.value.map(|value| format!("{value:.3}"));
        let found = it.why.clone().or(found).unwrap_or_default();
        format!("{} ({found})", it.term)
    };
    gate.iter().map(reason).collect()
}
