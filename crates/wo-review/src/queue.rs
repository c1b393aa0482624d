//! Queues: which frames a reviewer sees, and in which order.

mod near_duplicates;
mod uncertain;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use wo_record::{LabelOrigin, Name};

use self::near_duplicates::near_duplicates;
use self::uncertain::uncertain;
use crate::folder::FrameItem;
use crate::store::Store;

/// Images are similar if at most this many of 64 hash bits differ.
const SIMILAR_BITS: u32 = 16;

/// The queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QueueName {
    /// All frames, video by video.
    #[default]
    All,
    /// Frames that nobody has decided yet.
    Undecided,
    /// Undecided frames, those first from which a model would learn most.
    Uncertain,
    /// Blurry frames first.
    Blurry,
    /// Groups of frames that look alike.
    NearDuplicates,
    /// Suspects of --suspects, the highest score first.
    Suspects,
    /// Frames on which reviewers disagree.
    Disagreements,
    /// Frames that others have decided and this reviewer has not; their labels stay hidden.
    SecondOpinion,
    /// Deleted frames.
    Trash,
}

impl QueueName {
    /// The name, as on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Undecided => "undecided",
            Self::Uncertain => "uncertain",
            Self::Blurry => "blurry",
            Self::NearDuplicates => "near_duplicates",
            Self::Suspects => "suspects",
            Self::Disagreements => "disagreements",
            Self::SecondOpinion => "second_opinion",
            Self::Trash => "trash",
        }
    }
}

/// Selects frames of a queue. An absent field selects all.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    pub(crate) queue: QueueName,
    pub(crate) exercise: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) reviewer: Option<String>,
    pub(crate) video: Option<String>,
    pub(crate) fault: Option<String>,
    pub(crate) min_sharpness: Option<f32>,
    pub(crate) max_sharpness: Option<f32>,
    /// Show frames similar to this one, the most similar first.
    pub(crate) similar: Option<u32>,
}

impl Filter {
    /// The frames, in their order.
    pub(crate) fn frames(&self, store: &Store, reviewer: u32) -> Vec<u32> {
        let all = 0..store.folder.frames.len() as u32;
        let is_trash = self.queue == QueueName::Trash;
        let mut frames: Vec<u32> = match self.queue {
            QueueName::NearDuplicates => near_duplicates(&hashes(store)),
            QueueName::Suspects => store.suspects.frames(&store.folder),
            QueueName::Uncertain => uncertain(store),
            QueueName::All | QueueName::Trash => by_video(store),
            QueueName::Undecided => {
                let mut frames = by_video(store);
                frames.retain(|&id| !store.is_judged(id));
                frames
            }
            QueueName::SecondOpinion => {
                let is_wanted =
                    |&id: &u32| store.is_judged(id) && !store.is_judged_by(reviewer, id);
                by_video(store).into_iter().filter(is_wanted).collect()
            }
            QueueName::Disagreements => all.filter(|&id| is_disputed(store, id)).collect(),
            QueueName::Blurry => blurry(store),
        };
        frames.retain(|&id| {
            store.folder.frame(id).is_some_and(|frame| {
                store.judgement(id, frame).deleted == is_trash
                    && self.takes(store, reviewer, id, frame)
            })
        });
        if let Some(similar) = self.similar {
            sort_by_similarity(store, similar, &mut frames);
        }
        frames
    }

    /// Whether it needs image metrics, which may not be measured yet.
    pub(crate) fn needs_metrics(&self) -> bool {
        matches!(self.queue, QueueName::Blurry | QueueName::NearDuplicates)
            || self.similar.is_some()
            || self.min_sharpness.is_some()
            || self.max_sharpness.is_some()
    }

    fn takes(&self, store: &Store, reviewer: u32, id: u32, frame: &FrameItem) -> bool {
        let shown = store.shown_to(reviewer, id, frame);
        let is = |wanted: &Option<String>, value: Option<&Name>| match wanted.as_deref() {
            None | Some("") => true,
            Some("none") => value.is_none(),
            Some(wanted) => value.is_some_and(|value| value.as_str() == wanted),
        };
        let wants = |wanted: &Option<String>| wanted.clone().filter(|wanted| !wanted.is_empty());
        is(&self.exercise, frame.exercise.as_ref())
            && is(&self.label, shown.label.as_ref())
            && wants(&self.fault)
                .is_none_or(|fault| shown.faults.iter().any(|name| name.as_str() == fault))
            && wants(&self.video).is_none_or(|wanted| {
                store.folder.video_of(frame).is_some_and(|video| {
                    video.id.starts_with(&wanted)
                        || video
                            .path
                            .as_ref()
                            .is_some_and(|path| path.to_string_lossy().contains(&wanted))
                })
            })
            && wants(&self.origin)
                .is_none_or(|wanted| origin_name(store.judgement(id, frame).label_origin) == wanted)
            && wants(&self.reviewer).is_none_or(|wanted| {
                let reviewer =
                    |entry: &crate::store::Entry| store.reviewers.get(entry.reviewer as usize);
                store
                    .entries_of(id)
                    .any(|entry| reviewer(entry) == Some(&wanted))
            })
            && self
                .min_sharpness
                .is_none_or(|least| frame.sharpness.is_some_and(|s| s >= least))
            && self
                .max_sharpness
                .is_none_or(|most| frame.sharpness.is_some_and(|s| s <= most))
    }
}

/// The origin's name, as it is in records.
pub(crate) fn origin_name(origin: Option<LabelOrigin>) -> &'static str {
    match origin {
        Some(LabelOrigin::Folder) => "folder",
        Some(LabelOrigin::Csv) => "csv",
        Some(LabelOrigin::Review) => "review",
        Some(LabelOrigin::Synth) => "synth",
        Some(LabelOrigin::Model) => "model",
        None => "none",
    }
}

/// All frames, video by video and by index, deleted frames included.
fn by_video(store: &Store) -> Vec<u32> {
    let videos = store.folder.videos.iter();
    videos
        .flat_map(|video| video.frames.iter().copied())
        .collect()
}

fn blurry(store: &Store) -> Vec<u32> {
    let sharpness = |id: u32| store.folder.frame(id).and_then(|frame| frame.sharpness);
    let mut frames = by_video(store);
    frames.retain(|&id| sharpness(id).is_some());
    frames.sort_by(|&a, &b| {
        sharpness(a)
            .unwrap_or(0.0)
            .total_cmp(&sharpness(b).unwrap_or(0.0))
    });
    frames
}

fn hashes(store: &Store) -> Vec<(u32, u64)> {
    let frames = by_video(store).into_iter();
    frames
        .filter_map(|id| Some((id, store.folder.frame(id)?.perceptual_hash?)))
        .collect()
}

fn sort_by_similarity(store: &Store, similar: u32, frames: &mut Vec<u32>) {
    let hash_of = |id: u32| {
        store
            .folder
            .frame(id)
            .and_then(|frame| frame.perceptual_hash)
    };
    let Some(wanted) = hash_of(similar) else {
        frames.retain(|&id| id == similar);
        return;
    };
    let distance = |id: u32| hash_of(id).map_or(u32::MAX, |hash| (hash ^ wanted).count_ones());
    frames.retain(|&id| distance(id) <= SIMILAR_BITS);
    frames.sort_by_key(|&id| (distance(id), id != similar, id));
}

/// Whether reviewers disagree on a frame.
pub(crate) fn is_disputed(store: &Store, id: u32) -> bool {
    let mut said: BTreeMap<u32, (Option<&Name>, &[Name])> = BTreeMap::new();
    for entry in store.entries_of(id).filter(|entry| entry.says_class()) {
        said.insert(
            entry.reviewer,
            (entry.new.label.as_ref(), &entry.new.faults),
        );
    }
    let mut values = said.values();
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// The number of frames in each queue of a reviewer. Queues that are slow to count are absent.
pub(crate) fn counts(store: &Store, reviewer: u32) -> HashMap<&'static str, usize> {
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    let mut add = |name, is: bool| *counts.entry(name).or_default() += usize::from(is);
    for (id, frame) in (0..).zip(&store.folder.frames) {
        let is_deleted = store.judgement(id, frame).deleted;
        let is_judged = store.is_judged(id);
        add("trash", is_deleted);
        add("all", !is_deleted);
        add("undecided", !is_deleted && !is_judged);
        let is_own = is_judged && store.is_judged_by(reviewer, id);
        add("second_opinion", !is_deleted && is_judged && !is_own);
        add(
            "disagreements",
            !is_deleted && is_judged && is_disputed(store, id),
        );
    }
    counts.insert("suspects", store.suspects.len());
    let n_undecided = counts.get("undecided").copied().unwrap_or_default();
    let n_uncertain = if store.predictions.is_given() {
        n_undecided
    } else {
        0
    };
    counts.insert("uncertain", n_uncertain);
    counts
}
