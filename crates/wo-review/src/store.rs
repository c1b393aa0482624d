//! The folder and all decisions about it. Everything follows from the log; nothing is stored elsewhere.

mod decision;
mod effective_label;
mod log_contents;
mod log_lock;
mod log_trouble;
mod original;
mod predictions;
mod replay;
mod review_file;
mod stream;
mod suspects;

use std::collections::{HashMap, VecDeque};

use anyhow::ensure;
use wo_label::Captions;
use wo_record::{Judgement, Review, ReviewsHead};

pub(crate) use self::decision::{Change, Decision, is_template};
pub(crate) use self::log_trouble::LogTrouble;
use self::original::Original;
pub(crate) use self::predictions::Predictions;
pub(crate) use self::review_file::{OnLoss, ReviewFile, read_reviews};
pub(crate) use self::suspects::Suspects;
use crate::folder::{Folder, FrameItem};

/// At least this many other decisions lie between a decision and its blind repeat.
const REPEAT_GAP: usize = 20;
/// The most frames of one decision.
const MAX_FRAMES: usize = 100_000;

/// One review of a frame of the folder.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) decision: u64,
    pub(crate) frame: u32,
    pub(crate) reviewer: u32,
    pub(crate) at: String,
    pub(crate) old: Judgement,
    pub(crate) new: Judgement,
    pub(crate) says: Vec<String>,
    pub(crate) is_repeat: bool,
    pub(crate) is_undone: bool,
}

/// The folder, the log, and indexes over both.
// More than 12 fields: the indexes change together with each review.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) folder: Folder,
    pub(crate) captions: Captions,
    log: Option<ReviewFile>,
    /// The last review of the log, which what is made from it names.
    pub(crate) head: Option<ReviewsHead>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) reviewers: Vec<String>,
    /// Their numbers. An import may bring thousands.
    reviewer_numbers: HashMap<String, u32>,
    /// By frame that anyone reviewed: what held before, and what was set since.
    pub(crate) originals: HashMap<u32, Original>,
    /// By frame: the effective label, from the last line of the log about it as far as people set it.
    pub(crate) now: HashMap<u32, Judgement>,
    /// By frame: the entries that are not undone, in order.
    pub(crate) live: HashMap<u32, Vec<u32>>,
    /// By decision: its entries.
    pub(crate) decisions: HashMap<u64, Vec<u32>>,
    /// By decision that undid another one: its frames.
    pub(crate) undone: HashMap<u64, Vec<u32>>,
    /// By reviewer: decisions that can be undone, the last one last.
    pub(crate) stacks: Vec<Vec<u64>>,
    pub(crate) requests: HashMap<String, u64>,
    /// By reviewer: entries to repeat, with the number of decisions made before.
    pub(crate) repeats: Vec<VecDeque<(u32, usize)>>,
    pub(crate) n_own: Vec<usize>,
    pub(crate) repeat_share: f64,
    /// Increases with each change.
    pub(crate) version: u64,
    /// Reviews of frames that are not in the folder any more, or that show another image now.
    pub(crate) n_unmet: usize,
    /// Names of valid frame numberings; the first is the current one.
    pub(crate) numberings: Vec<String>,
    /// Probable label errors, from `--suspects`.
    pub(crate) suspects: Suspects,
    /// What a model predicts, from `--predictions`.
    pub(crate) predictions: Predictions,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) decision: u64,
    pub(crate) frames: Vec<u32>,
    /// Whether it answered a blind repeat, or undid such an answer.
    pub(crate) is_repeat: bool,
}

impl Store {
    /// From a folder and its reviews. Without a log file it is read-only.
    pub(crate) fn new(
        folder: Folder,
        captions: Captions,
        log: Option<ReviewFile>,
        reviews: Vec<Review>,
        repeat_share: f64,
    ) -> Self {
        let mut store = Self {
            folder,
            captions,
            log,
            head: None,
            entries: Vec::with_capacity(reviews.len()),
            reviewers: Vec::new(),
            reviewer_numbers: HashMap::new(),
            originals: HashMap::new(),
            now: HashMap::new(),
            live: HashMap::new(),
            decisions: HashMap::new(),
            undone: HashMap::new(),
            stacks: Vec::new(),
            requests: HashMap::new(),
            repeats: Vec::new(),
            n_own: Vec::new(),
            repeat_share,
            version: 0,
            n_unmet: 0,
            numberings: Vec::new(),
            suspects: Suspects::default(),
            predictions: Predictions::default(),
        };
        for review in reviews {
            store.take_in(review);
        }
        store
    }

    /// Fails while another program has its hands on the log: nothing is acknowledged or made from it then.
    pub(crate) fn check_log(&self) -> anyhow::Result<()> {
        let log = self.log.as_ref();
        log.map_or(Ok(()), ReviewFile::check_in_place)
    }

    /// Warns about reviews that match no frame.
    pub(crate) fn warn_of_unmet(&self) {
        if self.n_unmet > 0 {
            wo_cli::warn!(
                "{} have no effect: the frames are not in {} any more, or show another image now; the log keeps them",
                wo_cli::count(self.n_unmet, "review"),
                self.folder.dir.display()
            );
        }
    }

    /// Whether it has only the first frames: all frames have a numbering.
    pub(crate) fn is_first_look(&self) -> bool {
        self.numberings.is_empty()
    }

    /// The number of a reviewer; a new one is added.
    pub(crate) fn reviewer(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.reviewer_numbers.get(name) {
            return number;
        }
        let number = self.reviewers.len() as u32;
        self.reviewer_numbers.insert(name.to_owned(), number);
        self.reviewers.push(name.to_owned());
        self.stacks.push(Vec::new());
        self.repeats.push(VecDeque::new());
        self.n_own.push(0);
        number
    }

    /// The reviews of a frame that are not undone.
    pub(crate) fn entries_of(&self, id: u32) -> impl DoubleEndedIterator<Item = &Entry> {
        let live = self.live.get(&id).map_or(&[][..], Vec::as_slice);
        live.iter()
            .filter_map(|&entry| self.entries.get(entry as usize))
    }

    /// Whether this reviewer judged the frame.
    pub(crate) fn is_judged_by(&self, reviewer: u32, id: u32) -> bool {
        self.entries_of(id)
            .any(|entry| entry.reviewer == reviewer && entry.judges())
    }

    /// Whether anyone judged the frame.
    pub(crate) fn is_judged(&self, id: u32) -> bool {
        self.entries_of(id).any(Entry::judges)
    }

    /// How many frames were judged.
    pub(crate) fn n_judged(&self) -> usize {
        self.live.keys().filter(|&&id| self.is_judged(id)).count()
    }

    /// The frames that the log mentions, undone or not.
    pub(crate) fn touched(&self) -> impl Iterator<Item = u32> {
        self.live.keys().copied()
    }

    /// The newest decisions of a reviewer that can be undone, the last one first.
    pub(crate) fn history(&self, reviewer: u32, n: usize) -> Vec<(u64, Vec<&Entry>)> {
        let stack = self.stacks.get(reviewer as usize);
        let newest = stack
            .into_iter()
            .flat_map(|stack| stack.iter().rev().take(n));
        newest
            .map(|&decision| (decision, self.entries_of_decision(decision)))
            .collect()
    }

    /// How many decisions of a reviewer are not undone.
    pub(crate) fn n_decisions(&self, reviewer: u32) -> usize {
        self.stacks.get(reviewer as usize).map_or(0, Vec::len)
    }

    fn entries_of_decision(&self, decision: u64) -> Vec<&Entry> {
        let entries = self.decisions.get(&decision).map_or(&[][..], Vec::as_slice);
        entries
            .iter()
            .filter_map(|&entry| self.entries.get(entry as usize))
            .collect()
    }

    /// The next blind repeat for this reviewer, if it is due.
    pub(crate) fn due_repeat(&self, reviewer: u32) -> Option<u32> {
        let n_own = *self.n_own.get(reviewer as usize)?;
        let (entry, n_then) = self.repeats.get(reviewer as usize)?.front()?;
        let entry = self.entries.get(*entry as usize)?;
        (n_own >= n_then + REPEAT_GAP).then_some(entry.frame)
    }

    /// Whether the frame numbers of a decision are valid here. A request that was saved before is always answered again.
    pub(crate) fn can_tell_frames(&self, decision: &Decision) -> bool {
        let numbering = decision.numbering.as_ref();
        numbering.is_none_or(|numbering| self.numberings.contains(numbering))
            || self.requests.contains_key(&decision.request)
    }

    /// Saves a decision. Returns when it is on disk.
    pub(crate) fn decide(&mut self, reviewer: u32, decision: &Decision) -> anyhow::Result<Decided> {
        if let Some(&decided) = self.requests.get(&decision.request) {
            self.check_log()?;
            return Ok(self.done(decided));
        }
        ensure!(!decision.frames.is_empty(), "no frames");
        ensure!(decision.frames.len() <= MAX_FRAMES, "too many frames");
        ensure!(
            decision.request.len() <= 100,
            "the request's id is too long"
        );
        decision.change.check().map_err(anyhow::Error::msg)?;
        let mut reviews = Vec::new();
        for &id in &decision.frames {
            let Some(frame) = self.folder.frame(id) else {
                anyhow::bail!("there is no frame {id}");
            };
            let outcome = self.outcome(reviewer, id, frame, decision);
            let mut review = self.review(reviewer, frame, outcome.old, outcome.new);
            review.says = decision.change.says();
            review.is_repeat = outcome.is_repeat;
            review.request = Some(decision.request.clone());
            reviews.push(review);
        }
        self.append(reviews)
    }

    pub(crate) fn changed(&self, change: &Change, old: &Judgement, frame: &FrameItem) -> Judgement {
        let video_id = self.folder.video_of(frame).map_or("", |video| &video.id);
        change.applied_to(old, frame.exercise.as_ref(), video_id, &self.captions)
    }

    /// Undoes the last decision of a reviewer. `None` if there is none.
    pub(crate) fn undo(&mut self, reviewer: u32, request: &str) -> anyhow::Result<Option<Decided>> {
        if let Some(&decided) = self.requests.get(request) {
            self.check_log()?;
            return Ok(Some(self.done(decided)));
        }
        let last = self
            .stacks
            .get(reviewer as usize)
            .and_then(|stack| stack.last());
        let Some(&undone) = last else { return Ok(None) };
        let mut reviews = Vec::new();
        for entry in self.entries_of_decision(undone) {
            let Some(frame) = self.folder.frame(entry.frame) else {
                continue;
            };
            let now = self.judgement(entry.frame, frame).clone();
            let before = self.without(undone, entry.frame, frame);
            let mut review = self.review(reviewer, frame, now, before);
            review.says.clone_from(&entry.says);
            review.is_repeat = entry.is_repeat;
            review.undoes = Some(undone);
            review.request = Some(request.to_owned());
            reviews.push(review);
        }
        self.append(reviews).map(Some)
    }

    /// Saves the decisions of an import with one write, since they may come from thousands of people.
    pub(crate) fn append_all(&mut self, mut decisions: Vec<Vec<Review>>) -> anyhow::Result<()> {
        let Some(log) = &mut self.log else {
            anyhow::bail!("the folder is open for reading only");
        };
        log.append_all(&mut decisions)?;
        for review in decisions.into_iter().flatten() {
            self.take_in(review);
        }
        Ok(())
    }

    fn append(&mut self, reviews: Vec<Review>) -> anyhow::Result<Decided> {
        ensure!(!reviews.is_empty(), "nothing to write");
        let Some(log) = &mut self.log else {
            anyhow::bail!("the folder is open for reading only");
        };
        let mut decisions = [reviews];
        log.append_all(&mut decisions)?;
        let [reviews] = decisions;
        let first = reviews.first();
        let decision = first.map_or(0, |review| review.decision);
        let is_repeat = first.is_some_and(|review| review.is_repeat);
        let frames = reviews
            .iter()
            .filter_map(|review| self.met(review))
            .collect();
        for review in reviews {
            self.take_in(review);
        }
        Ok(Decided {
            decision,
            frames,
            is_repeat,
        })
    }

    /// A review of a frame, not saved yet.
    pub(crate) fn review(
        &self,
        reviewer: u32,
        frame: &FrameItem,
        old: Judgement,
        new: Judgement,
    ) -> Review {
        Review {
            sequence: 0,
            at: jiff::Timestamp::now().to_string(),
            reviewer: self
                .reviewers
                .get(reviewer as usize)
                .cloned()
                .unwrap_or_default(),
            decision: 0,
            n_reviews: 0,
            video_id: self
                .folder
                .video_of(frame)
                .map_or_else(String::new, |video| video.id.clone()),
            index: frame.index,
            pts_ms: frame.pts_ms,
            path: frame.path.clone().map(Into::into),
            blake3: frame.blake3.as_deref().map(str::to_owned),
            exercise: frame.exercise.clone(),
            says: Vec::new(),
            old,
            new,
            undoes: None,
            is_repeat: false,
            request: None,
            previous: String::new(),
            hash: None,
        }
    }

    fn done(&self, decision: u64) -> Decided {
        let entries = self
            .entries_of_decision(decision)
            .into_iter()
            .map(|entry| entry.frame);
        let is_repeat = self
            .entries_of_decision(decision)
            .first()
            .is_some_and(|entry| entry.is_repeat);
        let undone = self.undone.get(&decision).into_iter().flatten().copied();
        Decided {
            decision,
            frames: entries.chain(undone).collect(),
            is_repeat,
        }
    }
}
