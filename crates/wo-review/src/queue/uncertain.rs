//! What to label next: the videos from which a model would learn most, by what it predicts.
//!
//! A label says most where the model is nearest to the threshold between two labels. But the videos nearest to it are often
//! of one person or of one class, and their labels repeat each other. So each video that is taken makes the others of its
//! person, its source and its class less wanted.

mod coverage;
mod frame_order;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};

use wo_label::choice_hash;
use wo_record::LabelOrigin;

use self::coverage::{Coverage, VideoKeys};
use self::frame_order::{best_first, round_by_round};
use crate::folder::{FrameItem, VideoItem};
use crate::store::Store;

/// Even a certain prediction may be wrong.
const LEAST_UNCERTAINTY: f64 = 0.05;

/// Which videos come before which others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tier {
    /// Without a label, with a prediction.
    Unlabelled,
    /// With a label that nobody has confirmed, and a prediction.
    Unconfirmed,
    /// Without a prediction.
    Unpredicted,
}

/// How far the label of a video is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    No,
    /// From its folder or a table.
    Unconfirmed,
    /// A person decided at least one of its frames.
    Decided,
}

/// A video, and what the order needs of it.
#[derive(Debug)]
struct Candidate {
    tier: Tier,
    known: Known,
    uncertainty: f64,
    keys: VideoKeys,
    /// Breaks ties, and is random where nothing is predicted.
    draw: u64,
    /// The frames that nobody has decided, the best one first.
    frames: Vec<u32>,
    /// How many of its frames were decided.
    n_decided: usize,
}

/// A candidate with what it was worth when it was last looked at.
#[derive(Debug)]
struct Offer {
    worth: f64,
    draw: u64,
    place: usize,
}

/// The undecided frames, in order: one of each video, then a second one of each, and so on.
pub(super) fn uncertain(store: &Store) -> Vec<u32> {
    if !store.predictions.is_given() {
        return Vec::new();
    }
    let mut coverage = Coverage::default();
    let videos = (0..).zip(&store.folder.videos);
    let all: Vec<Candidate> = videos
        .map(|(number, video)| candidate(store, number, video, &mut coverage))
        .collect();
    let mut frames = Vec::new();
    for tier in [Tier::Unlabelled, Tier::Unconfirmed, Tier::Unpredicted] {
        coverage.clear();
        let is_covered = |it: &&Candidate| match it.known {
            Known::No => false,
            // In the tier of those the labels are what is to be confirmed.
            Known::Unconfirmed => tier == Tier::Unlabelled,
            Known::Decided => true,
        };
        all.iter()
            .filter(is_covered)
            .for_each(|it| coverage.add(&it.keys));
        let of_tier: Vec<&Candidate> = all.iter().filter(|it| it.tier == tier).collect();
        let ordered = ordered(&of_tier, coverage.clone());
        let of_videos = ordered
            .iter()
            .map(|it| (it.n_decided, it.frames.as_slice()));
        frames.extend(round_by_round(of_videos));
    }
    frames
}

fn candidate(store: &Store, number: u32, video: &VideoItem, coverage: &mut Coverage) -> Candidate {
    let frame = |&id: &u32| Some((id, store.folder.frame(id)?));
    let kept = |&(id, frame): &(u32, &FrameItem)| !store.judgement(id, frame).deleted;
    let frames: Vec<_> = video.frames.iter().filter_map(frame).filter(kept).collect();
    let undecided = frames.iter().filter(|(id, _)| !store.is_judged(*id));
    let undecided: BTreeSet<(u32, u32)> = undecided.map(|(id, frame)| (frame.index, *id)).collect();
    let n_decided = frames.len() - undecided.len();
    let mut labels = frames.iter().filter_map(|(id, frame)| {
        let judgement = store.judgement(*id, frame);
        let by_people = judgement.label_origin != Some(LabelOrigin::Model);
        judgement.label.as_ref().filter(|_| by_people)
    });
    let label = labels.next();
    let predicted = store.predictions.of_video(number);
    let known = match (n_decided, label) {
        (0, None) => Known::No,
        (0, Some(_)) => Known::Unconfirmed,
        _ => Known::Decided,
    };
    let exercise = frames.iter().find_map(|(_, it)| it.exercise.as_ref());
    let exercise = exercise.or(predicted.and_then(|it| it.exercise.as_ref()));
    Candidate {
        tier: match (predicted, label) {
            (None, _) => Tier::Unpredicted,
            (Some(_), None) => Tier::Unlabelled,
            (Some(_), Some(_)) => Tier::Unconfirmed,
        },
        known,
        uncertainty: predicted.map_or(1.0, |it| (1.0 - it.distance).max(LEAST_UNCERTAINTY)),
        keys: coverage.keys(video, exercise, label.or(predicted.map(|it| &it.label))),
        draw: choice_hash(&video.id),
        frames: best_first(
            undecided.into_iter().collect(),
            store.predictions.evidence(number),
        ),
        n_decided,
    }
}

/// The videos, each the one worth most after those before it.
fn ordered<'a>(videos: &[&'a Candidate], mut coverage: Coverage) -> Vec<&'a Candidate> {
    let offer = |place: usize, coverage: &Coverage| {
        let video = videos.get(place)?;
        Some(Offer {
            worth: video.uncertainty * coverage.worth(&video.keys),
            draw: video.draw,
            place,
        })
    };
    let mut offers: BinaryHeap<Offer> = (0..videos.len())
        .filter_map(|place| offer(place, &coverage))
        .collect();
    let mut ordered = Vec::new();
    while let Some(best) = offers.pop() {
        // Worths only fall. One that is still the highest after another look is the highest of all.
        let Some(now) = offer(best.place, &coverage) else {
            continue;
        };
        if offers.peek().is_some_and(|next| *next > now) {
            offers.push(now);
            continue;
        }
        if let Some(video) = videos.get(best.place) {
            coverage.add(&video.keys);
            ordered.push(*video);
        }
    }
    ordered
}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_worth = self.worth.total_cmp(&other.worth);
        let key = |it: &Self| Reverse((it.draw, it.place));
        by_worth.then_with(|| key(self).cmp(&key(other)))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Offer {}
