//! Which captions table a tool uses. The tool itself parses the table.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::open_file::is_not_a_file;
use crate::{Error, Exit, ExitWith};

/// The default table, relative to the working directory.
const CAPTIONS_FILE: &str = "data/captions.toml";

/// The flag of every tool that describes frames.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CaptionsFlag {
    /// Captions table that adds to the built-in one and wins over it [default: data/captions.toml, where it lies here]
    #[arg(long, value_name = "FILE")]
    pub captions: Option<PathBuf>,
}

impl CaptionsFlag {
    /// The table in force: the named file, else the default file if it exists, else the built-in table. Reports a table
    /// that differs from the built-in one, with the `difference`.
    pub fn load<T, E: Into<anyhow::Error>>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
        built_in: impl FnOnce() -> T,
        difference: impl FnOnce(&T) -> Option<String>,
    ) -> anyhow::Result<T> {
        warn_of_other_names(self.file());
        let Some(text) = self.read()? else {
            return Ok(built_in());
        };
        let name = self.file().display();
        let table = parse(&text)
            .map_err(|error| {
                let error: anyhow::Error = error.into();
                Error::of_lines(&error.to_string())
            })
            .with_context(|| format!("read {name}"))
            .exit_with(Exit::Usage)?;
        let is_beside = self.captions.is_some() && !is_same(self.file(), Path::new(CAPTIONS_FILE));
        let beside = if is_beside && Path::new(CAPTIONS_FILE).exists() {
            format!("; {CAPTIONS_FILE} is not read")
        } else {
            String::new()
        };
        if let Some(words) = difference(&table) {
            crate::warn!("the captions table in force is {name}, which {words}{beside}");
        } else if self.captions.is_some() {
            crate::warn!(
                "the captions table in force is {name}, which says what the built-in one says{beside}"
            );
        }
        Ok(table)
    }

    /// The file that is read if it exists: where a person adds words.
    pub fn file(&self) -> &Path {
        self.captions.as_deref().unwrap_or(Path::new(CAPTIONS_FILE))
    }

    /// `None` if no file was named and the default file does not exist.
    fn read(&self) -> anyhow::Result<Option<String>> {
        let file = self.file();
        let error = match crate::read_given(file).and_then(text_of) {
            Ok(text) => return Ok(Some(text)),
            Err(error) => error,
        };
        // A dangling link is an error, since somebody made it on purpose.
        let is_absent = error.kind() == ErrorKind::NotFound;
        if self.captions.is_none() && is_absent && fs::symlink_metadata(file).is_err() {
            return Ok(None);
        }
        if error.kind() == ErrorKind::InvalidData {
            crate::bail!(
                Exit::Usage,
                "{}: this is not UTF-8 text", file.display();
                "save it as UTF-8 in your editor"
            );
        }
        let is_usage = is_absent || is_not_a_file(&error);
        let exit = if is_usage { Exit::Usage } else { Exit::Io };
        Err(error)
            .with_context(|| format!("read {}", file.display()))
            .exit_with(exit)
    }
}

fn text_of(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// Warns of files that look like a captions table but are not read.
fn warn_of_other_names(used: &Path) {
    for folder in [".", "data"] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut others: Vec<PathBuf> = entries
            .filter(|entry| is_like_a_table(&entry.file_name().to_string_lossy()))
            .map(|entry| Path::new(folder).join(entry.file_name()))
            .filter(|path| {
                !is_same(path, used) && !is_same(path, Path::new(CAPTIONS_FILE)) && path.is_file()
            })
            .collect();
        others.sort();
        for path in others {
            let path = path.strip_prefix(".").unwrap_or(&path).display();
            crate::warn!(
                "{path} is not read: the captions table is {}", used.display();
                "--captions {path}"
            );
        }
    }
}

/// Whether a file name is that of a captions table, but for case and ending.
fn is_like_a_table(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_suffix(".txt").unwrap_or(&name);
    matches!(name, "captions.toml" | "caption.toml" | "captions.tml")
}

/// Whether two paths are the same file, or equal where no file exists.
fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_of_the_name_are_found() {
        for name in [
            "captions.toml",
            "Captions.toml",
            "captions.toml.txt",
            "caption.toml",
        ] {
            assert!(is_like_a_table(name), "{name}");
        }
        for name in [
            "captions.md",
            "captions.txt",
            "my_captions.toml",
            "captions",
        ] {
            assert!(!is_like_a_table(name), "{name}");
        }
    }
}
