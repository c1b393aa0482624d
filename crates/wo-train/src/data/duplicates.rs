//! Videos that came twice: the same file, or the same pictures in another one. What belongs together is made one group, and
//! what says two things of the same pictures is left out.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use wo_cli::{Exit, bail, count, named, verb};
use wo_picture::{GreyCells, Overlap, overlaps};
use wo_record::{Failure, Group, code, group_of, joined};

use crate::data::config::NearDuplicates;
use crate::data::frame_cache::FrameCache;
use crate::data::labelled::Labelled;

/// The videos to train on, and what was found on the way.
pub(crate) struct Sorted {
    /// In their order.
    pub(crate) videos: Vec<Labelled>,
    /// The group of each, with those that it looks like.
    pub(crate) groups: Vec<Group>,
    /// Of each video that is left out since another one says otherwise of the same pictures.
    pub(crate) failures: Vec<Failure>,
    /// What to say of all this.
    pub(crate) sentences: Vec<String>,
}

/// Sorts videos whose frames are in `frame_cache`.
pub(crate) fn sort(
    videos: Vec<Labelled>,
    frame_cache: &FrameCache,
    how: NearDuplicates,
) -> anyhow::Result<Sorted> {
    let mut found = DuplicateSearch::new(videos);
    found.same_files();
    let near = found.near(frame_cache)?;
    found.copies(&near);
    if how == NearDuplicates::Refuse {
        found.refuse(&near)?;
    }
    if how == NearDuplicates::Drop {
        found.drop_near(&near);
    }
    found.join(&near);
    Ok(found.finish())
}

struct DuplicateSearch {
    videos: Vec<Labelled>,
    /// The person or source of each, else itself.
    own: Vec<Group>,
    /// Places of videos that belong together.
    pairs: Vec<(usize, usize)>,
    /// Places of videos that are not trained on.
    gone: BTreeSet<usize>,
    failures: Vec<Failure>,
    sentences: Vec<String>,
}

impl DuplicateSearch {
    fn new(videos: Vec<Labelled>) -> Self {
        Self {
            own: videos.iter().map(|it| group_of(&it.item.video)).collect(),
            videos,
            pairs: Vec::new(),
            gone: BTreeSet::new(),
            failures: Vec::new(),
            sentences: Vec::new(),
        }
    }

    /// One file that came more than once, by its id: as one thing it counts once, as two it counts as nothing.
    fn same_files(&mut self) {
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, video) in self.videos.iter().enumerate() {
            let id = video.item.video.video_id.as_str();
            by_id.entry(id).or_default().push(place);
        }
        let by_id: Vec<Vec<usize>> = by_id.into_values().filter(|it| it.len() > 1).collect();
        let mut repeated = Vec::new();
        for places in by_id {
            let first = places[0];
            let other = places.iter().find(|&&it| !self.say_the_same(first, it));
            if let Some(&other) = other {
                let pairs: Vec<_> = places
                    .iter()
                    .map(|&it| {
                        let against = if self.say_the_same(it, first) {
                            other
                        } else {
                            first
                        };
                        (it, against)
                    })
                    .collect();
                self.contradict(&pairs, "the same video");
                continue;
            }
            for &again in &places[1..] {
                self.pairs.push((first, again));
                self.gone.insert(again);
                repeated.push(self.name(again));
            }
        }
        if !repeated.is_empty() {
            self.sentences.push(format!(
                "{} came more than once with the same label and {} once: {}",
                count(repeated.len(), "video"),
                verb(repeated.len(), "counts", "count"),
                named(repeated)
            ));
        }
    }

    /// All pairs that look alike, of those that are still there.
    fn near(&self, frame_cache: &FrameCache) -> anyhow::Result<Vec<Overlap>> {
        let mut hashes: Vec<&[u64]> = Vec::with_capacity(self.videos.len());
        for (place, it) in self.videos.iter().enumerate() {
            // Where a frame has no hash, hashes and frames are not side by side.
            let is_whole = it.hashes.len() == it.frames.len() && !self.gone.contains(&place);
            hashes.push(if is_whole { &it.hashes } else { &[] });
        }
        let mut known: HashMap<(usize, usize), GreyCells> = HashMap::new();
        overlaps(&hashes, |one, other| {
            for (video, frame) in [one, other] {
                if let Entry::Vacant(unknown) = known.entry((video, frame)) {
                    let square = frame_cache.get(self.videos[video].frames[frame])?;
                    unknown.insert(GreyCells::of(&square));
                }
            }
            Ok(known[&one].is_same_frame(&known[&other]))
        })
    }

    /// Videos that are one video twice and say two things: neither is the truth.
    fn copies(&mut self, near: &[Overlap]) {
        let contradict = |it: &&Overlap| it.is_copy() && !self.say_the_same(it.first, it.second);
        let pairs: Vec<(usize, usize)> = near
            .iter()
            .filter(contradict)
            .flat_map(|it| [(it.first, it.second), (it.second, it.first)])
            .collect();
        self.contradict(&pairs, "the same pictures");
    }

    /// Leaves out the first of each pair, since the second says otherwise of the same.
    fn contradict(&mut self, pairs: &[(usize, usize)], same: &str) {
        for &(place, against) in pairs {
            if !self.gone.insert(place) {
                continue;
            }
            let video = &self.videos[place].item.video;
            let what = format!(
                "{} here, but {} is {same} as {}",
                self.said(place),
                self.name(against),
                self.said(against)
            );
            wo_cli::warn!("{}: {what}", self.name(place));
            self.failures.push(Failure {
                code: code::LABEL_CONFLICT.to_owned(),
                what,
                tool: crate::TOOL.to_owned(),
                path: video.path.clone(),
                video_id: Some(video.video_id.clone()),
            });
        }
    }

    /// Refuses videos that would join persons or sources.
    fn refuse(&self, near: &[Overlap]) -> anyhow::Result<()> {
        let Some(it) = self.joining(near).first().copied() else {
            return Ok(());
        };
        bail!(
            Exit::Integrity,
            "near_identical_frames: {:.0} % of the frames of {} ({}) are those of {} ({})",
            100.0 * it.of_first.max(it.of_second),
            self.name(it.first),
            self.own[it.first],
            self.name(it.second),
            self.own[it.second];
            "--near-duplicates group keeps the two on one side of each split, drop trains on the first alone"
        );
    }

    /// Of videos that look alike and say the same, the first is enough.
    fn drop_near(&mut self, near: &[Overlap]) {
        let mut dropped = Vec::new();
        for it in near {
            let is_there = |place| !self.gone.contains(&place);
            if is_there(it.first) && is_there(it.second) && self.say_the_same(it.first, it.second) {
                self.gone.insert(it.second);
                dropped.push(self.pair(it));
            }
        }
        if !dropped.is_empty() {
            self.sentences.push(format!(
                "{} left out, since {} like one that came before: {}",
                count(dropped.len(), "video"),
                verb(dropped.len(), "it looks", "they look"),
                named(dropped)
            ));
        }
    }

    fn join(&mut self, near: &[Overlap]) {
        let joining = self.joining(near);
        let pairs: Vec<String> = joining.iter().map(|it| self.pair(it)).collect();
        if !pairs.is_empty() {
            self.sentences.push(format!(
                "{} of videos that look alike {} kept in one group, so that no split parts them: {}",
                count(pairs.len(), "pair"),
                verb(pairs.len(), "is", "are"),
                named(pairs)
            ));
        }
        self.pairs
            .extend(joining.iter().map(|it| (it.first, it.second)));
    }

    /// Those pairs of which both are trained on, and that are not of one group anyway.
    fn joining(&self, near: &[Overlap]) -> Vec<Overlap> {
        let is_there = |place| !self.gone.contains(&place);
        let joins = |it: &&Overlap| {
            is_there(it.first) && is_there(it.second) && self.own[it.first] != self.own[it.second]
        };
        near.iter().filter(joins).copied().collect()
    }

    fn finish(self) -> Sorted {
        let groups = joined(&self.own, self.pairs);
        let kept = self.videos.into_iter().zip(groups).enumerate();
        let kept = kept.filter(|(place, _)| !self.gone.contains(place));
        let (videos, groups) = kept.map(|(_, it)| it).unzip();
        Sorted {
            videos,
            groups,
            failures: self.failures,
            sentences: self.sentences,
        }
    }

    /// Whether two videos say the same exercise and label.
    fn say_the_same(&self, one: usize, other: usize) -> bool {
        let said = |place: usize| {
            let class = &self.videos[place].class;
            (&class.exercise, &class.label)
        };
        said(one) == said(other)
    }

    fn said(&self, place: usize) -> String {
        let class = &self.videos[place].class;
        format!("{} {}", class.exercise, class.label)
    }

    fn name(&self, place: usize) -> String {
        self.videos[place].name()
    }

    fn pair(&self, it: &Overlap) -> String {
        let differ = if self.say_the_same(it.first, it.second) {
            String::new()
        } else {
            format!(" ({} and {})", self.said(it.second), self.said(it.first))
        };
        format!(
            "{} like {}{differ}",
            self.name(it.second),
            self.name(it.first)
        )
    }
}
