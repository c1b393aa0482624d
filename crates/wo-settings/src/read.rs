//! Reads the settings of a workspace.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};

use crate::file;
use crate::settings::Settings;

impl Settings {
    /// Reads `path`. A named file must be there; without a name `wo.toml` in the working directory is read where it is
    /// there, and the defaults hold where not.
    pub fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let file = path.unwrap_or(Path::new(Self::FILE));
        let what = || format!("read {}", file.display());
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_none() => {
                return Ok(Self::default());
            }
            Err(error) => {
                let is_io = !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData);
                let exit = if is_io { Exit::Io } else { Exit::Usage };
                return Err(error).with_context(what).exit_with(exit);
            }
        };
        file::parse(&text).with_context(what).exit_with(Exit::Usage)
    }
}

#[cfg(test)]
mod tests;
