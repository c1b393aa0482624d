//! `wo-models history` and `wo-models show`: what happened, and one model.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use wo_cli::{Exit, Outcome, bail};

use crate::WRITING;
use crate::cli::config::Format;
use crate::event::{Event, LookKind, Promoted};
use crate::folder::{ModelsFolder, target_of};
use crate::ledger::read_history;
use crate::model_files::damage;
use crate::promote::reasons;
use crate::side::Side;

/// An entry with its number.
#[derive(Serialize)]
struct Numbered<'a> {
    sequence: u64,
    #[serde(flatten)]
    event: &'a Event,
}

/// Writes what happened, the oldest first.
pub(crate) fn history(format: Format, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    let entries = wo_ledger::read::<Event>(&ModelsFolder::here().ledger())?;
    for entry in &entries {
        match format {
            Format::Json => {
                let numbered = Numbered {
                    sequence: entry.sequence,
                    event: &entry.what,
                };
                writeln!(stdout, "{}", serde_json::to_string(&numbered)?).context(WRITING)?;
            }
            Format::Text => {
                let (at, what) = in_words(&entry.what);
                writeln!(stdout, "{:>4}  {at}  {what}", entry.sequence).context(WRITING)?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// When it happened, and what.
fn in_words(event: &Event) -> (&str, String) {
    match event {
        Event::Begun(begun) => (&begun.at, "the ledger begins".to_owned()),
        Event::Assigned(assigned) => {
            let sides = assigned.sides.values();
            let n_held_out = sides.filter(|it| **it != Side::Training).count();
            let n = assigned.sides.len();
            let what = format!(
                "{n} new persons, sources or videos have a side now, {n_held_out} of them are held out"
            );
            (&assigned.at, what)
        }
        Event::Opened(opened) => {
            let what = format!("held-out set {} is judged on from now on", opened.set);
            (&opened.at, what)
        }
        Event::Looked(look) => {
            let what = match look.kind {
                LookKind::First => "a first model".to_owned(),
                LookKind::Comparison => format!(
                    "a new model beside {}",
                    look.champion.as_deref().unwrap_or("none")
                ),
            };
            let (set, alpha) = (look.set, look.alpha);
            (
                &look.at,
                format!("look at held-out set {set} for {what}, at {alpha:.4} of alpha"),
            )
        }
        Event::Promoted(promoted) => (&promoted.at, promotion(promoted)),
        Event::Refused(refused) => (&refused.at, format!("refused: {}", refused.why)),
        Event::Unchanged(unchanged) => {
            let what = "the new model was the one in use".to_owned();
            (&unchanged.at, what)
        }
        Event::RolledBack(rolled_back) => {
            let from = rolled_back.from.as_deref().unwrap_or("none");
            (
                &rolled_back.at,
                format!("rolled back to {} from {from}", rolled_back.to),
            )
        }
        Event::Removed(removed) => (
            &removed.at,
            format!("deleted {}", removed.versions.join(", ")),
        ),
        Event::Redacted(redacted) => (
            &redacted.at,
            format!("a takedown redacted {}", redacted.version),
        ),
        Event::SetAside(aside) => (
            &aside.at,
            format!("a takedown set {} aside", aside.versions.join(", ")),
        ),
    }
}

fn promotion(promoted: &Promoted) -> String {
    let forced = if promoted.forced {
        ", in place of a damaged one"
    } else {
        ""
    };
    let why = reasons(&promoted.gate).join(", ");
    format!("promoted {}{forced}: {why}", promoted.version)
}

/// One model, as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    path: String,
    is_in_use: bool,
    damage: Option<String>,
    #[serde(flatten)]
    promoted: &'a Promoted,
}

/// Writes what is known of a version, or of the one in use.
pub(crate) fn show(
    version: Option<&str>,
    format: Format,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let folder = ModelsFolder::here();
    let history = read_history(&folder)?;
    let in_use = history.champion();
    let Some(promoted) = version.map_or(in_use, |it| history.version(it)) else {
        let Some(version) = version else {
            wo_cli::say!("no model is in use");
            return Ok(Outcome::No);
        };
        let known: Vec<&str> = history.versions().map(|it| it.version.as_str()).collect();
        let hint = match known.as_slice() {
            [] => "no model was promoted yet".to_owned(),
            known => format!("there are {}", known.join(", ")),
        };
        bail!(
            Exit::Usage,
            "there is no version {version}"; "{hint}"
        );
    };
    let path = folder.version(&promoted.version);
    let link = target_of(&folder.current())?;
    if in_use == Some(promoted) && link != Some(Path::new("versions").join(&promoted.version)) {
        wo_cli::warn!(
            "{} does not lead to the model in use", folder.current().display();
            "the next run of scripts/retrain puts it right"
        );
    }
    let damage = damage(&path, &promoted.files);
    let shown = Shown {
        path: path.display().to_string(),
        is_in_use: in_use == Some(promoted),
        promoted,
        damage,
    };
    match format {
        Format::Json => writeln!(stdout, "{}", serde_json::to_string_pretty(&shown)?),
        Format::Text => text(&shown, stdout),
    }
    .context(WRITING)?;
    Ok(Outcome::Done)
}

fn text(shown: &Shown<'_>, stdout: &mut dyn Write) -> std::io::Result<()> {
    let promoted = shown.promoted;
    let state = match (&shown.damage, shown.is_in_use) {
        (Some(why), _) => format!("damaged: {why}"),
        (None, true) => "in use, whole".to_owned(),
        (None, false) => "whole".to_owned(),
    };
    writeln!(stdout, "version   {}", promoted.version)?;
    writeln!(stdout, "path      {}", shown.path)?;
    writeln!(stdout, "state     {state}")?;
    writeln!(stdout, "promoted  {}", promoted.at)?;
    if let Some(replaces) = &promoted.replaces {
        writeln!(stdout, "replaced  {replaces}")?;
    }
    for condition in reasons(&promoted.gate) {
        writeln!(stdout, "gate      {condition}")?;
    }
    if let Some(report) = &promoted.report {
        writeln!(stdout, "report    {}", report.display())?;
    }
    Ok(())
}
