//! Reads a ledger, and tells an unfinished write at its end from other damage.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::Context;
use serde::de::DeserializeOwned;
use wo_cli::{Exit, ExitWith, Hint, open_file};

use crate::chain::{Chain, ChainError, Line};
use crate::entry::Entry;
use crate::head::Head;

/// What to do about a ledger that was changed.
const CURE: &str =
    "bring back a copy of the file from before the change; nothing but the tools writes it";

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) lines: Vec<Line>,
    pub(crate) chain: Chain,
    /// How many bytes the whole lines take.
    pub(crate) len: u64,
    /// The rest of a write that was never finished.
    pub(crate) torn: Vec<u8>,
}

/// The entries of a ledger, without those that were forgotten. Takes no lock and changes nothing. A file that is not there
/// and never was has no entries.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<Entry<T>>> {
    // Before the lines: another run may write both meanwhile.
    let head = Head::read(path)?;
    let contents = if path.exists() {
        let file = open_file(path).with_context(|| format!("open {}", path.display()))?;
        read_lines(&file, path)?
    } else {
        Contents::default()
    };
    contents.reach(head.as_ref(), path)?;
    entries_of(&contents.lines, path)
}

impl Contents {
    /// Refuses lines that end before the head.
    pub(crate) fn reach(&self, head: Option<&Head>, path: &Path) -> anyhow::Result<()> {
        let hashes = self.lines.iter().map(|line| line.hash.as_str());
        head.map_or(Ok(()), |head| head.check(path, hashes))
    }
}

/// Reads all lines and checks the chain.
pub(crate) fn read_lines(file: &File, path: &Path) -> anyhow::Result<Contents> {
    let what = || format!("read {}", path.display());
    let mut contents = Contents::default();
    let mut input = BufReader::with_capacity(1 << 18, file);
    input.seek(SeekFrom::Start(0)).with_context(what)?;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        if input.read_until(b'\n', &mut buffer).with_context(what)? == 0 {
            break;
        }
        let whole = std::str::from_utf8(&buffer).ok();
        let followed = match whole.filter(|text| text.ends_with('\n')) {
            Some(text) => contents.chain.follow(text),
            None => Err(ChainError::NotALine("the line is not whole".to_owned())),
        };
        match followed {
            Ok(line) => {
                contents.len += buffer.len() as u64;
                contents.lines.push(line);
            }
            Err(error) => {
                contents.torn.append(&mut buffer);
                input.read_to_end(&mut contents.torn).with_context(what)?;
                if !is_unfinished(&contents.torn) {
                    return Err(broken(&error, path, contents.chain.n_lines() + 1));
                }
                break;
            }
        }
    }
    let finished = contents.chain.finish();
    finished.map_err(|error| broken(&error, path, contents.chain.n_lines()))?;
    Ok(contents)
}

/// The entries of lines, in their order.
pub(crate) fn entries_of<T: DeserializeOwned>(
    lines: &[Line],
    path: &Path,
) -> anyhow::Result<Vec<Entry<T>>> {
    let mut entries = Vec::new();
    for line in lines {
        let Some(raw) = &line.entry else { continue };
        let what = serde_json::from_str(raw.get())
            .with_context(|| format!("{}:{}", path.display(), line.sequence))
            .exit_with(Exit::Integrity)
            .hint("a newer version of the tool may have written it")?;
        entries.push(Entry {
            sequence: line.sequence,
            what,
        });
    }
    Ok(entries)
}

/// Whether a crash can have left these bytes at the end: half a line, or a hole of zeros. Each line is synced before the
/// next, so nothing follows it. Other damage hits lines that were acknowledged.
fn is_unfinished(torn: &[u8]) -> bool {
    let mut lines = torn.split(|&byte| byte == b'\n');
    let is_alone = lines.all(|line| serde_json::from_slice::<Line>(line).is_err());
    is_alone && (!torn.ends_with(b"\n") || torn.contains(&0))
}

fn broken(error: &ChainError, path: &Path, line: u64) -> anyhow::Error {
    let place = match error {
        ChainError::Removed(_) | ChainError::Returned(_) => path.display().to_string(),
        _ => format!("{}:{line}", path.display()),
    };
    wo_cli::error!(Exit::Integrity, "{place}: {error}"; "{CURE}").into()
}
