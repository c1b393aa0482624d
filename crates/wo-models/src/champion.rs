//! The model in use, and whether it can be trusted.

use wo_cli::{Exit, bail};

use crate::event::Promoted;
use crate::folder::ModelsFolder;
use crate::history::History;
use crate::model_files::damage;

/// Fails: nothing is judged beside a damaged model, and nothing replaces it.
pub(crate) fn refuse_damaged<T>(
    why: &str,
    folder: &ModelsFolder,
    history: &History,
) -> anyhow::Result<T> {
    let force = "scripts/retrain --force judges a new model by itself, and lets it take the place";
    let is_whole = |it: &Promoted| damage(&folder.version(&it.version), &it.files).is_none();
    if history.before(1).is_some_and(is_whole) {
        let back = "wo-models rollback puts the model before it in use";
        bail!(Exit::Integrity, "the model in use is damaged: {why}"; "{back}"; "{force}");
    }
    bail!(Exit::Integrity, "the model in use is damaged: {why}"; "{force}")
}

/// The model in use.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Champion<'a> {
    /// No model was ever promoted, or a takedown set the one in use aside.
    None,
    /// Its files are those that were promoted, but for what a takedown wrote down that it changed.
    Whole(&'a Promoted),
    /// They are not, as the sentence says.
    Damaged(String),
}

impl<'a> Champion<'a> {
    /// Reads the files of the model in use.
    pub(crate) fn of(folder: &ModelsFolder, history: &'a History) -> Self {
        let Some(promoted) = history.champion() else {
            let is_there = folder.current().symlink_metadata().is_ok();
            return match (history.has_promoted(), is_there) {
                (false, false) => Self::None,
                (false, true) => Self::Damaged(format!(
                    "{} is there, but {} knows of no model",
                    folder.current().display(),
                    folder.ledger().display()
                )),
                (true, _) if history.is_set_aside() => Self::None,
                (true, _) => Self::Damaged("no model is left".to_owned()),
            };
        };
        match damage(&folder.version(&promoted.version), &promoted.files) {
            Some(why) => Self::Damaged(why),
            None => Self::Whole(promoted),
        }
    }
}
