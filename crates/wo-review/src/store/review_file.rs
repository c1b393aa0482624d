//! `reviews.ndjson`: the log of all decisions. An acknowledged line is on disk and stays there.
//!
//! One process at a time writes it, under a lock; several reviewers share that process. The anchor beside it names the last
//! line that may have been acknowledged, so that a log which lost lines is told from one that a crash cut off.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{count, verb};
use wo_folder::{REVIEWS, ReviewHeads, write_anchor};
use wo_label::Chain;
use wo_record::{LostReviews, Review, ReviewsHead};

use super::log_contents::{Contents, IMPORT, read_log};
use super::log_lock::{lock, take};
use super::log_trouble::{LogTrouble, check_in_place};

/// The rest of an unfinished write is moved here.
const TORN: &str = "reviews.ndjson.torn";

/// What is done about a log that has lost lines which were acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnLoss {
    /// The log is refused.
    Refuse,
    /// The loss is written into the log, which goes on.
    Accept,
}

/// The log, open and locked.
#[derive(Debug)]
pub(crate) struct ReviewFile {
    file: File,
    path: PathBuf,
    _lock: File,
    chain: Chain,
    /// How many bytes are complete and synced.
    len: u64,
    /// After a failed sync the state of the disk is unknown until the next start.
    is_broken: bool,
    /// What was said of another program, so that it is said once.
    told: RefCell<String>,
}

impl ReviewFile {
    /// Opens or creates the log of a folder for writing, and moves an unfinished write aside.
    pub(crate) fn open(dir: &Path, on_loss: OnLoss) -> anyhow::Result<(Self, Vec<Review>)> {
        let path = dir.join(REVIEWS);
        let lock = lock(dir)?;
        let mut heads = ReviewHeads::read(&path)?;
        if !path.exists() && on_loss == OnLoss::Refuse {
            heads.check(&path, 0)?;
        }
        let file = opened(&path)?;
        // Older versions lock only the log.
        take(&file, dir)?;
        let contents = read_log(&file, &path, &mut heads)?;
        if on_loss == OnLoss::Refuse {
            heads.check(&path, contents.chain.n_lines())?;
        }
        if !contents.torn.is_empty() {
            set_aside(&file, &contents, dir)?;
        }
        // Without this a power cut may lose the name of a new log and all its lines.
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .with_context(|| format!("sync {}", dir.display()))?;
        let mut log = Self {
            file,
            path,
            _lock: lock,
            chain: contents.chain,
            len: contents.len,
            is_broken: false,
            told: RefCell::default(),
        };
        log.settle(&heads, on_loss)?;
        Ok((log, contents.reviews))
    }

    /// Says what a crash left, writes down what is lost, and brings the anchor up to date.
    fn settle(&mut self, heads: &ReviewHeads, on_loss: OnLoss) -> anyhow::Result<()> {
        let n_acknowledged = heads.anchor().map(|anchor| anchor.sequence);
        let missing = heads.missing();
        let is_whole = missing.is_empty();
        if !is_whole {
            self.accept(missing)?;
        } else if on_loss == OnLoss::Accept {
            wo_cli::warn!("{}: no review is lost", self.path.display());
        }
        if let Some(n) = n_acknowledged.map(|n| self.chain.n_lines().saturating_sub(n))
            && n > 0
            && is_whole
        {
            wo_cli::warn!(
                "{}: the last {} may not have been acknowledged before the run ended; {} counted",
                self.path.display(),
                count(n, "line"),
                verb(n, "it is", "they are")
            );
        }
        match self.chain.head() {
            Some(head) if heads.anchor() != Some(&head) => self.anchor(&head),
            _ => Ok(()),
        }
    }

    /// Writes a line that says that lines are lost.
    fn accept(&mut self, lost: Vec<ReviewsHead>) -> anyhow::Result<()> {
        let last = lost.first().map_or(0, |head| head.sequence);
        let mut line = LostReviews {
            sequence: 0,
            at: jiff::Timestamp::now().to_string(),
            lost,
            previous: String::new(),
            hash: None,
        };
        let n_lines = self.chain.n_lines();
        let mut chain = self.chain.clone();
        let text = chain.seal_lost(&mut line)?;
        self.write(&text)?;
        (self.chain, self.len) = (chain, self.len + text.len() as u64);
        wo_cli::warn!(
            "{}: goes on after {}; it had {last}, and line {} says that they are lost",
            self.path.display(),
            count(n_lines, "line"),
            n_lines + 1
        );
        Ok(())
    }

    /// Fails while another program has its hands on the log, and says so once.
    pub(crate) fn check_in_place(&self) -> anyhow::Result<()> {
        // After a failed write of our own nobody knows it.
        self.check_len((!self.is_broken).then_some(self.len))
    }

    fn check_len(&self, len: Option<u64>) -> anyhow::Result<()> {
        let checked = check_in_place(&self.file, &self.path, len);
        let mut told = self.told.borrow_mut();
        match &checked {
            Err(error) if wo_cli::cause::<LogTrouble>(error).is_some() => {
                let message = wo_cli::message_of(error);
                if *told != message.text {
                    wo_cli::warn_line(&message);
                    *told = message.text;
                }
            }
            Ok(()) if !told.is_empty() => {
                let then = if self.is_broken {
                    "start wo-review again, since an earlier write failed"
                } else {
                    "decisions are saved"
                };
                wo_cli::warn!("{} is in its place again; {then}", self.path.display());
                told.clear();
            }
            _ => {}
        }
        checked
    }

    /// Appends decisions, and returns when they are on disk. Several share one request that names the first, so that the rest
    /// of an unfinished write differs from other damage.
    pub(crate) fn append_all(&mut self, decisions: &mut [Vec<Review>]) -> anyhow::Result<()> {
        self.check_in_place()?;
        if self.is_broken {
            // A disk error, not a request error: the page keeps what it could not save.
            return Err(io::Error::other(
                "an earlier write failed; start wo-review again",
            ))
            .with_context(|| format!("write {}", self.path.display()));
        }
        let mut chain = self.chain.clone();
        let mut text = String::new();
        let request = format!("{IMPORT}{} {}", chain.n_lines() + 1, jiff::Timestamp::now());
        let has_several = decisions.len() > 1;
        for reviews in decisions {
            let decision = chain.n_lines() + 1;
            let n_reviews = reviews.len() as u32;
            for review in reviews {
                (review.decision, review.n_reviews) = (decision, n_reviews);
                if has_several {
                    review.request = Some(request.clone());
                }
                text.push_str(&chain.seal(review)?);
            }
        }
        self.write(&text)?;
        let len = self.len + text.len() as u64;
        let checked = self.check_len(Some(len));
        let anchored = checked.and_then(|()| chain.head().map_or(Ok(()), |it| self.anchor(&it)));
        if let Err(error) = anchored {
            self.take_back(len);
            return Err(error);
        }
        (self.chain, self.len) = (chain, len);
        Ok(())
    }

    /// Removes what was written up to `len`: nobody was told of it. Where that fails, or another program wrote as well, the
    /// next start finds and keeps the lines.
    fn take_back(&mut self, len: u64) {
        let is_ours = self.file.metadata().is_ok_and(|now| now.len() == len);
        self.is_broken = !is_ours || self.file.set_len(self.len).is_err();
    }

    /// Appends text, and returns when it is on disk.
    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        if let Err(e) = self.file.write_all(text.as_bytes()) {
            // Part of it may be on disk, and the next line must not follow half a line.
            self.is_broken = self.file.set_len(self.len).is_err();
            return Err(e).with_context(|| format!("write {}", self.path.display()));
        }
        if let Err(e) = self.file.sync_data() {
            self.is_broken = true;
            return Err(e).with_context(|| format!("sync {}", self.path.display()));
        }
        Ok(())
    }

    fn anchor(&self, head: &ReviewsHead) -> anyhow::Result<()> {
        write_anchor(&self.path, head)
            .with_context(|| format!("write the anchor of {}", self.path.display()))
    }
}

/// How a file of reviews is opened to write at its end.
fn private_options() -> OpenOptions {
    let mut options = File::options();
    // Other users of this machine may not read reviews.
    options.read(true).append(true).create(true).mode(0o600);
    options
}

/// The file, whatever it holds.
fn opened(path: &Path) -> anyhow::Result<File> {
    wo_cli::open_own(path, &mut private_options())
        .with_context(|| format!("open {}, the log of decisions", path.display()))
}

/// Reads the reviews of a folder. Takes no lock and changes nothing.
pub(crate) fn read_reviews(dir: &Path) -> anyhow::Result<Vec<Review>> {
    let path = dir.join(REVIEWS);
    let mut heads = ReviewHeads::read(&path)?;
    if !path.exists() {
        heads.check(&path, 0)?;
        return Ok(Vec::new());
    }
    let file = wo_cli::open_file(&path).with_context(|| format!("open {}", path.display()))?;
    let contents = read_log(&file, &path, &mut heads)?;
    heads.check(&path, contents.chain.n_lines())?;
    if !contents.torn.is_empty() {
        wo_cli::warn!(
            "{} ends with {} bytes of an unfinished write, which do not count",
            path.display(),
            contents.torn.len()
        );
    }
    Ok(contents.reviews)
}

/// Moves an unfinished write, which was never acknowledged, from the log to a file beside it.
fn set_aside(file: &File, contents: &Contents, dir: &Path) -> anyhow::Result<()> {
    let path = dir.join(TORN);
    wo_cli::open_own(&path, &mut private_options())
        .and_then(|mut torn| {
            torn.write_all(&contents.torn)?;
            torn.sync_all()
        })
        .with_context(|| format!("write {}", path.display()))?;
    wo_cli::warn!(
        "{} ends with {} bytes of an unfinished write; they are now in {TORN}",
        dir.join(REVIEWS).display(),
        contents.torn.len()
    );
    file.set_len(contents.len)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("shorten {}", dir.join(REVIEWS).display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn review(video_id: &str) -> Review {
        let json = serde_json::json!({
            "sequence": 0, "at": "2026-03-01T09:30:00Z", "reviewer": "anna", "decision": 0, "n_reviews": 1,
            "video_id": video_id, "index": 0, "old": {}, "new": {}, "previous": "",
        });
        serde_json::from_value(json).expect("a review")
    }

    #[test]
    fn lines_that_nobody_was_told_of_are_taken_back() {
        let dir = wo_testkit::tempdir().expect("a folder");
        let (mut log, _) = ReviewFile::open(dir.path(), OnLoss::Refuse).expect("a new log");
        log.append_all(&mut [vec![review("a")]]).expect("written");
        let path = dir.path().join(REVIEWS);
        let before = fs::read(&path).expect("a log");
        log.write("ours\n").expect("written");
        log.take_back(log.len + 5);
        assert_eq!(fs::read(&path).expect("a log"), before);
        log.append_all(&mut [vec![review("b")]]).expect("written");
        // Another program wrote as well: its bytes are not cut off, and nothing more is saved.
        log.write("ours\ntheirs\n").expect("written");
        let all = fs::read(&path).expect("a log");
        log.take_back(log.len + 5);
        assert_eq!(fs::read(&path).expect("a log"), all);
        log.check_in_place().expect("in its place");
        let error = log
            .append_all(&mut [vec![review("c")]])
            .expect_err("broken");
        assert!(format!("{error:#}").contains("start wo-review again"));
    }

    #[test]
    fn a_log_goes_on_after_lines_were_erased() {
        let dir = wo_testkit::tempdir().expect("a folder");
        let (mut log, _) = ReviewFile::open(dir.path(), OnLoss::Refuse).expect("a new log");
        log.append_all(&mut [vec![review("a"), review("b")], vec![review("c")]])
            .expect("written");
        drop(log);
        let path = dir.path().join(REVIEWS);
        let text = fs::read_to_string(&path).expect("a log");
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        let first: Review = serde_json::from_str(&lines[0]).expect("a review");
        lines[0] = wo_label::erased(&first).expect("a line");
        fs::write(&path, lines.concat()).expect("written");
        let (mut log, reviews) =
            ReviewFile::open(dir.path(), OnLoss::Refuse).expect("a log with a gap");
        let ids = |reviews: &[Review]| -> Vec<String> {
            reviews.iter().map(|it| it.video_id.clone()).collect()
        };
        assert_eq!(ids(&reviews), ["b", "c"]);
        log.append_all(&mut [vec![review("d")]]).expect("written");
        drop(log);
        let reviews = read_reviews(dir.path()).expect("a log");
        assert_eq!(ids(&reviews), ["b", "c", "d"]);
        assert_eq!(reviews[2].sequence, 4);
        // A decision that is erased in part and was never whole does not count.
        fs::write(&path, &lines[0]).expect("written");
        assert!(read_reviews(dir.path()).is_err(), "lines are missing");
        fs::remove_file(wo_folder::anchor_of(&path)).expect("removed");
        assert!(read_reviews(dir.path()).expect("a log").is_empty());
    }
}
