//! Extractions to records, on stdout and, with `--out`, in a folder. Each content goes out once.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wo_folder::Spool;
use wo_record::{Begin, Dropped, Failure, Frame, Image, Record, Video, Writer, code};

use crate::error::Fault;
use crate::input::copies::{conflict_in_words, place_in_words};
use crate::input::keys::Keys;
use crate::input::labels::Labels;
use crate::input::media_file::is_video;
use crate::input::paths::absolute;
use crate::input::sources;
use crate::job::{Extraction, Frames};
use crate::output::damage_warning;
use crate::output::earlier::said_of;
use crate::output::layout::Layout;
use crate::output::merge::{Merge, gone};
use crate::output::state::{Finished, State};
use crate::quality::still::Still;
use crate::sampling::frame_filter::Reason;
use crate::time;

/// Where the records go.
pub(crate) struct Output<'a> {
    stream: Writer<'a>,
    folder: Option<Folder<'a>>,
    /// By id: where a content was met first, and what was said of it there.
    seen: HashMap<String, (PathBuf, (Labels, Keys))>,
    emits_dropped: bool,
    failures: Vec<Failure>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The files that failed in it.
    pub(crate) failures: Vec<Failure>,
    /// Whether it was to take away what is gone, and did not.
    pub(crate) has_refused: bool,
}

/// The folder of `--out` and the records that it will have.
struct Folder<'a> {
    layout: &'a Layout,
    state: &'a State,
    records: Writer<'a>,
    merge: Merge,
}

impl Folder<'_> {
    /// Where else a video lies that was left out by an earlier run, since different things were said of it: outside of the
    /// folders of this run, which were compared before.
    fn places_elsewhere(&self, video_id: &str, here: &Path) -> Vec<PathBuf> {
        let places = self.layout.places_in_conflict(video_id).iter();
        places
            .filter(|place| absolute(place) != absolute(here))
            .filter(|place| !self.merge.covers(place) && is_video(place, video_id))
            .cloned()
            .collect()
    }

    /// Where else a video lies, and what is said of it there. The first so many places are errors in the records already.
    fn said_elsewhere(&self, video: &Video, here: &Path) -> anyhow::Result<(Vec<SaidAt>, usize)> {
        let mut others = Vec::new();
        for place in self.places_elsewhere(&video.video_id, here) {
            let said = sources::said_at(&place)?;
            others.push((place, said));
        }
        let n_known = others.len();
        if let Some(earlier) = self.layout.earlier(&video.video_id)
            && let Some(path) = &earlier.path
        {
            let said = (earlier.labels.clone(), earlier.keys.clone());
            // Of the folders given, all places were compared before.
            let is_compared = self.merge.covers(path);
            let is_elsewhere = absolute(path) != absolute(here);
            if is_elsewhere && !is_compared && is_video(path, &video.video_id) {
                others.push((path.clone(), said));
            }
        }
        Ok((others, n_known))
    }

    /// Whether a person deleted the frame in the folder.
    fn has_deleted(&self, video: &Video, index: u32, still: &Still) -> bool {
        let pts_ms = Some(time::ms(still.time_ns));
        self.layout.deleted().has(&video.video_id, index, pts_ms)
    }

    /// Stores a picture and gives its record.
    fn store(
        &mut self,
        video: &Video,
        index: u32,
        still: &Still,
        before: Option<&Still>,
    ) -> anyhow::Result<Frame> {
        let image = Image::File {
            path: self.layout.store(video, index, still)?.into(),
            blake3: Some(blake3::hash(&still.jpeg).to_hex().to_string()),
        };
        Ok(still.record(video, index, before, image))
    }

    /// Puts the records of a video in the place of earlier ones. Those of kept frames stay as they are: a person may
    /// have changed them since.
    fn write(&mut self, video: &Video, frames: &[Frame], is_kept: bool) -> anyhow::Result<()> {
        if is_kept && self.layout.has(&video.video_id) {
            self.merge.updates(video);
            return Ok(());
        }
        self.merge.replaces(&video.video_id);
        self.records.record(&Record::Video(video.clone()))?;
        for frame in frames {
            self.records.record(&Record::Frame(frame.clone()))?;
            self.layout.meets_new(frame);
            self.merge.stored(frame);
        }
        Ok(())
    }
}

/// A place, and what is said there.
type SaidAt = (PathBuf, (Labels, Keys));

/// A content of which different things are said in several places.
#[derive(Debug)]
struct Conflict {
    video_id: String,
    what: String,
    /// Those of the places that the records do not know yet.
    places: Vec<PathBuf>,
}

impl<'a> Output<'a> {
    /// Writes the `begin` records.
    pub(crate) fn begin(
        stream: &'a mut dyn Write,
        folder: Option<((&'a Layout, &'a State), &'a mut Spool)>,
        merge: Merge,
        begin: Begin,
        emits_dropped: bool,
    ) -> anyhow::Result<Self> {
        let folder = match folder {
            Some(((layout, state), spool)) => {
                let records = Writer::begin_with(spool, begin.clone())?;
                Some(Folder {
                    layout,
                    state,
                    records,
                    merge,
                })
            }
            None => None,
        };
        Ok(Self {
            stream: Writer::begin_with(stream, begin)?,
            folder,
            seen: HashMap::new(),
            emits_dropped,
            failures: Vec::new(),
        })
    }

    /// Writes what came of one source, and hands it on to the reader.
    pub(crate) fn write(&mut self, mut extraction: Extraction) -> anyhow::Result<()> {
        if let Some(folder) = &mut self.folder {
            folder.merge.tried(&extraction.path);
        }
        let is_fresh = matches!(extraction.frames, Frames::Fresh(_));
        if let Some(conflict) = self.conflict(&mut extraction)? {
            // Neither label is the truth: what is there under one of them goes.
            if let Some(folder) = &mut self.folder {
                folder.merge.leaves_out(&conflict.video_id);
            }
            for path in &conflict.places {
                let fault = Fault::new(code::LABEL_CONFLICT, conflict.what.clone());
                self.write_failure(fault.into_failure(path, Some(&conflict.video_id)))?;
            }
            return Ok(());
        }
        let mut finished = Finished::default();
        if let Some(video) = extraction.video.take() {
            match self.first_of(&video, &extraction) {
                None => {
                    finished.frames = self.write_video(&video, &extraction.frames)?;
                    if let Frames::Fresh(sifted) = &extraction.frames {
                        self.write_dropped(&video, &sifted.dropped)?;
                        damage_warning::warn(&extraction.path, &video, &sifted.kept);
                    }
                    finished.video = Some(video.clone());
                    let said = said_of(&video);
                    self.seen
                        .insert(video.video_id, (extraction.path.clone(), said));
                }
                Some(Err(conflict)) => {
                    let conflict = conflict.into_failure(&extraction.path, Some(&video.video_id));
                    return self.write_failure(conflict);
                }
                Some(Ok(())) => return Ok(()),
            }
        }
        if let Some(failure) = extraction.failure {
            finished.failure = Some(failure.clone());
            self.write_failure(failure)?;
        }
        if let Some(folder) = &self.folder
            && is_fresh
        {
            folder.state.finish(finished)?;
        }
        Ok(self.stream.flush()?)
    }

    /// A video that lies elsewhere too and is said to be something else there. Where the same is said of it, it stays there,
    /// with what only one of the places says.
    fn conflict(&self, extraction: &mut Extraction) -> anyhow::Result<Option<Conflict>> {
        let failure = extraction.failure.as_ref();
        if let Some(failure) = failure.filter(|failure| failure.code == code::LABEL_CONFLICT)
            && let Some(video_id) = failure.video_id.clone()
        {
            return Ok(Some(Conflict {
                video_id,
                what: failure.what.clone(),
                places: vec![extraction.path.clone()],
            }));
        }
        let Some((video, folder)) = extraction.video.as_mut().zip(self.folder.as_ref()) else {
            return Ok(None);
        };
        let here = said_of(video);
        let (mut others, n_known) = folder.said_elsewhere(video, &extraction.path)?;
        if others.iter().all(|(_, said)| is_same(&here, said)) {
            if let Some((path, (_, keys))) = others.first() {
                wo_cli::warn!(
                    "{}: the same content as {}, taken once",
                    extraction.path.display(),
                    path.display()
                );
                let (_, mut all) = here;
                all.fill_from(keys);
                video.path = Some(path.as_path().into());
                video.person_id = all.person_id;
                video.source_id = all.source_id;
                video.angle = all.angle;
            }
            return Ok(None);
        }
        others.push((extraction.path.clone(), here));
        let words = others
            .iter()
            .map(|(path, (labels, keys))| place_in_words(path, labels, keys));
        let what = conflict_in_words(&words.collect::<Vec<_>>());
        Ok(Some(Conflict {
            video_id: video.video_id.clone(),
            what,
            places: others.into_iter().skip(n_known).map(|it| it.0).collect(),
        }))
    }

    fn write_failure(&mut self, failure: Failure) -> anyhow::Result<()> {
        let path = failure
            .path
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        wo_cli::warn!("{path}: {}", failure.what);
        self.failures.push(failure.clone());
        // What never was there is no part of the folder, from which nothing could take the error away again.
        let is_file = failure.video_id.is_some() || !path_is_gone(&failure);
        let record = Record::Error(failure);
        if is_file {
            self.record(&record)?;
        } else {
            self.stream.record(&record)?;
        }
        Ok(self.stream.flush()?)
    }

    /// Writes the `end` records.
    pub(crate) fn end(self) -> anyhow::Result<Ended> {
        let mut has_refused = false;
        if let Some(mut folder) = self.folder {
            folder
                .layout
                .merge(&mut folder.merge, &mut folder.records)?;
            folder.records.end()?;
            folder.merge.say_gone();
            let merge = &folder.merge;
            let is_known = |id: &str, place: &Path| merge.has_met(id) || merge.covers(place);
            folder.layout.say_conflicts(is_known);
            has_refused = folder.merge.has_refused();
        }
        self.stream.end()?;
        Ok(Ended {
            failures: self.failures,
            has_refused,
        })
    }

    /// `None` for a content that was not met before; else whether the same was said of it.
    fn first_of(&self, video: &Video, extraction: &Extraction) -> Option<Result<(), Fault>> {
        let (first, (labels, keys)) = self.seen.get(&video.video_id)?;
        let path = extraction.path.display();
        let (labels_here, keys_here) = said_of(video);
        if is_same(
            &(labels_here.clone(), keys_here.clone()),
            &(labels.clone(), keys.clone()),
        ) {
            wo_cli::warn!(
                "{path}: the same content as {}, taken once",
                first.display()
            );
            return Some(Ok(()));
        }
        let what = conflict_in_words(&[
            place_in_words(first, labels, keys),
            place_in_words(&extraction.path, &labels_here, &keys_here),
        ]);
        Some(Err(Fault::new(code::LABEL_CONFLICT, what)))
    }

    /// Writes a video and its frames. Returns the frames as they are in the folder.
    fn write_video(&mut self, video: &Video, frames: &Frames) -> anyhow::Result<Vec<Frame>> {
        let Some(folder) = &mut self.folder else {
            self.stream.record(&Record::Video(video.clone()))?;
            if let Frames::Fresh(sifted) = frames {
                for (index, still, before) in numbered(&sifted.kept) {
                    let frame = still.record(video, index, before, inline(still));
                    self.stream.record(&Record::Frame(frame))?;
                }
            }
            return Ok(Vec::new());
        };
        let is_kept = matches!(frames, Frames::Kept(_));
        let frames = match frames {
            Frames::Kept(frames) => frames.clone(),
            Frames::Fresh(sifted) => {
                let mut frames = Vec::new();
                for (index, still, before) in numbered(&sifted.kept) {
                    if !folder.has_deleted(video, index, still) {
                        frames.push(folder.store(video, index, still, before)?);
                    }
                }
                frames
            }
        };
        let video = &Video {
            n_frames: Some(frames.len() as u32),
            ..video.clone()
        };
        self.stream.record(&Record::Video(video.clone()))?;
        for shown in frames
            .iter()
            .filter_map(|frame| folder.layout.shown(frame, video))
        {
            self.stream.record(&Record::Frame(shown))?;
        }
        folder.write(video, &frames, is_kept)?;
        Ok(frames)
    }

    /// Counts the frames that were left out, and writes them where that is asked for.
    fn write_dropped(&mut self, video: &Video, dropped: &[(Still, Reason)]) -> anyhow::Result<()> {
        for (still, reason) in dropped {
            self.stream.count_dropped(reason.word());
            if let Some(folder) = &mut self.folder {
                folder.records.count_dropped(reason.word());
            }
            if self.emits_dropped {
                self.stream.record(&Record::Dropped(Dropped {
                    video_id: video.video_id.clone(),
                    pts_ms: time::ms(still.time_ns),
                    reason: reason.word().to_owned(),
                    quality: still.measured.behind(None),
                    image: self.folder.is_none().then(|| inline(still)),
                }))?;
            }
        }
        Ok(())
    }

    /// Writes a record that is the same in both places.
    fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        if let Some(folder) = &mut self.folder {
            folder.records.record(record)?;
        }
        Ok(self.stream.record(record)?)
    }
}

/// Whether the same is said in two places, as far as anything is.
fn is_same((labels, keys): &(Labels, Keys), (other_labels, other_keys): &(Labels, Keys)) -> bool {
    labels == other_labels && !keys.contradicts(other_keys)
}

/// Whether the file of a failure is not there.
fn path_is_gone(failure: &Failure) -> bool {
    let path = failure.path.as_ref();
    path.is_some_and(|path| gone::is_gone(path.as_path()))
}

/// Each with its number and the one before it.
fn numbered(stills: &[Still]) -> impl Iterator<Item = (u32, &Still, Option<&Still>)> {
    let before = std::iter::once(None).chain(stills.iter().map(Some));
    (0..)
        .zip(stills)
        .zip(before)
        .map(|((index, still), before)| (index, still, before))
}

/// The picture in the record itself.
fn inline(still: &Still) -> Image {
    Image::Inline {
        jpeg_base64: STANDARD.encode(&still.jpeg),
    }
}
