//! The model in use, and whether it can be trusted.

use crate::event::Promoted;
use crate::folder::ModelsFolder;
use crate::history::History;
use crate::model_files::damage;

/// What to do about a model in use that is damaged or missing.
pub(crate) const CURE: [&str; 2] = [
    "wo-models rollback puts the model before it in use",
    "scripts/retrain --force judges a new model by itself, and lets it take the place",
];

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
