//! Takedown: removes all that is known of a video, a person or a source, and refuses it from now on.
//!
//! What is looked for is written down before anything is removed, and that note is removed last: a run that is killed is
//! completed by the next. First of all the ledger refuses what is forgotten, so that nothing comes back meanwhile.

mod edit;
mod files;
mod gather;
mod intent;
mod known;
mod lines;
mod locks;
mod logs;
mod manifest;
mod model_ledger;
mod models;
mod outcome;
mod parts;
mod places;
mod pt_file;
mod retire;
mod reviews;
mod search;
mod select;
mod sweep;
mod tables;
mod target;
mod traces;
mod verify;

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use wo_cli::{Exit, Hint, Outcome};
use wo_ledger::Ledger;

use crate::cli::config::ForgetConfig;
use crate::forget::files::FileList;
use crate::forget::gather::gather;
use crate::forget::intent::Intent;
pub(crate) use crate::forget::intent::is_unfinished;
use crate::forget::locks::Locks;
use crate::forget::model_ledger::ModelLedger;
pub(crate) use crate::forget::models::models_of_forgotten;
use crate::forget::models::{redactions, seal_all, trained_on};
use crate::forget::outcome::Done;
use crate::forget::retire::RETIRED;
use crate::forget::search::Search;
use crate::forget::select::{say_unmet, select};
use crate::forget::sweep::sweep;
use crate::forget::traces::Traces;
use crate::forget::verify::verify;
use crate::hand::Hand;
use crate::provenance::{Entry, Forgotten, Said};
use crate::spelling::{normal, with_part};
use crate::store::Store;

/// Runs `wo-collect forget`.
pub(crate) fn forget(config: &ForgetConfig) -> anyhow::Result<Outcome> {
    wo_cli::check_folder(&config.data)
        .hint("wo-collect init DIR makes a workspace; --data names another folder")?;
    for path in &config.also {
        wo_cli::opened(fs::metadata(path), || format!("open {}", path.display()))?;
    }
    let _locks = match config.hand {
        Hand::OnlyLooks => None,
        Hand::Writes => {
            let locks = Locks::take(config, &FileList::of(config)?)?;
            // What a killed run had fetched appears, or is cleaned up.
            Store::open(&config.places)?.staging.close();
            Some(locks)
        }
    };
    let intent = Intent::of(&config.data);
    let mut done = complete(config, &intent)?;
    let list = FileList::of(config)?;
    let all = gather(config, &list)?;
    let mut selected = select(&config.targets, &all, &config.places)?;
    let ledger = ModelLedger::read(&config.models)?;
    let traces = &mut selected.traces;
    selected
        .unmet
        .retain(|text| !ledger.add_known(text, traces));
    if done.is_none() {
        say_unmet(&selected.unmet, &all);
    }
    outcome::say_shared(&selected.shared);
    let traces = &mut selected.traces;
    traces.trained = trained_on(&list, traces)?;
    refuse_telling_reason(config, traces)?;
    if config.hand == Hand::OnlyLooks {
        return outcome::would_do(config, &list, traces, selected.unmet.len());
    }
    if traces.is_empty() && done.is_none() && !config.retires {
        return Ok(Outcome::No);
    }
    let more = if traces.is_empty() {
        set_aside(config, traces)?
    } else {
        // What is damaged is said before anything is removed.
        sweep(&list, traces, &Search::of(traces)?, Hand::OnlyLooks)?;
        intent.write(traces)?;
        let more = carry_out(config, traces)?;
        intent.remove()?;
        more
    };
    let done = done.get_or_insert_default();
    done.add(more);
    Ok(done.say(config))
}

/// Completes a takedown that was killed, if there is one.
fn complete(config: &ForgetConfig, intent: &Intent) -> anyhow::Result<Option<Done>> {
    let Some(traces) = intent.read()? else {
        return Ok(None);
    };
    if config.hand == Hand::OnlyLooks {
        wo_cli::warn!("a takedown was killed; the next run without --dry-run completes it");
        return Ok(None);
    }
    wo_cli::warn!("completing a takedown that was killed");
    let done = carry_out(config, &traces)?;
    intent.remove()?;
    Ok(Some(done))
}

/// Removes all traces. Each step is without effect where it was done before.
fn carry_out(config: &ForgetConfig, traces: &Traces) -> anyhow::Result<Done> {
    let search = Search::of(traces)?;
    let _ledger = refuse_from_now_on(config, traces, &search)?;
    let list = FileList::of(config)?;
    let mut swept = sweep(&list, traces, &search, Hand::Writes)?;
    let of_models = ModelLedger::read(&config.models)?;
    swept
        .changed
        .extend(of_models.forget_sides(traces, Hand::Writes)?);
    let redactions = redactions(&list, traces, &search)?;
    redactions.iter().try_for_each(|it| it.note(&of_models))?;
    redactions.iter().try_for_each(models::Redaction::write)?;
    seal_all(&list)?;
    let n_caches = if traces.was_here { remove_caches()? } else { 0 };
    let mut done = set_aside(config, traces)?;
    done.swept(swept, n_caches, redactions.len());
    done.n_videos = Some(traces.videos.len());
    done.left = verify(&FileList::of(config)?, traces, &search)?;
    Ok(done)
}

/// Names the models that were trained on what is forgotten, and sets them aside where that is asked for.
fn set_aside(config: &ForgetConfig, traces: &Traces) -> anyhow::Result<Done> {
    let trained = traces.trained.iter().filter(|model| model.exists());
    let mut done = Done::of_models(trained.cloned());
    if config.retires {
        done.moved = retire::retire(&config.models, &done.trained)?;
        ModelLedger::read(&config.models)?.note_set_aside(&config.models.join(RETIRED))?;
    }
    done.in_use = retire::in_use(&config.models, &done.trained);
    Ok(done)
}

/// Takes what the ledger says of it out, and writes that it is refused. The ledger stays locked.
fn refuse_from_now_on(
    config: &ForgetConfig,
    traces: &Traces,
    search: &Search,
) -> anyhow::Result<Ledger<Entry>> {
    let mut ledger = Ledger::<Entry>::open(&config.places.ledger)?;
    let is_said = ledger.entries().iter().any(
        |entry| matches!(&entry.what, Entry::Forgotten(forgotten) if forgotten.id == traces.id),
    );
    if is_said {
        return Ok(ledger);
    }
    let mut lines = Vec::new();
    for entry in ledger.entries() {
        if is_theirs(&entry.what, traces, search)? {
            lines.push(entry.sequence);
        }
    }
    let addresses = traces.addresses.iter().map(|it| normal(it));
    let parts = traces.parts.iter().map(|it| with_part(it));
    let refused: Vec<String> = addresses.chain(parts).collect();
    let forgotten = Forgotten::new(
        jiff::Timestamp::now().to_string(),
        &traces.id,
        config.why.clone(),
        traces.videos.keys().map(String::as_str),
        refused.iter().map(String::as_str),
    )?;
    ledger.forget(&lines, Entry::Forgotten(forgotten))?;
    Ok(ledger)
}

fn is_theirs(entry: &Entry, traces: &Traces, search: &Search) -> anyhow::Result<bool> {
    let said = match entry {
        Entry::Forgotten(_) => return Ok(false),
        Entry::Fetched(it) | Entry::Changed(it) | Entry::Duplicate(it) => &it.said,
        Entry::Failed(_) => &Said::default(),
    };
    let has = |id: &Option<String>, of: fn(&Traces, &str) -> bool| {
        id.as_deref().is_some_and(|id| of(traces, id))
    };
    let text = serde_json::to_vec(entry)?;
    Ok(has(&said.person, Traces::has_person)
        || has(&said.source, Traces::has_source)
        || search.is_in(&text))
}

/// The reason stays in the ledger, so it must not say who it was.
fn refuse_telling_reason(config: &ForgetConfig, traces: &Traces) -> anyhow::Result<()> {
    let search = Search::of(traces)?;
    let why = config.why.as_deref().unwrap_or_default();
    wo_cli::ensure!(
        !search.names(why) && !search.is_in(why.as_bytes()),
        Exit::Usage,
        "--why says what is to be forgotten, and it is kept in the ledger";
        "give a reason without names, such as --why 'asked by the person'"
    );
    Ok(())
}

/// Removes the features that `wo-train` keeps of frames: which are whose is not written there. They are made anew.
fn remove_caches() -> anyhow::Result<usize> {
    let mut n_removed = 0;
    let Some(folder) = features_folder().filter(|it| it.is_dir()) else {
        return Ok(0);
    };
    let removing = || format!("remove what is in {}", folder.display());
    for entry in fs::read_dir(&folder).with_context(removing)? {
        let path = entry.with_context(removing)?.path();
        if path.is_file() {
            fs::remove_file(&path).with_context(removing)?;
            n_removed += 1;
        }
    }
    Ok(n_removed)
}

/// `$XDG_CACHE_HOME/wo/features`, or the same in `~/.cache`.
fn features_folder() -> Option<PathBuf> {
    let set = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("wo/features"))
}
