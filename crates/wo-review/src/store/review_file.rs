//! `reviews.ndjson`: the log of all decisions. An acknowledged line is on disk and stays there.
//!
//! One process at a time writes it, under a lock; several reviewers share that process.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::Exit;
use wo_folder::{LOG_CURE, REVIEWS};
use wo_label::{Chain, LogLine, ReviewLogError};
use wo_record::Review;

/// The rest of an unfinished write is moved here.
const TORN: &str = "reviews.ndjson.torn";

/// The request of decisions that were written at once starts like this, followed by the number of the first.
const IMPORT: &str = "import ";

/// The log, open and locked.
#[derive(Debug)]
pub(crate) struct ReviewFile {
    file: File,
    path: PathBuf,
    chain: Chain,
    /// How many bytes are complete and synced.
    len: u64,
    /// After a failed sync the state of the disk is unknown until the next start.
    is_broken: bool,
}

/// The contents of a log.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) reviews: Vec<Review>,
    chain: Chain,
    len: u64,
    torn: Vec<u8>,
}

impl Contents {
    /// Moves the incomplete last decision to what a crash left. `before` is the state before it: reviews, bytes and chain.
    fn cut_decision(&mut self, mut file: &File, before: (usize, u64, Chain)) -> anyhow::Result<()> {
        let (n_reviews, len, chain) = before;
        let torn = self.reviews.split_off(n_reviews);
        wo_cli::info!("{} reviews of an incomplete decision", torn.len());
        let mut bytes = vec![0; (self.len - len) as usize];
        file.seek(SeekFrom::Start(len))?;
        file.read_exact(&mut bytes)?;
        bytes.append(&mut self.torn);
        (self.torn, self.len, self.chain) = (bytes, len, chain);
        Ok(())
    }
}

impl ReviewFile {
    /// Opens or creates the log of a folder for writing, and moves an unfinished write aside.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<(Self, Vec<Review>)> {
        let path = dir.join(REVIEWS);
        let what = || format!("open {}", path.display());
        let file = File::options()
            .read(true)
            .append(true)
            .create(true)
            // Other users of this machine may not read reviews.
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("open {}, the log of decisions", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                wo_cli::bail!(
                    Exit::Locked,
                    "another wo-review has {} open", dir.display();
                    "stop it first; start one wo-review with --reviewer for each person"
                );
            }
            Err(TryLockError::Error(e)) => return Err(e).with_context(what),
        }
        let contents = read_log(&file, &path)?;
        if !contents.torn.is_empty() {
            set_aside(&file, &contents, dir)?;
        }
        // Without this a power cut may lose the name of a new log and all its lines.
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .with_context(|| format!("sync {}", dir.display()))?;
        let log = Self {
            file,
            path,
            chain: contents.chain,
            len: contents.len,
            is_broken: false,
        };
        Ok((log, contents.reviews))
    }

    /// Appends decisions, and returns when they are on disk. Several share one request that names the first, so that the rest
    /// of an unfinished write differs from other damage.
    pub(crate) fn append_all(&mut self, decisions: &mut [Vec<Review>]) -> anyhow::Result<()> {
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
        if let Err(e) = self.file.write_all(text.as_bytes()) {
            // Part of it may be on disk, and the next line must not follow half a line.
            self.is_broken = self.file.set_len(self.len).is_err();
            return Err(e).with_context(|| format!("write {}", self.path.display()));
        }
        if let Err(e) = self.file.sync_data() {
            self.is_broken = true;
            return Err(e).with_context(|| format!("sync {}", self.path.display()));
        }
        self.len += text.len() as u64;
        self.chain = chain;
        Ok(())
    }
}

/// Reads the reviews of a folder. Takes no lock and changes nothing.
pub(crate) fn read_reviews(dir: &Path) -> anyhow::Result<Vec<Review>> {
    let path = dir.join(REVIEWS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
    let contents = read_log(&file, &path)?;
    if !contents.torn.is_empty() {
        wo_cli::warn!(
            "{} ends with {} bytes of an unfinished write, which do not count",
            path.display(),
            contents.torn.len()
        );
    }
    Ok(contents.reviews)
}

fn read_log(file: &File, path: &Path) -> anyhow::Result<Contents> {
    let mut contents = Contents::default();
    let mut input = BufReader::with_capacity(1 << 18, file);
    input.seek(SeekFrom::Start(0))?;
    // The state before the current decision, and how many of its reviews are missing.
    let mut before_decision = (0, 0, Chain::default());
    let mut n_missing = 0;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        if input.read_until(b'\n', &mut buffer)? == 0 {
            break;
        }
        let text = std::str::from_utf8(&buffer)
            .ok()
            .and_then(|text| text.strip_suffix('\n'));
        let chain = contents.chain.clone();
        let followed = match text {
            Some(text) => contents.chain.follow(text),
            None => Err(ReviewLogError::NotAReview(
                "the line is not whole".to_owned(),
            )),
        };
        match followed {
            Ok(line) => {
                if n_missing == 0 {
                    before_decision = (contents.reviews.len(), contents.len, chain);
                    n_missing = line.n_reviews();
                }
                n_missing = n_missing.saturating_sub(1);
                contents.len += buffer.len() as u64;
                if let LogLine::Review(review) = line {
                    contents.reviews.push(*review);
                }
            }
            Err(error) => {
                contents.torn.append(&mut buffer);
                input.read_to_end(&mut contents.torn)?;
                let decision = match n_missing {
                    0 => contents.chain.n_lines(),
                    _ => before_decision.2.n_lines(),
                } + 1;
                if !matches!(error, ReviewLogError::NotAReview(_))
                    || !is_one_write(&contents.torn, decision)
                {
                    wo_cli::bail!(
                        Exit::Integrity,
                        "{}:{}: {error}", path.display(), contents.chain.n_lines() + 1;
                        "{LOG_CURE}"
                    );
                }
                break;
            }
        }
    }
    if n_missing > 0 {
        contents.cut_decision(file, before_decision)?;
    }
    Ok(contents)
}

/// Whether a bad line and what follows can be one unfinished write: this decision, or the decisions of one import. Each write
/// is synced before the next, so a crash damages only one. Other damage hits acknowledged lines.
fn is_one_write(torn: &[u8], decision: u64) -> bool {
    let lines = torn.split(|&byte| byte == b'\n');
    let reviews = lines.filter_map(|line| serde_json::from_slice::<Review>(line).ok());
    let mut request: Option<Option<String>> = None;
    reviews.into_iter().all(|review| {
        let begins_before = first_of_import(&review).is_some_and(|first| first <= decision);
        let first = request.get_or_insert_with(|| review.request.clone());
        review.decision == decision || (begins_before && *first == review.request)
    })
}

/// The number of the first decision that was written together with this review.
fn first_of_import(review: &Review) -> Option<u64> {
    let request = review.request.as_deref()?.strip_prefix(IMPORT)?;
    request.split(' ').next()?.parse().ok()
}

/// Moves an unfinished write, which was never acknowledged, from the log to a file beside it.
fn set_aside(file: &File, contents: &Contents, dir: &Path) -> anyhow::Result<()> {
    let path = dir.join(TORN);
    wo_cli::warn!(
        "{} ends with {} bytes of an unfinished write; they are now in {TORN}",
        dir.join(REVIEWS).display(),
        contents.torn.len()
    );
    File::options()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut torn| {
            torn.write_all(&contents.torn)?;
            torn.sync_all()
        })
        .with_context(|| format!("write {}", path.display()))?;
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
    fn a_log_goes_on_after_lines_were_erased() {
        let dir = wo_testkit::tempdir().expect("a folder");
        let (mut log, _) = ReviewFile::open(dir.path()).expect("a new log");
        log.append_all(&mut [vec![review("a"), review("b")], vec![review("c")]])
            .expect("written");
        drop(log);
        let path = dir.path().join(REVIEWS);
        let text = fs::read_to_string(&path).expect("a log");
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        let first: Review = serde_json::from_str(&lines[0]).expect("a review");
        lines[0] = wo_label::erased(&first).expect("a line");
        fs::write(&path, lines.concat()).expect("written");
        let (mut log, reviews) = ReviewFile::open(dir.path()).expect("a log with a gap");
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
        assert!(read_reviews(dir.path()).expect("a log").is_empty());
    }
}
