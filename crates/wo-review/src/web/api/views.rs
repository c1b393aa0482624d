//! What the page is told: of the session, of frames, of videos.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use wo_label::says_nothing_seen;
use wo_record::{Judgement, Name};

use crate::app::{App, MeasuringProgress};
use crate::queue::{Filter, counts, is_disputed, origin_name};
use crate::store::Store;

/// How many decisions the page lists.
const N_HISTORY: usize = 50;
/// How many frames of the first queue come with the session, so that nothing has to be asked for before the first picture.
const N_FIRST: usize = 20;

/// What the page needs once.
#[derive(Debug, Serialize)]
pub(crate) struct Session<'a> {
    pub(crate) reviewer: String,
    pub(crate) folder: String,
    pub(crate) start: String,
    pub(crate) first_queue: crate::queue::QueueName,
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) exercises: Vec<Name>,
    pub(crate) labels: BTreeSet<Name>,
    /// The faults of each exercise, in the order of their numbers.
    pub(crate) faults: BTreeMap<Name, Vec<Name>>,
    pub(crate) reviewers: Vec<String>,
    /// What the numbers of frames are called, to be sent with each decision. Absent in a first look, which goes by `start`.
    numbering: Option<String>,
    /// Whether all else is still being read.
    is_first_look: bool,
    /// What of the first queue is not measured yet.
    measuring: Option<MeasuringProgress>,
    /// The first queue.
    queue: Vec<u32>,
    frames: Vec<FrameView<'a>>,
}

/// A frame, as one reviewer may see it.
#[derive(Debug, Serialize)]
pub(crate) struct FrameView<'a> {
    id: u32,
    video: u32,
    video_name: String,
    index: u32,
    n_of_video: usize,
    pts_ms: Option<f64>,
    exercise: Option<&'a Name>,
    label: Option<Name>,
    faults: Vec<Name>,
    description: Option<String>,
    note: Option<String>,
    deleted: bool,
    origin: &'static str,
    is_judged: bool,
    is_judged_by_others: bool,
    has_video: bool,
    has_opinion: bool,
    /// A description that only judges teaches a model nothing.
    is_blind: bool,
    sharpness: Option<f32>,
    width_px: Option<u32>,
    height_px: Option<u32>,
    path: Option<String>,
    others: Vec<Other<'a>>,
}

#[derive(Debug, Serialize)]
struct Other<'a> {
    reviewer: &'a str,
    label: Option<&'a Name>,
    faults: &'a [Name],
}

/// One decision of the stack.
#[derive(Debug, Serialize)]
pub(crate) struct Past {
    decision: u64,
    at: String,
    frame: u32,
    n_frames: usize,
    says: Vec<String>,
    new: Judgement,
}

pub(crate) fn session<'a>(
    app: &App,
    store: &'a Store,
    is_first_look: bool,
    reviewer: u32,
) -> Session<'a> {
    // Each name once: to sort 100 000 equal ones would hold up the first picture.
    let mut exercises: BTreeSet<&Name> = BTreeSet::new();
    let mut labels: BTreeSet<Name> = ["good_form", "bad_form", "unclear"].map(Name::new).into();
    for (id, frame) in (0..).zip(&store.folder.frames) {
        if let Some(exercise) = &frame.exercise
            && !exercises.contains(exercise)
        {
            exercises.insert(exercise);
        }
        if let Some(label) = &store.judgement(id, frame).label
            && !labels.contains(label)
        {
            labels.insert(label.clone());
        }
    }
    let faults = exercises.iter().map(|&exercise| {
        let faults = store.captions.faults_of(exercise).into_iter().cloned();
        (exercise.clone(), faults.collect())
    });
    let filter = Filter {
        queue: app.page.first_queue,
        ..Filter::default()
    };
    let queue = queue(app, store, reviewer, &filter);
    let first = queue.iter().take(N_FIRST);
    Session {
        reviewer: store
            .reviewers
            .get(reviewer as usize)
            .cloned()
            .unwrap_or_default(),
        folder: store.folder.dir.display().to_string(),
        start: app.start.clone(),
        first_queue: app.page.first_queue,
        keys: app.page.keys.clone(),
        faults: faults.collect(),
        exercises: exercises.into_iter().cloned().collect(),
        labels,
        reviewers: store.reviewers.clone(),
        numbering: store.numberings.first().cloned(),
        is_first_look,
        measuring: app.measuring.progress(),
        frames: first
            .filter_map(|&id| frame(app, store, reviewer, id, false))
            .collect(),
        queue,
    }
}

/// The frames of a queue. What it rests on is measured from now on, where it has to be.
pub(crate) fn queue(app: &App, store: &Store, reviewer: u32, filter: &Filter) -> Vec<u32> {
    if filter.needs_metrics() {
        app.measuring.begin();
    }
    filter.frames(store, reviewer)
}

/// A frame as a reviewer may see it; as it was before anyone reviewed it where they are asked a second time.
pub(crate) fn frame<'a>(
    app: &App,
    store: &'a Store,
    reviewer: u32,
    id: u32,
    is_repeat: bool,
) -> Option<FrameView<'a>> {
    let frame = store.folder.frame(id)?;
    let video = store.folder.video_of(frame)?;
    let shown = if is_repeat {
        Cow::Borrowed(store.original(id, frame))
    } else {
        store.shown_to(reviewer, id, frame)
    };
    let is_judged = !is_repeat && store.is_judged_by(reviewer, id);
    let shown = shown.into_owned();
    let description = shown.description.as_deref();
    let is_blind = description.is_some_and(|text| says_nothing_seen(text, &store.captions));
    Some(FrameView {
        id,
        video: frame.video,
        video_name: video.path.as_ref().map_or_else(
            || video.id.chars().take(8).collect(),
            |path| {
                path.file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            },
        ),
        index: frame.index,
        n_of_video: video.frames.len(),
        pts_ms: frame.pts_ms,
        exercise: frame.exercise.as_ref(),
        label: shown.label,
        faults: shown.faults,
        description: shown.description,
        note: shown.note,
        deleted: shown.deleted,
        origin: origin_name(shown.label_origin),
        is_judged,
        is_judged_by_others: store
            .entries_of(id)
            .any(|e| e.reviewer != reviewer && e.judges()),
        has_video: video
            .path
            .as_ref()
            .is_some_and(|path| app.videos.exists(path)),
        has_opinion: store.suspects.of_frame(id).is_some(),
        is_blind,
        sharpness: frame.sharpness,
        width_px: frame.size_px.map(|(width, _)| width),
        height_px: frame.size_px.map(|(_, height)| height),
        path: frame.path.as_ref().map(|path| path.display().to_string()),
        others: if is_judged && is_disputed(store, id) {
            others(store, reviewer, id)
        } else {
            Vec::new()
        },
    })
}

/// What others said. Only for those who judged it themselves: before that it would sway them.
fn others(store: &Store, reviewer: u32, id: u32) -> Vec<Other<'_>> {
    let entries = store
        .entries_of(id)
        .filter(|e| e.reviewer != reviewer && e.judges());
    let last: BTreeMap<u32, Other<'_>> = entries
        .filter_map(|entry| {
            let other = Other {
                reviewer: store.reviewers.get(entry.reviewer as usize)?,
                label: entry.new.label.as_ref(),
                faults: &entry.new.faults,
            };
            Some((entry.reviewer, other))
        })
        .collect();
    last.into_values().collect()
}

/// How many frames there are in each queue, and how far the reviewer is.
pub(crate) fn progress(app: &App, store: &Store, reviewer: u32) -> serde_json::Value {
    serde_json::json!({
        "queues": counts(store, reviewer),
        "n_decisions": store.n_decisions(reviewer),
        "measuring": app.measuring.progress(),
    })
}

/// The stack of a reviewer, the last decision first.
pub(crate) fn history(store: &Store, reviewer: u32) -> Vec<Past> {
    let decisions = store.history(reviewer, N_HISTORY).into_iter();
    decisions
        .filter_map(|(decision, entries)| {
            let first = entries.first()?;
            Some(Past {
                decision,
                at: first.at.clone(),
                frame: first.frame,
                n_frames: entries.len(),
                says: first.says.clone(),
                new: first.new.clone(),
            })
        })
        .collect()
}

/// Texts to put into a description with one key: those of the captions table for its class, and what was written by hand.
pub(crate) fn snippets(
    store: &Store,
    reviewer: u32,
    id: u32,
    class: Option<(&Name, &[Name])>,
) -> Vec<String> {
    const N_SNIPPETS: usize = 9;
    let Some(frame) = store.folder.frame(id) else {
        return Vec::new();
    };
    let shown = store.shown_to(reviewer, id, frame);
    let (label, faults) = match class {
        Some((label, faults)) => (Some(label), faults),
        None => (shown.label.as_ref(), &shown.faults[..]),
    };
    let mut snippets = match (&frame.exercise, label) {
        (Some(exercise), Some(label)) => store.captions.all_phrasings(exercise, label, faults),
        _ => Vec::new(),
    };
    let mut by_hand: BTreeMap<&str, usize> = BTreeMap::new();
    let written = store
        .entries
        .iter()
        .filter(|e| e.says.iter().any(|said| said == "description"));
    for text in written.filter_map(|entry| entry.new.description.as_deref()) {
        *by_hand.entry(text).or_default() += 1;
    }
    let mut by_hand: Vec<(&str, usize)> = by_hand.into_iter().collect();
    by_hand.sort_by_key(|&(text, n)| (std::cmp::Reverse(n), text));
    snippets.truncate(N_SNIPPETS - by_hand.len().min(4));
    snippets.extend(by_hand.into_iter().map(|(text, _)| text.to_owned()));
    snippets.dedup();
    snippets.truncate(N_SNIPPETS);
    snippets
}
