//! Writes results as records to stdout and, with `--out`, into a folder. Each content is written once.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wo_folder::Spool;
use wo_record::{Begin, Dropped, Failure, Frame, Image, Record, Video, Writer, code};

use crate::error::ExtractError;
use crate::input::copies::{conflict_in_words, place_in_words};
use crate::input::keys::Keys;
use crate::input::labels::Labels;
use crate::job::{Extraction, Frames};
use crate::output::damage_warning;
use crate::output::earlier::said_of;
use crate::output::folder::{FolderOutput, is_same};
use crate::output::layout::Layout;
use crate::output::merge::{Merge, gone};
use crate::output::state::{Finished, State};
use crate::quality::still::Still;
use crate::sampling::frame_filter::Reason;
use crate::time;

/// Where the records go.
pub(crate) struct Output<'a> {
    stream: Writer<'a>,
    folder: Option<FolderOutput<'a>>,
    /// By id: where a video was found first, and its labels and keys there.
    seen: HashMap<String, (PathBuf, (Labels, Keys))>,
    dropped: DroppedRecords,
    failures: Vec<Failure>,
}

/// Whether frames that were not kept get a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DroppedRecords {
    /// They do not; they are counted.
    Omit,
    /// They do.
    Emit,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The files that failed in it.
    pub(crate) failures: Vec<Failure>,
    /// Whether it was to delete what is gone, and did not.
    pub(crate) has_refused: bool,
}

/// A video whose labels or keys in several places contradict each other.
#[derive(Debug)]
struct Conflict {
    video_id: String,
    what: String,
    /// The places that have no error in the records yet.
    places: Vec<PathBuf>,
}

impl<'a> Output<'a> {
    /// Writes the `begin` records.
    pub(crate) fn begin(
        stream: &'a mut dyn Write,
        folder: Option<((&'a Layout, &'a State), &'a mut Spool)>,
        merge: Merge,
        begin: Begin,
        dropped: DroppedRecords,
    ) -> anyhow::Result<Self> {
        let folder = match folder {
            Some(((layout, state), spool)) => {
                // What is known of the log of reviews stays known.
                let reviews = layout.head_of_reviews();
                let begin = Begin {
                    reviews,
                    ..begin.clone()
                };
                let records = Writer::begin_with(spool, begin)?;
                Some(FolderOutput {
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
            dropped,
            failures: Vec::new(),
        })
    }

    /// Writes the result for one source, and flushes it.
    pub(crate) fn write(&mut self, mut extraction: Extraction) -> anyhow::Result<()> {
        if let Some(folder) = &mut self.folder {
            folder.merge.tried(&extraction.path);
        }
        let is_fresh = matches!(extraction.frames, Frames::Fresh(_));
        if let Some(conflict) = self.conflict(&mut extraction)? {
            // Neither label can be trusted: frames under one of them are deleted.
            if let Some(folder) = &mut self.folder {
                folder.merge.leaves_out(&conflict.video_id);
            }
            for path in &conflict.places {
                let error = ExtractError::new(code::LABEL_CONFLICT, conflict.what.clone());
                self.write_failure(error.into_failure(path, Some(&conflict.video_id)))?;
            }
            return Ok(());
        }
        let mut finished = Finished::default();
        if let Some(video) = extraction.video.take() {
            match self.first_of(&video, &extraction) {
                None => {
                    finished.frames = self.write_video(&video, &extraction.frames)?;
                    if let Frames::Fresh(filtered) = &extraction.frames {
                        self.write_dropped(&video, &filtered.dropped)?;
                        damage_warning::warn(&extraction.path, &video, &filtered.kept);
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

    /// The conflict of a video with a copy elsewhere. A copy that agrees keeps its place, and gets the keys that only one of
    /// the places has.
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
                warn_of_copy(&extraction.path, path);
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

    /// `None` for a video that was not seen before; else whether the labels and keys agree.
    fn first_of(&self, video: &Video, extraction: &Extraction) -> Option<Result<(), ExtractError>> {
        let (first, said) = self.seen.get(&video.video_id)?;
        let here = said_of(video);
        if is_same(&here, said) {
            warn_of_copy(&extraction.path, first);
            return Some(Ok(()));
        }
        let places = [(first, said), (&extraction.path, &here)];
        let what = conflict_in_words(
            &places.map(|(path, (labels, keys))| place_in_words(path, labels, keys)),
        );
        Some(Err(ExtractError::new(code::LABEL_CONFLICT, what)))
    }

    /// Writes a video and its frames. Returns the frames as they are in the folder.
    fn write_video(&mut self, video: &Video, frames: &Frames) -> anyhow::Result<Vec<Frame>> {
        let Some(folder) = &mut self.folder else {
            self.stream.record(&Record::Video(video.clone()))?;
            if let Frames::Fresh(filtered) = frames {
                for (index, still, before) in numbered(&filtered.kept) {
                    let frame = still.record(video, index, before, inline(still));
                    self.stream.record(&Record::Frame(frame))?;
                }
            }
            return Ok(Vec::new());
        };
        let is_kept = matches!(frames, Frames::Kept(_));
        let frames = match frames {
            Frames::Kept(frames) | Frames::Unrecorded(frames) => frames.clone(),
            Frames::Fresh(filtered) => {
                let mut frames = Vec::new();
                for (index, still, before) in numbered(&filtered.kept) {
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
        if !(is_kept && folder.keeps(video)) {
            folder.write(video, &frames)?;
        }
        Ok(frames)
    }

    /// Counts the excluded frames, and writes records of them on request.
    fn write_dropped(&mut self, video: &Video, dropped: &[(Still, Reason)]) -> anyhow::Result<()> {
        for (still, reason) in dropped {
            self.stream.count_dropped(reason.word());
            if let Some(folder) = &mut self.folder {
                folder.records.count_dropped(reason.word());
            }
            if self.dropped == DroppedRecords::Emit {
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

    /// Writes a record to the stream and the folder.
    fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        if let Some(folder) = &mut self.folder {
            folder.records.record(record)?;
        }
        Ok(self.stream.record(record)?)
    }
}

fn warn_of_copy(path: &Path, first: &Path) {
    wo_cli::warn!(
        "{}: the same content as {}, taken once",
        path.display(),
        first.display()
    );
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

/// The image in the record itself.
fn inline(still: &Still) -> Image {
    Image::Inline {
        jpeg_base64: STANDARD.encode(&still.jpeg),
    }
}
