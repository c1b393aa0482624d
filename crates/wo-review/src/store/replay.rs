//! Adds reviews to the store in order: those of the log at start-up, then each saved one.

use wo_record::{Review, ReviewsHead};

use super::original::Original;
use super::{Entry, Store};

/// Its line in the log.
fn head_of(review: &Review) -> Option<ReviewsHead> {
    let sequence = review.sequence;
    let hash = review.hash.clone()?;
    Some(ReviewsHead { sequence, hash })
}

impl Store {
    /// Adds the next review of the log.
    pub(crate) fn take_in(&mut self, review: Review) {
        let reviewer = self.reviewer(&review.reviewer);
        if let Some(request) = &review.request {
            self.requests.insert(request.clone(), review.decision);
        }
        self.version += 1;
        self.head = head_of(&review).or(self.head.take());
        let Some(id) = self.met(&review) else {
            self.n_unmet += 1;
            return;
        };
        self.learn_original(id, &review);
        if let Some(undone) = review.undoes {
            self.forget(undone, reviewer, id);
            self.undone.entry(review.decision).or_default().push(id);
            return;
        }
        let number = self.entries.len() as u32;
        let is_repeat = review.is_repeat;
        let entry = Entry {
            decision: review.decision,
            frame: id,
            reviewer,
            at: review.at,
            old: review.old,
            new: review.new,
            says: review.says,
            is_repeat,
            is_undone: false,
        };
        let judges = entry.judges();
        self.entries.push(entry);
        self.decisions
            .entry(review.decision)
            .or_default()
            .push(number);
        let live = self.live.entry(id).or_default();
        if !is_repeat {
            live.push(number);
        }
        if let Some(stack) = self.stacks.get_mut(reviewer as usize)
            && stack.last() != Some(&review.decision)
        {
            stack.push(review.decision);
        }
        if is_repeat {
            self.drop_repeats(reviewer, id);
            return;
        }
        if let Some(n_own) = self.n_own.get_mut(reviewer as usize) {
            *n_own += 1;
        }
        if judges && review.n_reviews == 1 {
            self.plan_repeat(reviewer, number);
        }
    }

    /// Keeps what held before a review, and what holds after it.
    fn learn_original(&mut self, id: u32, review: &Review) {
        let Some(frame) = self.folder.frame(id) else {
            return;
        };
        let original = self
            .originals
            .entry(id)
            .or_insert_with(|| Original::new(&frame.base, review));
        original.take_in(review);
        if !review.is_repeat {
            self.now.insert(id, original.with(&review.new));
        }
    }

    /// The frame of a review, if it is in the folder and shows the same image.
    pub(crate) fn met(&self, review: &Review) -> Option<u32> {
        let id = self.folder.find(&review.video_id, review.index);
        if !self.folder.has_records {
            return self.met_in_table(review, id);
        }
        let id = id?;
        let item = self.folder.frame(id)?;
        wo_label::is_same_image(review, item.pts_ms, item.blake3.as_deref()).then_some(id)
    }

    /// A table has no video and no index, so the image path identifies the frame.
    fn met_in_table(&self, review: &Review, guess: Option<u32>) -> Option<u32> {
        let path = review.path.as_ref().map(wo_record::RecordPath::as_path);
        let is_it = |id: &u32| {
            let item = self.folder.frame(*id);
            item.is_some_and(|item| item.path.as_deref() == path)
        };
        let mut others = self
            .folder
            .frames_of_video(&review.video_id)
            .iter()
            .copied();
        guess.filter(is_it).or_else(|| others.find(is_it))
    }

    fn forget(&mut self, undone: u64, reviewer: u32, id: u32) {
        for &number in self.decisions.get(&undone).map_or(&[][..], Vec::as_slice) {
            let Some(entry) = self.entries.get_mut(number as usize) else {
                continue;
            };
            if entry.frame != id {
                continue;
            }
            entry.is_undone = true;
            if let Some(live) = self.live.get_mut(&id) {
                live.retain(|&other| other != number);
            }
            if let Some(repeats) = self.repeats.get_mut(reviewer as usize) {
                repeats.retain(|&(other, _)| other != number);
            }
        }
        if let Some(stack) = self.stacks.get_mut(reviewer as usize) {
            stack.retain(|&other| other != undone);
        }
    }

    /// A blind repeat was answered, so the frame is not asked again.
    fn drop_repeats(&mut self, reviewer: u32, id: u32) {
        let entries = &self.entries;
        let is_other = |entry: u32| entries.get(entry as usize).is_some_and(|e| e.frame != id);
        if let Some(repeats) = self.repeats.get_mut(reviewer as usize) {
            repeats.retain(|&(entry, _)| is_other(entry));
        }
    }

    /// Draws whether a decision is asked for again.
    fn plan_repeat(&mut self, reviewer: u32, number: u32) {
        let Some(entry) = self.entries.get(number as usize) else {
            return;
        };
        let (Some(repeats), Some(n_own)) = (
            self.repeats.get_mut(reviewer as usize),
            self.n_own.get(reviewer as usize),
        ) else {
            return;
        };
        // The draw depends on the position in the log, so that a restart draws the same.
        let draw = wo_label::choice_hash(&format!("repeat {}", entry.decision)) % 10_000;
        if !entry.new.deleted && (draw as f64) < self.repeat_share * 10_000.0 {
            repeats.push_back((number, *n_own));
        }
    }
}
