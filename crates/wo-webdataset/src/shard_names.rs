//! The names of the shards that are written: `frames-%06d.tar`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, bail, ensure};

/// A pattern with one place for the number of the shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardNames {
    folder: PathBuf,
    before: String,
    behind: String,
    n_digits: usize,
}

/// What a pattern looks like.
const EXAMPLE: &str = "one place for the number as printf has it, such as -o 'frames-%06d.tar'";

impl ShardNames {
    /// The names that a pattern stands for.
    pub fn parse(pattern: &Path) -> anyhow::Result<Self> {
        let name = pattern.file_name().and_then(|it| it.to_str());
        let Some(name) = name.filter(|_| !pattern.as_os_str().to_string_lossy().ends_with('/'))
        else {
            bail!(Exit::Usage, "{} is no name of shards", pattern.display(); "give {EXAMPLE}");
        };
        let folder = pattern.parent().unwrap_or(Path::new(""));
        ensure!(
            !folder.to_string_lossy().contains('%'),
            Exit::Usage,
            "the number of a shard cannot be in the name of a folder: {}",
            pattern.display();
            "give {EXAMPLE}"
        );
        let mut places = name.match_indices('%').map(|(place, _)| place);
        let place = match (places.next(), places.next()) {
            (Some(place), None) => place,
            (None, _) => bail!(
                Exit::Usage,
                "{} has no place for the number of the shard", pattern.display();
                "give {EXAMPLE}"
            ),
            (Some(_), Some(_)) => bail!(
                Exit::Usage,
                "{} has more than one %", pattern.display();
                "give {EXAMPLE}"
            ),
        };
        let (before, number) = name.split_at(place);
        let Some((width, behind)) = number.get(1..).and_then(|it| it.split_once('d')) else {
            bail!(
                Exit::Usage,
                "the % of {} is no number", pattern.display();
                "give {EXAMPLE}"
            );
        };
        let is_width = width.is_empty() || (width.starts_with('0') && width.len() == 2);
        let n_digits = width.parse().unwrap_or(1);
        ensure!(
            is_width && (width.is_empty() || (1..=9).contains(&n_digits)),
            Exit::Usage,
            "%{width}d in {} is no number of 1 to 9 digits", pattern.display();
            "give {EXAMPLE}"
        );
        Ok(Self {
            folder: folder.to_owned(),
            before: before.to_owned(),
            behind: behind.to_owned(),
            n_digits,
        })
    }

    /// The path of a shard.
    pub fn path(&self, number: u32) -> PathBuf {
        let (before, behind, width) = (&self.before, &self.behind, self.n_digits);
        self.folder
            .join(format!("{before}{number:0width$}{behind}"))
    }

    /// Fails where a file has the name of a shard already: a new set must not mix with an older one.
    pub fn ensure_none_is_there(&self) -> anyhow::Result<()> {
        let folder = if self.folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.folder
        };
        let read = || format!("look for shards in {}", folder.display());
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(error).with_context(read).exit_with(Exit::Usage);
            }
            entries => entries.with_context(read)?,
        };
        let mut there = Vec::new();
        for entry in entries {
            let name = entry.with_context(read)?.file_name();
            there.extend(
                name.to_str()
                    .filter(|it| self.is_shard(it))
                    .map(str::to_owned),
            );
        }
        there.sort();
        let Some(first) = there.first() else {
            return Ok(());
        };
        bail!(
            Exit::Usage,
            "{} is there already, as {} of this name {}",
            self.folder.join(first).display(),
            wo_cli::count(there.len(), "shard"),
            wo_cli::verb(there.len(), "is", "are");
            "remove the older ones first, or give -o another name; old and new shards must not mix"
        );
    }

    fn is_shard(&self, name: &str) -> bool {
        let number = name.strip_prefix(&self.before);
        let number = number.and_then(|it| it.strip_suffix(&self.behind));
        number.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_one_place_for_the_number() {
        let names = ShardNames::parse(Path::new("a/f-%06d.tar")).unwrap();
        assert_eq!(names.path(31), Path::new("a/f-000031.tar"));
        let names = ShardNames::parse(Path::new("%d.tar")).unwrap();
        assert_eq!(names.path(31), Path::new("31.tar"));
        for (pattern, says) in [
            (
                "frames.tar",
                "frames.tar has no place for the number of the shard",
            ),
            ("%02d-%02d.tar", "%02d-%02d.tar has more than one %"),
            ("f-%s.tar", "the % of f-%s.tar is no number"),
            ("f-%.tar", "the % of f-%.tar is no number"),
            (
                "f-%6d.tar",
                "%6d in f-%6d.tar is no number of 1 to 9 digits",
            ),
            (
                "f-%00d.tar",
                "%00d in f-%00d.tar is no number of 1 to 9 digits",
            ),
            (
                "%d/f.tar",
                "the number of a shard cannot be in the name of a folder: %d/f.tar",
            ),
            ("a/", "a/ is no name of shards"),
        ] {
            let error = ShardNames::parse(Path::new(pattern)).unwrap_err();
            assert_eq!(error.to_string(), says);
        }
    }

    #[test]
    fn shards_that_are_there_are_not_mixed_with() {
        let folder = tempfile::tempdir().unwrap();
        let names = ShardNames::parse(&folder.path().join("f-%03d.tar")).unwrap();
        for other in ["f-.tar", "f-x.tar", "g-000.tar", "f-000.tar.part"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        names.ensure_none_is_there().unwrap();
        fs::write(folder.path().join("f-1234.tar"), "").unwrap();
        let words = names.ensure_none_is_there().unwrap_err().to_string();
        assert!(words.contains("f-1234.tar is there already"), "{words}");
        let missing = ShardNames::parse(&folder.path().join("no/f-%03d.tar")).unwrap();
        assert!(missing.ensure_none_is_there().is_err());
    }
}
