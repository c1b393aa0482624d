//! Reads the settings of a workspace.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Error, Exit, ExitWith, read_text};

use crate::file;
use crate::settings::Settings;

impl Settings {
    /// Reads `path`. A named file must be there; without a name `wo.toml` in the working directory is read where it is
    /// there, and the defaults hold where not.
    pub fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let file = path.unwrap_or(Path::new(Self::FILE));
        let what = || format!("read {}", file.display());
        let text = match read_text(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_none() => {
                return Ok(Self::default());
            }
            Err(error) => {
                let is_usage = matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::InvalidData | ErrorKind::InvalidInput
                );
                let exit = if is_usage { Exit::Usage } else { Exit::Io };
                return Err(error).with_context(what).exit_with(exit);
            }
        };
        file::parse(&text)
            .map_err(|error| Error::of_lines(&error.to_string()))
            .with_context(what)
            .exit_with(Exit::Usage)
    }
}

#[cfg(test)]
mod tests;
