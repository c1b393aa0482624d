//! The state of a folder: a line for each finished video, appended and synced when its images are in the folder. So the next
//! run takes only new videos, even if this one is killed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};
use wo_cli::shell_word;
use wo_folder::{DeletedFrames, RECORDS, STATE as FILE, commit, create_spool, own_image, tables};
use wo_record::{Begin, Failure, Frame, Image, Record, Video, Writer, code};

use crate::input::source::Source;
use crate::job::{Extraction, Frames, Settings};
use crate::{TOOL, VERSION};

/// One line: the result for one video under some settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// The fingerprint of the settings.
    settings: String,
    /// The flags of these settings, without those at their defaults.
    #[serde(default)]
    flags: Option<String>,
    #[serde(flatten)]
    finished: Finished,
    /// Whether the records of the folder have this result.
    #[serde(skip)]
    is_recorded: bool,
}

/// The first and the last line once the records of the folder are written. Without it missing records were never written;
/// what follows the last one is the work of a run that ended before it wrote records.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Mark {
    has_records: bool,
    /// Whether it is the last line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_end: bool,
}

/// The records of one video, images by their paths in the folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) video: Option<Video>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) failure: Option<Failure>,
}

/// Files that failed in an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailedFiles {
    /// They keep their errors.
    Keep,
    /// They are tried again, except those that crashed the decoder.
    Retry,
}

/// What is finished in one folder.
#[derive(Debug)]
pub(crate) struct State {
    dir: PathBuf,
    settings: Settings,
    fingerprint: String,
    failed_files: FailedFiles,
    /// By the id of the video.
    finished: HashMap<String, Entry>,
    journal: File,
}

/// What is finished, without deleted frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FinishedVideos<'a> {
    pub(crate) state: &'a State,
    pub(crate) deleted: &'a DeletedFrames,
}

impl FinishedVideos<'_> {
    /// What is known of the content `video_id`, found at `source`; `None` where it must be taken.
    pub(crate) fn find(&self, source: &Source, video_id: &str) -> Option<Extraction> {
        let known = self.state.find(source, video_id, self.deleted)?;
        // Frames that come back and were not taken under these settings: all of the video is taken again.
        let restored = self.deleted.restored().get(video_id).into_iter().flatten();
        let is_known = |path: &Path| match &known.frames {
            Frames::Kept(frames) | Frames::Unrecorded(frames) => {
                frames.iter().any(|frame| own_image(frame) == Some(path))
            }
            Frames::Fresh(_) => false,
        };
        let mut images = restored.filter_map(|lines| lines.frame().and_then(own_image));
        images.all(is_known).then_some(known)
    }
}

impl State {
    /// Reads what earlier runs finished in `dir`. A last line that a crash cut off is deleted.
    pub(crate) fn open(
        dir: &Path,
        settings: &Settings,
        failed_files: FailedFiles,
    ) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let naming = || format!("open {}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut journal = wo_cli::open_own(&path, &mut options).with_context(naming)?;
        let notes = Notes::read(BufReader::new(&journal)).with_context(naming)?;
        journal
            .set_len(notes.n_bytes)
            .and_then(|()| journal.seek(SeekFrom::End(0)))
            .with_context(naming)?;
        Ok(Self {
            dir: dir.to_owned(),
            settings: settings.clone(),
            fingerprint: settings.fingerprint(),
            failed_files,
            finished: notes.entries,
            journal,
        })
    }

    /// The result for the content `video_id`, found at `source`. `None` if it must be taken: for the first time, with other
    /// settings or labels, after a failure to retry, or since an image was changed. A file that crashes decoders is not
    /// tried again.
    fn find(&self, source: &Source, video_id: &str, deleted: &DeletedFrames) -> Option<Extraction> {
        let entry = self.finished.get(video_id)?;
        if entry.settings != self.fingerprint || deleted.is_to_be_taken_again(video_id) {
            return None;
        }
        let Finished {
            video,
            frames,
            failure,
        } = &entry.finished;
        let is_harmless = |failure: &Failure| failure.code != code::CRASHED;
        if self.failed_files == FailedFiles::Retry && failure.as_ref().is_some_and(is_harmless) {
            return None;
        }
        let video = match video {
            Some(video) => Some(Self::checked(video, source)?),
            None => None,
        };
        let frames = frames.iter().filter(|frame| !deleted.has_frame(frame));
        let frames = frames
            .map(|frame| self.intact(frame))
            .collect::<Option<_>>()?;
        Some(Extraction {
            path: source.path.clone(),
            video,
            frames: if entry.is_recorded {
                Frames::Kept(frames)
            } else {
                Frames::Unrecorded(frames)
            },
            notes: Vec::new(),
            failure: failure.clone().map(|failure| Failure {
                path: Some(source.path.as_path().into()),
                ..failure
            }),
        })
    }

    /// The video as it lies now, if its labels are those of its images' folder.
    fn checked(video: &Video, source: &Source) -> Option<Video> {
        let is_same =
            video.exercise == source.labels.exercise && video.label == source.labels.label;
        is_same.then(|| Video {
            path: Some(source.path.as_path().into()),
            source_id: source.keys.source_id.clone(),
            person_id: source.keys.person_id.clone(),
            angle: source.keys.angle.clone(),
            ..video.clone()
        })
    }

    /// The frame, if its image is there and whole.
    fn intact(&self, frame: &Frame) -> Option<Frame> {
        let Image::File { path, blake3 } = &frame.image else {
            return None;
        };
        let bytes = wo_cli::read_bytes(&self.dir.join(path.as_path())).ok()?;
        let hash = blake3::hash(&bytes).to_hex();
        let is_intact = blake3.as_deref() == Some(hash.as_str());
        if !is_intact {
            wo_cli::warn!(
                "{} was changed, so the frames of its video are taken again",
                self.dir.join(path.as_path()).display();
                "label or delete frames, but do not edit their images"
            );
        }
        is_intact.then(|| frame.clone())
    }

    /// Notes that one video is complete and its images are on the disk.
    pub(crate) fn finish(&self, finished: Finished) -> anyhow::Result<()> {
        let entry = Entry {
            settings: self.fingerprint.clone(),
            flags: Some(self.settings.flags()),
            finished,
            is_recorded: false,
        };
        if entry.id().is_none() {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        (&self.journal)
            .write_all(&line)
            .and_then(|()| self.journal.sync_data())
            .with_context(|| format!("write {}", self.dir.join(FILE).display()))
    }

    /// Rewrites the file with one line for each video that `is_there`.
    pub(crate) fn compact(&self, is_there: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let newest = Self::open(&self.dir, &self.settings, FailedFiles::Keep)?;
        let mut entries: Vec<(&String, &Entry)> = newest
            .finished
            .iter()
            .filter(|(id, _)| is_there(id))
            .collect();
        entries.sort_by_key(|(id, _)| *id);
        let path = self.dir.join(FILE);
        let mut file =
            AtomicWriteFile::open(&path).with_context(|| format!("create {}", path.display()))?;
        let mark = |is_end| Mark {
            has_records: true,
            is_end,
        };
        write_line(&mut file, &mark(false))?;
        for (_, entry) in entries {
            write_line(&mut file, entry)?;
        }
        write_line(&mut file, &mark(true))?;
        file.commit()
            .with_context(|| format!("write {}", path.display()))
    }
}

fn write_line(output: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}

/// Rebuilds the records of a folder if they are missing and tables or images are not: without records, deletions could not
/// be detected. What `wo-describe` wrote into them is lost.
pub(crate) fn remake_records(dir: &Path) -> anyhow::Result<()> {
    let path = dir.join(RECORDS);
    let notes = dir.join(FILE);
    if path.exists() || !notes.exists() {
        return Ok(());
    }
    let read = wo_cli::open_file(&notes)
        .map(BufReader::new)
        .and_then(Notes::read);
    let read = read.with_context(|| format!("read {}", notes.display()))?;
    // Before the first records were written there are none to rebuild.
    let entries: BTreeMap<String, Entry> = read.entries.into_iter().collect();
    let frames = || entries.values().flat_map(|entry| &entry.finished.frames);
    let has_folder = |frame: &Frame| {
        let folder = own_image(frame).and_then(Path::parent);
        folder.is_some_and(|folder| dir.join(folder).is_dir())
    };
    if !read.has_records
        || entries.is_empty()
        || !frames().any(has_folder) && tables(dir)?.is_empty()
    {
        return Ok(());
    }
    let mut spool = create_spool(&path)?;
    let mut writer = Writer::begin_with(&mut spool, Begin::of(TOOL, VERSION, &[]))?;
    for Entry { finished, .. } in entries.values() {
        if let Some(video) = &finished.video {
            let n_frames = Some(finished.frames.len() as u32);
            let video = Video {
                n_frames,
                ..video.clone()
            };
            writer.record(&Record::Video(video))?;
        }
        for frame in &finished.frames {
            writer.record(&Record::Frame(frame.clone()))?;
        }
        if let Some(failure) = &finished.failure {
            writer.record(&Record::Error(failure.clone()))?;
        }
    }
    writer.end()?;
    commit(spool, &path)?;
    let shown = path.display();
    wo_cli::warn!(
        "{shown}: it was missing, and is rebuilt from what wo-extract noted of {}; deleted frames stay deleted",
        wo_cli::count(entries.len(), "file");
        "if wo-describe had written into it, run that again: wo-describe {0} -o {0}", shell_word(&path)
    );
    Ok(())
}

/// The lines of the file.
#[derive(Debug, Default)]
struct Notes {
    /// The newest of each video, by its id.
    entries: HashMap<String, Entry>,
    /// Whether the records of the folder were written.
    has_records: bool,
    /// How long the whole lines are: a crash may have cut off the last one.
    n_bytes: u64,
}

impl Notes {
    fn read(mut input: impl BufRead) -> io::Result<Self> {
        let mut notes = Self::default();
        let mut line = Vec::new();
        let mut has_end = false;
        loop {
            line.clear();
            let n_bytes = input.read_until(b'\n', &mut line)?;
            if n_bytes == 0 || line.last() != Some(&b'\n') {
                break;
            }
            notes.n_bytes += n_bytes as u64;
            // A line of another version is ignored: its video is taken again.
            if let Ok(entry) = serde_json::from_slice::<Entry>(&line)
                && let Some(id) = entry.id()
            {
                notes.entries.insert(id.to_owned(), entry);
            } else if let Ok(mark) = serde_json::from_slice::<Mark>(&line) {
                notes.has_records = mark.has_records;
                has_end |= mark.is_end;
                if mark.is_end {
                    notes.count_as_recorded();
                }
            }
        }
        // Earlier versions wrote no last mark.
        if !has_end {
            notes.count_as_recorded();
        }
        Ok(notes)
    }

    /// The records have all that was read so far.
    fn count_as_recorded(&mut self) {
        for entry in self.entries.values_mut() {
            entry.is_recorded = true;
        }
    }
}

impl Entry {
    /// The id of the video, or of the file that failed.
    fn id(&self) -> Option<&str> {
        let Finished { video, failure, .. } = &self.finished;
        video
            .as_ref()
            .map(|video| video.video_id.as_str())
            .or_else(|| failure.as_ref()?.video_id.as_deref())
    }
}
