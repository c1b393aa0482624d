//! Reads the log, and tells an unfinished write at its end from other damage.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use wo_cli::Exit;
use wo_folder::{LOG_CURE, ReviewHeads};
use wo_label::{Chain, LogLine, ReviewLogError};
use wo_record::Review;

/// The request of decisions that were written at once starts like this, followed by the number of the first.
pub(super) const IMPORT: &str = "import ";

/// How the first line of a log may begin.
const FIRST_LINES: [&[u8]; 2] = [
    br#"{"type":"review","sequence":1,"#,
    br#"{"type":"lost_reviews","sequence":1,"#,
];

/// The contents of a log.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) reviews: Vec<Review>,
    pub(super) chain: Chain,
    pub(super) len: u64,
    pub(super) torn: Vec<u8>,
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

    /// Fails where what is torn is more than the unfinished write of this decision. Where no line before it is a review and
    /// no anchor says that this is a log, it must also begin like one.
    fn ensure_unfinished(
        &self,
        path: &Path,
        error: &ReviewLogError,
        decision: u64,
        heads: &ReviewHeads,
    ) -> anyhow::Result<()> {
        let is_log = self.chain.n_lines() > 0 || heads.anchor().is_some() || is_begun(&self.torn);
        wo_cli::ensure!(
            is_log
                && matches!(error, ReviewLogError::NotAReview(_))
                && is_one_write(&self.torn, decision),
            Exit::Integrity,
            "{}:{}: {error}", path.display(), self.chain.n_lines() + 1;
            "{LOG_CURE}"
        );
        Ok(())
    }
}

/// Reads a log from its beginning, and takes note of the lines that must be there.
pub(super) fn read_log(
    file: &File,
    path: &Path,
    heads: &mut ReviewHeads,
) -> anyhow::Result<Contents> {
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
        let not_whole = || ReviewLogError::NotAReview("the line is not whole".to_owned());
        let text = text.ok_or_else(not_whole);
        match text.and_then(|text| contents.chain.follow(text)) {
            Ok(line) => {
                heads.see(&contents.chain, &line);
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
                let before = if n_missing == 0 {
                    &contents.chain
                } else {
                    &before_decision.2
                };
                let decision = before.n_lines() + 1;
                contents.ensure_unfinished(path, &error, decision, heads)?;
                break;
            }
        }
    }
    if n_missing > 0 {
        contents.cut_decision(file, before_decision)?;
    }
    Ok(contents)
}

/// Whether these bytes can be what a crash left of a log's first line. Blocks that never reached the disk are zeros.
fn is_begun(torn: &[u8]) -> bool {
    FIRST_LINES.iter().any(|first| {
        let mut pairs = torn.iter().zip(*first);
        pairs.all(|(&byte, expected)| byte == 0 || byte == *expected)
    })
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
