//! The folder together with all that was decided about it. Everything here follows from the log; nothing is kept beside it.

mod decision;
mod effective_label;
mod replay;
mod review_file;
mod suspects;

use std::collections::{HashMap, VecDeque};

use anyhow::ensure;
use wo_label::Captions;
use wo_record::{Judgement, Review};

pub(crate) use self::decision::{Change, Decision, is_template};
pub(crate) use self::review_file::{ReviewFile, read_reviews};
pub(crate) use self::suspects::Suspects;
use crate::folder::{Folder, FrameItem};

/// How many other decisions lie between a decision and its repeat, at least.
const REPEAT_GAP: usize = 20;
/// Most frames of one decision.
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

/// Folder, log, and what follows from both.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) folder: Folder,
    pub(crate) captions: Captions,
    log: Option<ReviewFile>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) reviewers: Vec<String>,
    /// Their numbers: an import may be of thousands.
    reviewer_numbers: HashMap<String, u32>,
    /// By frame: the entry of its first review.
    pub(crate) first: HashMap<u32, u32>,
    /// By frame: what the last line of the log about it says.
    pub(crate) now: HashMap<u32, Judgement>,
    /// By frame: the entries that count, in their order.
    pub(crate) live: HashMap<u32, Vec<u32>>,
    /// By decision: its entries.
    pub(crate) decisions: HashMap<u64, Vec<u32>>,
    /// By decision that took another one back: its frames.
    pub(crate) undone: HashMap<u64, Vec<u32>>,
    /// By reviewer: decisions that can be taken back, the last one last.
    pub(crate) stacks: Vec<Vec<u64>>,
    pub(crate) requests: HashMap<String, u64>,
    /// By reviewer: decisions to ask for again, with how many decisions there were then.
    pub(crate) repeats: Vec<VecDeque<(u32, usize)>>,
    pub(crate) n_own: Vec<usize>,
    pub(crate) repeat_share: f64,
    /// Counts up with each change, so that what is derived knows when it is old.
    pub(crate) version: u64,
    /// Reviews of frames that are not in the folder, or whose picture is another one now.
    pub(crate) n_unmet: usize,
    /// What pages may call the numbers of frames; the first is what they are called from now on.
    pub(crate) numberings: Vec<String>,
    /// What someone finds suspicious about it.
    pub(crate) suspects: Suspects,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) decision: u64,
    pub(crate) frames: Vec<u32>,
    /// Whether it was an answer to a blind repeat, or took one back.
    pub(crate) is_repeat: bool,
}

impl Store {
    /// From a folder and its log; without a log file nothing can be decided.
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
            entries: Vec::with_capacity(reviews.len()),
            reviewers: Vec::new(),
            reviewer_numbers: HashMap::new(),
            first: HashMap::new(),
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
        };
        for review in reviews {
            store.take_in(review);
        }
        store
    }

    /// Says which reviews count for nothing.
    pub(crate) fn warn_of_unmet(&self) {
        if self.n_unmet > 0 {
            wo_cli::warn!(
                "{} of frames that are not in {} any more, or show another picture now; what was said stays in the log",
                wo_cli::count(self.n_unmet, "review"),
                self.folder.dir.display()
            );
        }
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

    /// The reviews of a frame that count.
    pub(crate) fn entries_of(&self, id: u32) -> impl DoubleEndedIterator<Item = &Entry> {
        let live = self.live.get(&id).map_or(&[][..], Vec::as_slice);
        live.iter()
            .filter_map(|&entry| self.entries.get(entry as usize))
    }

    /// Whether this reviewer judged it.
    pub(crate) fn is_judged_by(&self, reviewer: u32, id: u32) -> bool {
        self.entries_of(id)
            .any(|entry| entry.reviewer == reviewer && entry.judges())
    }

    /// Whether anyone judged it.
    pub(crate) fn is_judged(&self, id: u32) -> bool {
        self.entries_of(id).any(Entry::judges)
    }

    /// How many frames were judged.
    pub(crate) fn n_judged(&self) -> usize {
        self.live.keys().filter(|&&id| self.is_judged(id)).count()
    }

    /// The frames about which there is anything in the log, undone or not.
    pub(crate) fn touched(&self) -> impl Iterator<Item = u32> {
        self.live.keys().copied()
    }

    /// The newest decisions of a reviewer that can be taken back, the last one first.
    pub(crate) fn history(&self, reviewer: u32, n: usize) -> Vec<(u64, Vec<&Entry>)> {
        let stack = self.stacks.get(reviewer as usize);
        let newest = stack
            .into_iter()
            .flat_map(|stack| stack.iter().rev().take(n));
        newest
            .map(|&decision| (decision, self.entries_of_decision(decision)))
            .collect()
    }

    /// How many decisions a reviewer has made that still count.
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

    /// The frame to ask this reviewer for once more, if it is time.
    pub(crate) fn due_repeat(&self, reviewer: u32) -> Option<u32> {
        let n_own = *self.n_own.get(reviewer as usize)?;
        let (entry, n_then) = self.repeats.get(reviewer as usize)?.front()?;
        let entry = self.entries.get(*entry as usize)?;
        (n_own >= n_then + REPEAT_GAP).then_some(entry.frame)
    }

    /// Whether the numbers of a decision mean what they mean here. What was decided before is answered again in any case.
    pub(crate) fn can_tell_frames(&self, decision: &Decision) -> bool {
        let numbering = decision.numbering.as_ref();
        numbering.is_none_or(|numbering| self.numberings.contains(numbering))
            || self.requests.contains_key(&decision.request)
    }

    /// Decides. Returns when it is on the disk.
    pub(crate) fn decide(&mut self, reviewer: u32, decision: &Decision) -> anyhow::Result<Done> {
        if let Some(&decided) = self.requests.get(&decision.request) {
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

    /// Takes the last decision of a reviewer back. `None` where there is none.
    pub(crate) fn undo(&mut self, reviewer: u32, request: &str) -> anyhow::Result<Option<Done>> {
        if let Some(&decided) = self.requests.get(request) {
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

    /// Writes the decisions of an import in, all with one write: thousands of people may have made them.
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

    fn append(&mut self, reviews: Vec<Review>) -> anyhow::Result<Done> {
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
        Ok(Done {
            decision,
            frames,
            is_repeat,
        })
    }

    /// A review of a frame, yet to be written.
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

    fn done(&self, decision: u64) -> Done {
        let entries = self
            .entries_of_decision(decision)
            .into_iter()
            .map(|entry| entry.frame);
        let is_repeat = self
            .entries_of_decision(decision)
            .first()
            .is_some_and(|entry| entry.is_repeat);
        let undone = self.undone.get(&decision).into_iter().flatten().copied();
        Done {
            decision,
            frames: entries.chain(undone).collect(),
            is_repeat,
        }
    }
}
