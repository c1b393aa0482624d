//! `wo-models rollback`: an earlier model in use.

use wo_cli::{Exit, Outcome, bail, count};

use crate::event::{Event, RolledBack, now};
use crate::folder::ModelsFolder;
use crate::ledger::OpenLedger;
use crate::model_files::damage;

/// Puts the model in use that was in use `n` promotions ago.
pub(crate) fn rollback(n: usize) -> anyhow::Result<Outcome> {
    let folder = ModelsFolder::here();
    let mut ledger = OpenLedger::open(&folder)?;
    let history = ledger.history();
    let from = history.champion().map(|it| it.version.clone());
    let Some(target) = history.before(n) else {
        bail!(
            Exit::Usage,
            "no model was in use {} ago, or it was deleted", count(n, "promotion");
            "wo-models history lists what there is"
        );
    };
    let to = target.version.clone();
    if let Some(why) = damage(&folder.version(&to), &target.files) {
        bail!(
            Exit::Integrity,
            "{to} is damaged: {why}";
            "wo-models rollback {} goes back further", n + 1
        );
    }
    ledger.append(&Event::RolledBack(RolledBack {
        at: now(),
        from: from.clone(),
        to: to.clone(),
    }))?;
    ledger.complete()?;
    let from = from.unwrap_or_default();
    wo_cli::say!("{to} is in use, and no longer {from}");
    Ok(Outcome::Done)
}
