//! `wo-models look`: one look at the held-out groups, paid for before it is taken.

use std::io::{BufRead, Write};

use anyhow::Context;
use wo_cli::{Exit, Message, OnError, Outcome, count, ensure, message, open_input};
use wo_folder::stream_error;
use wo_record::{ReadError, Reader, Record};
use wo_settings::{Gate, Settings};

use crate::WRITING;
use crate::budget::Budget;
use crate::champion::{Champion, refuse_damaged};
use crate::cli::config::{Damaged, LookConfig};
use crate::event::{Event, Look, LookKind, Refused, Unchanged, now};
use crate::folder::ModelsFolder;
use crate::history::{History, Outcome as Decision};
use crate::last_run::LastRun;
use crate::ledger::OpenLedger;
use crate::model_files::{digest, hashes};
use crate::promote::refuse;
use crate::split::{Support, Videos};

/// A first model is judged by itself, for which each label needs two groups: of one, nothing says how much groups differ.
const MIN_GROUPS_OF_FIRST: u32 = 2;
/// What is written where no model is in use.
const FIRST: &str = "first";

/// Takes a look where one may be taken. Without a challenger it only says whether one could be.
pub(crate) fn look(
    config: &LookConfig,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let budget = budget_of(&config.settings.gate)?;
    let held_out = HeldOut::read(config, stdin)?;
    let folder = ModelsFolder::here();
    let mut ledger = OpenLedger::open(&folder)?;
    let challenger = config
        .challenger
        .as_deref()
        .map(|it| {
            wo_cli::check_folder(it)?;
            anyhow::Ok(digest(&hashes(it)?))
        })
        .transpose()?;
    let kind = kind_of(config, &folder, ledger.history())?;
    let budget = ledger.history().budget(budget);
    let champion = ledger.history().champion();
    if kind == LookKind::Comparison
        && let Some(challenger) = &challenger
        && champion.is_some_and(|it| digest(&it.files) == *challenger)
    {
        return unchanged(config, &folder, &mut ledger);
    }
    let wanted = Look {
        at: now(),
        kind,
        set: ledger.history().set(),
        challenger: challenger.clone().unwrap_or_default(),
        champion: champion.map(|it| it.version.clone()),
        held_out: held_out.hash.clone(),
        alpha: budget.price(),
        of_alpha: Some(budget.alpha()),
        confidence: budget.confidence(),
    };
    let history = ledger.history();
    let again = history.same_look(&wanted);
    if let Some(objection) = hindrance(config, &held_out, history, &wanted) {
        let refused = refused(config, challenger, objection);
        return refuse(&folder, &mut ledger, refused, "look");
    }
    let price = again.map_or(wanted.confidence, |it| it.look.confidence);
    if challenger.is_some() && again.is_none() {
        ledger.append(&Event::Looked(wanted.clone()))?;
    }
    let left = ledger.history().n_left(budget);
    let groups = count(held_out.support.n_groups, "group");
    let (set, left, looks) = (wanted.set, count(left, "look"), config.settings.gate.looks);
    wo_cli::say!("held-out set {set}, {groups}: {left} of {looks} left");
    match kind {
        LookKind::First => writeln!(stdout, "{FIRST}"),
        LookKind::Comparison => writeln!(stdout, "{price}"),
    }
    .context(WRITING)?;
    Ok(Outcome::from_failures(held_out.n_skipped))
}

/// The budget of the settings, where it gives intervals that say something.
fn budget_of(gate: &Gate) -> anyhow::Result<Budget> {
    let budget = Budget::of(gate);
    ensure!(
        budget.confidence() > 0.5,
        Exit::Usage,
        "gate.alpha {} over {} gives intervals that say nothing", gate.alpha, count(gate.looks, "look");
        "take a smaller gate.alpha in wo.toml, such as 0.05"
    );
    Ok(budget)
}

/// Why this look is not taken: what stands against any look, unless it was paid for before, or what it decided then.
fn hindrance(
    config: &LookConfig,
    held_out: &HeldOut,
    history: &History,
    wanted: &Look,
) -> Option<Message> {
    let again = history.same_look(wanted);
    // A run that was cut off after its look may go on, also where no look is left.
    let mut open = history.open_looks();
    let is_open = open.any(|open| with_challenger(wanted, &open.challenger).is_same_as(open));
    objection(config, held_out, history, wanted)
        .filter(|_| again.is_none())
        .filter(|_| !wanted.challenger.is_empty() || !is_open)
        .or_else(|| again.and_then(|it| it.outcome.as_ref().map(decided)))
}

/// Says the hints of an objection, and what goes into the ledger.
fn refused(config: &LookConfig, challenger: Option<String>, objection: Message) -> Refused {
    for hint in &objection.hints {
        wo_cli::warn!("{hint}");
    }
    Refused {
        at: now(),
        challenger,
        why: objection.text,
        gate: Vec::new(),
        report: None,
        inputs: config.inputs.clone(),
    }
}

/// The same look with another challenger.
fn with_challenger(look: &Look, challenger: &str) -> Look {
    Look {
        challenger: challenger.to_owned(),
        ..look.clone()
    }
}

/// The held-out records: a hash of what they say, and how many groups they show.
struct HeldOut {
    hash: String,
    support: Support,
    /// How many lines are no records, and may be skipped.
    n_skipped: u64,
}

impl HeldOut {
    fn read(config: &LookConfig, stdin: &mut dyn BufRead) -> anyhow::Result<Self> {
        let (name, mut input) = open_input(config.input.as_deref(), stdin)?;
        let mut reader = Reader::new(&mut *input, config.reading.max_line);
        let mut videos = Videos::new(config.settings.held_out.group_by);
        let mut hasher = blake3::Hasher::new();
        let mut n_skipped = 0;
        loop {
            let line = match reader.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(bad @ ReadError::Line { .. }) if config.reading.on_error == OnError::Skip => {
                    wo_cli::warn!("{name}: {bad}");
                    n_skipped += 1;
                    continue;
                }
                Err(error) => return Err(stream_error(error)).with_context(|| name.clone()),
            };
            videos.take(&line);
            // The versions of the tools in `begin` change nothing of what is judged.
            if !matches!(line.record, Ok(Record::Begin(_) | Record::End(_))) {
                hasher.update(line.text.as_bytes());
                hasher.update(b"\n");
            }
        }
        Ok(Self {
            hash: hasher.finalize().to_hex().to_string(),
            support: Support::of(videos.iter().map(|(_, video)| video)),
            n_skipped,
        })
    }
}

/// What is to be decided. Nothing is judged beside a model that is damaged, unless a person asks for it.
fn kind_of(
    config: &LookConfig,
    folder: &ModelsFolder,
    history: &History,
) -> anyhow::Result<LookKind> {
    match Champion::of(folder, history) {
        Champion::None => Ok(LookKind::First),
        Champion::Whole(_) => Ok(LookKind::Comparison),
        Champion::Damaged(why) if config.damaged == Damaged::Replace => {
            wo_cli::warn!(
                "the model in use is damaged, and the new one is judged by itself: {why}"
            );
            Ok(LookKind::First)
        }
        Champion::Damaged(why) => refuse_damaged(&why, folder, history),
    }
}

/// Why no look may be taken.
fn objection(
    config: &LookConfig,
    held_out: &HeldOut,
    history: &History,
    wanted: &Look,
) -> Option<Message> {
    let Settings {
        gate,
        held_out: groups,
        ..
    } = &config.settings;
    let least = match wanted.kind {
        LookKind::First => MIN_GROUPS_OF_FIRST,
        LookKind::Comparison => gate.min_groups.max(MIN_GROUPS_OF_FIRST),
    };
    let percent = 100.0 * groups.share;
    let support = &held_out.support;
    if support.labels().count() < 2 {
        return Some(message!(
            "the held-out groups show fewer than two labels, so that nothing can be judged";
            "film more persons: about {percent:.0} % of new groups are held out"
        ));
    }
    if let Some(short) = support.shortage(None, least) {
        return Some(message!(
            "the held-out groups are too few: {} comes from {:.1} independent groups, and {least} are needed", short.label, short.n_effective;
            "film {} of more persons: about {percent:.0} % of new groups are held out", short.label
        ));
    }
    (history.n_left(Budget::of(gate)) == 0).then(|| {
        message!(
            "the {} at held-out set {} are used up: film new held-out persons", count(gate.looks, "look"), wanted.set;
            "about {percent:.0} % of new groups are held out; when each label has {least} of those, the next set opens with new looks"
        )
    })
}

/// Why a look that has decided decides no more.
fn decided(outcome: &Decision) -> Message {
    match outcome {
        Decision::Refused(refused) => Message::new(format!(
            "the same model was refused on the same videos before: {}",
            refused.why
        )),
        Decision::Promoted(version) => Message::new(format!(
            "the same model was promoted on the same videos before, as {version}, and taken back"
        )),
    }
}

/// The new model is the one in use: there is nothing to decide, and nothing is paid for.
fn unchanged(
    config: &LookConfig,
    folder: &ModelsFolder,
    ledger: &mut OpenLedger,
) -> anyhow::Result<Outcome> {
    let why = "the new model is the one in use, byte for byte";
    ledger.append(&Event::Unchanged(Unchanged {
        at: now(),
        inputs: config.inputs.clone(),
    }))?;
    wo_cli::say!("{why}");
    LastRun {
        outcome: "unchanged".to_owned(),
        exit: Some(Exit::Done as u8),
        stage: "look".to_owned(),
        why: why.to_owned(),
        in_use: ledger.history().champion().map(|it| it.version.clone()),
        ..LastRun::default()
    }
    .write(folder)?;
    Ok(Outcome::Done)
}
