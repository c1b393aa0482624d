//! What a model found in the folder: the files that some queues are made of.

use crate::cli::config::FindingsConfig;
use crate::store::{Predictions, Store, Suspects};

/// Reads the files into the store.
pub(crate) fn read_findings(store: &mut Store, config: &FindingsConfig) -> anyhow::Result<()> {
    if let Some(path) = &config.suspects {
        store.suspects = Suspects::read(path, &store.folder)?;
    }
    if let Some(path) = &config.predictions {
        store.predictions = Predictions::read(path, &store.folder)?;
    }
    Ok(())
}
