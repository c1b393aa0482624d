//! How far a log of reviews must reach: by its anchor, and by the records that were made from it.
//!
//! A log that was cut off at the end of a line is a chain, so only these tell that lines are missing. The anchor is replaced
//! after each decision that is on the disk and before it is acknowledged: a crash in between leaves it behind the log, never
//! ahead. Who removes log and anchor is found out by the records.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint, shell_word};
use wo_label::{Chain, LogLine};
use wo_record::{Begin, Record, ReviewsHead};

use crate::names::{RECORDS, REVIEWS};

/// What to do about a log that was changed.
pub const LOG_CURE: &str =
    "only wo-review may write it; restore the file from a backup or from git";
/// A `begin` record is never longer.
const MAX_BEGIN: u64 = 1 << 16;

/// A line that a log must have.
#[derive(Debug, Clone)]
struct KnownHead {
    head: ReviewsHead,
    /// The file that says so.
    told_by: PathBuf,
    is_met: bool,
}

/// The lines that a log must have.
#[derive(Debug, Clone, Default)]
pub struct ReviewHeads {
    known: Vec<KnownHead>,
    anchor: Option<ReviewsHead>,
}

impl ReviewHeads {
    /// What the anchor of a log and the records beside it say. Read it before the log, since a server may write both
    /// meanwhile.
    pub fn read(log: &Path) -> anyhow::Result<Self> {
        let mut heads = Self::of_anchor(log)?;
        let is_of_folder = log.file_name() == Some(OsStr::new(REVIEWS));
        let records = log.with_file_name(RECORDS);
        let told = is_of_folder.then(|| head_of_records(&records)).flatten();
        heads.add(told, records);
        Ok(heads)
    }

    /// What the anchor alone says: for a log that is not there. A folder may have been copied without both.
    pub(crate) fn of_anchor(log: &Path) -> anyhow::Result<Self> {
        let path = anchor_of(log);
        let reading = || format!("read {}", path.display());
        let anchor = match bytes_of(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(reading),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(reading)
                .exit_with(Exit::Integrity)
                .hint("only wo-review may write it; bring it and the log back from a backup or from git")
                .hint_with(|| {
                    let remove = shell_word(&path);
                    Some(format!("without a backup: rm {remove}; whether the log lost its last lines is then known by the records alone"))
                })?,
        };
        let mut heads = Self {
            anchor: anchor.clone(),
            known: Vec::new(),
        };
        heads.add(anchor, path);
        Ok(heads)
    }

    fn add(&mut self, head: Option<ReviewsHead>, told_by: PathBuf) {
        self.known.extend(head.map(|head| KnownHead {
            head,
            told_by,
            is_met: false,
        }));
    }

    /// The anchor.
    pub fn anchor(&self) -> Option<&ReviewsHead> {
        self.anchor.as_ref()
    }

    /// Takes note of the next line of the log, which `chain` has followed.
    pub fn see(&mut self, chain: &Chain, line: &LogLine) {
        let accepted = match line {
            LogLine::Lost(lost) => lost.lost.as_slice(),
            _ => &[],
        };
        for known in self.known.iter_mut().filter(|it| !it.is_met) {
            known.is_met = accepted.contains(&known.head)
                || (known.head.sequence == chain.n_lines()
                    && chain.head().as_ref() == Some(&known.head));
        }
    }

    /// The lines that are missing, each once, the last one first.
    pub fn missing(&self) -> Vec<ReviewsHead> {
        let unmet = self.known.iter().filter(|known| !known.is_met);
        let mut missing: Vec<ReviewsHead> = unmet.map(|known| known.head.clone()).collect();
        missing.sort_by_key(|head| std::cmp::Reverse(head.sequence));
        missing.dedup();
        missing
    }

    /// Refuses a log that lacks one of them, when all of its `n_lines` were seen.
    pub fn check(&self, log: &Path, n_lines: u64) -> anyhow::Result<()> {
        let unmet = self.known.iter().filter(|known| !known.is_met);
        let Some(last) = unmet.max_by_key(|known| known.head.sequence) else {
            return Ok(());
        };
        let had = last.head.sequence;
        let what = if !log.exists() {
            format!("it is not there, and had {}", wo_cli::count(had, "line"))
        } else if n_lines < had {
            let now = wo_cli::count(n_lines, "line");
            format!(
                "it ends after {now}, and had {had}: reviews that were acknowledged were removed"
            )
        } else {
            format!("line {had} is not the one that was acknowledged")
        };
        let folder = log.parent().filter(|it| !it.as_os_str().is_empty());
        wo_cli::bail!(
            Exit::Integrity,
            "{}: {what} (so says {})", log.display(), name(&last.told_by);
            "{LOG_CURE}";
            "to go on without the missing lines: wo-review --accept-lost-reviews {}; the log then says that they are lost",
            shell_word(folder.unwrap_or(Path::new(".")))
        )
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// `reviews.ndjson.anchor` beside `reviews.ndjson`.
pub fn anchor_of(log: &Path) -> PathBuf {
    beside(log, ".anchor")
}

fn beside(log: &Path, ending: &str) -> PathBuf {
    let mut name = log.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    log.with_file_name(name)
}

fn bytes_of(anchor: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    wo_cli::open_own(anchor, File::options().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts the anchor beside a log, in the place of the one before. Where it fails, the one before is still there.
pub fn write_anchor(log: &Path, head: &ReviewsHead) -> io::Result<()> {
    let mut text = serde_json::to_vec(head)?;
    text.push(b'\n');
    // No name of a file that is cleaned away: whoever has the folder's lock removes those.
    let new = beside(log, ".anchor.new");
    // What has the name was left by a crash, or is a trap such as a link or a FIFO.
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    let mut file = wo_cli::open_own(&new, &mut options)?;
    // Who may read the log may read how far it goes.
    if let Ok(of_log) = fs::metadata(log) {
        let _ = fchown(&file, None, Some(of_log.gid()));
        file.set_permissions(of_log.permissions())?;
    }
    file.write_all(&text)?;
    file.sync_data()?;
    fs::rename(&new, anchor_of(log))
}

/// The last review that is in records, as their first line says.
pub fn head_of_records(records: &Path) -> Option<ReviewsHead> {
    begin_of_records(records)?.reviews
}

/// The `begin` record of a file of records, if it has one.
pub fn begin_of_records(records: &Path) -> Option<Begin> {
    let mut line = String::new();
    let file = wo_cli::open_file(records).ok()?;
    BufReader::new(file.take(MAX_BEGIN))
        .read_line(&mut line)
        .ok()?;
    match Record::parse(&line).ok()?.ok()? {
        Record::Begin(begin) => Some(begin),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use wo_record::LostReviews;

    use super::*;

    fn head(sequence: u64, hash: &str) -> ReviewsHead {
        ReviewsHead {
            sequence,
            hash: hash.to_owned(),
        }
    }

    /// A log of `n` losses, which are lines like others.
    fn lines(n: usize, lost: &[ReviewsHead]) -> (Chain, Vec<LogLine>) {
        let mut chain = Chain::default();
        let lines = (0..n).map(|_| {
            let mut line = LostReviews {
                sequence: 0,
                at: String::new(),
                lost: lost.to_vec(),
                previous: String::new(),
                hash: None,
            };
            chain.seal_lost(&mut line).unwrap();
            LogLine::Lost(line)
        });
        let lines = lines.collect();
        (chain, lines)
    }

    fn seen(mut heads: ReviewHeads, n: usize, lost: &[ReviewsHead]) -> ReviewHeads {
        for n in 1..=n {
            let (chain, lines) = lines(n, lost);
            heads.see(&chain, &lines[n - 1]);
        }
        heads
    }

    #[test]
    fn a_log_must_reach_its_anchor_and_its_records() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join(REVIEWS);
        assert!(ReviewHeads::read(&log).unwrap().missing().is_empty());
        let third = lines(3, &[]).0.head().unwrap();
        write_anchor(&log, &third).unwrap();
        let heads = ReviewHeads::read(&log).unwrap();
        assert_eq!(heads.anchor(), Some(&third));
        assert_eq!(heads.missing(), std::slice::from_ref(&third));
        assert!(seen(heads.clone(), 2, &[]).check(&log, 2).is_err());
        assert!(seen(heads.clone(), 3, &[]).check(&log, 3).is_ok());
        assert!(seen(heads.clone(), 5, &[]).check(&log, 5).is_ok());
        // A line of another log in its place, and a loss that somebody accepted.
        let other = seen(heads.clone(), 4, &[head(9, "x")]);
        assert_eq!(other.missing(), std::slice::from_ref(&third));
        assert!(
            seen(heads, 1, std::slice::from_ref(&third))
                .missing()
                .is_empty()
        );
        // The anchor is gone, and the records know of it.
        fs::remove_file(anchor_of(&log)).unwrap();
        let begin = format!(
            r#"{{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1,"reviews":{}}}"#,
            serde_json::to_string(&third).unwrap()
        );
        fs::write(dir.path().join(RECORDS), begin + "\n").unwrap();
        let heads = ReviewHeads::read(&log).unwrap();
        assert_eq!((heads.anchor(), heads.missing()), (None, vec![third]));
        let error = heads.check(&log, 0).unwrap_err().to_string();
        assert!(error.contains("not there, and had 3 lines"), "{error}");
    }

    #[test]
    fn a_new_anchor_is_written_into_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join(REVIEWS);
        let notes = dir.path().join("notes");
        fs::write(&notes, "text").unwrap();
        std::os::unix::fs::symlink(&notes, beside(&log, ".anchor.new")).unwrap();
        write_anchor(&log, &head(1, "a")).unwrap();
        assert_eq!(fs::read_to_string(&notes).unwrap(), "text");
        let heads = ReviewHeads::read(&log).unwrap();
        assert_eq!(heads.anchor(), Some(&head(1, "a")));
        // A link in the place of the anchor itself is not followed either.
        fs::rename(anchor_of(&log), &notes).unwrap();
        std::os::unix::fs::symlink(&notes, anchor_of(&log)).unwrap();
        let error = format!("{:#}", ReviewHeads::read(&log).unwrap_err());
        assert!(error.contains("it is a link"), "{error}");
    }

    #[test]
    fn a_damaged_anchor_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join(REVIEWS);
        fs::write(anchor_of(&log), "{\"sequence\":").unwrap();
        let error = ReviewHeads::read(&log).unwrap_err();
        assert!(error.to_string().contains(".anchor"), "{error}");
        let cures = wo_cli::message_of(&error).shown();
        assert!(cures.contains("without a backup: rm "), "{cures}");
    }

    #[test]
    fn who_may_read_the_log_may_read_its_anchor() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join(REVIEWS);
        for mode in [0o600, 0o644, 0o664] {
            fs::write(&log, "").unwrap();
            fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
            write_anchor(&log, &head(1, "a")).unwrap();
            let of_anchor = fs::metadata(anchor_of(&log)).unwrap().permissions();
            assert_eq!(of_anchor.mode() & 0o777, mode);
        }
    }
}
