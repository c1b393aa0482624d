//! What is finished: a line for each video, appended and synced when its pictures are in the folder, so that the next
//! run takes only what is new, even where this one is killed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
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

/// One line: what came of one video under some settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// What the frames depend on beside the content.
    settings: String,
    /// The flags that ask for that, each behind a space, but for those that are so by default.
    #[serde(default)]
    flags: Option<String>,
    #[serde(flatten)]
    finished: Finished,
}

/// The first line, once the records of the folder are written: before that they are not lost, but yet to come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Mark {
    has_records: bool,
}

/// The records of one video, pictures by their paths in the folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) video: Option<Video>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) failure: Option<Failure>,
}

/// What is finished in one folder.
#[derive(Debug)]
pub(crate) struct State {
    dir: PathBuf,
    settings: Settings,
    fingerprint: String,
    retry_failed: bool,
    /// By the id of the video.
    finished: HashMap<String, Entry>,

    journal: File,
}

/// What is finished, but for what a person deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) state: &'a State,
    pub(crate) deleted: &'a DeletedFrames,
}

impl Known<'_> {
    /// What is known of the content `video_id`, found at `source`; `None` where it must be taken.
    pub(crate) fn find(&self, source: &Source, video_id: &str) -> Option<Extraction> {
        let known = self.state.find(source, video_id, self.deleted)?;
        // Frames that come back and were not taken under these settings: all of the video is taken anew.
        let restored = self.deleted.restored().get(video_id).into_iter().flatten();
        let is_known = |path: &Path| match &known.frames {
            Frames::Kept(frames) => frames.iter().any(|frame| own_image(frame) == Some(path)),
            Frames::Fresh(_) => false,
        };
        let mut images = restored.filter_map(|lines| lines.frame().and_then(own_image));
        images.all(is_known).then_some(known)
    }
}

impl State {
    /// Reads what earlier runs finished in `dir`. A last line that was cut off by a crash is taken away.
    pub(crate) fn open(
        dir: &Path,
        settings: &Settings,
        retry_failed: bool,
    ) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let naming = || format!("open {}", path.display());
        let mut journal = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(naming)?;
        let mut finished = HashMap::new();
        let mut input = BufReader::new(&journal);
        let mut n_good = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let n_bytes = input.read_until(b'\n', &mut line).with_context(naming)?;
            if n_bytes == 0 || line.last() != Some(&b'\n') {
                break;
            }
            n_good += n_bytes as u64;
            // A line of another version says nothing to this one: its video is taken again.
            if let Ok(entry) = serde_json::from_slice::<Entry>(&line)
                && let Some(id) = entry.id()
            {
                finished.insert(id.to_owned(), entry);
            }
        }
        journal
            .set_len(n_good)
            .and_then(|()| journal.seek(SeekFrom::End(0)))
            .with_context(naming)?;
        Ok(Self {
            dir: dir.to_owned(),
            settings: settings.clone(),
            fingerprint: settings.fingerprint(),
            retry_failed,
            finished,
            journal,
        })
    }

    /// What is known of the content `video_id`, found at `source`; `None` where it must be taken: for the first time,
    /// with other settings or labels, after a failure that is to be tried again, or since a picture is not as it was. A
    /// file that crashes decoders is not tried again.
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
        if self.retry_failed && failure.as_ref().is_some_and(is_harmless) {
            return None;
        }
        let video = match video {
            Some(video) => Some(Self::checked(video, source)?),
            None => None,
        };
        let frames = frames.iter().filter(|frame| !deleted.has_frame(frame));
        let frames: Option<_> = frames.map(|frame| self.intact(frame)).collect();
        Some(Extraction {
            path: source.path.clone(),
            video,
            frames: Frames::Kept(frames?),
            notes: Vec::new(),
            failure: failure.clone().map(|failure| Failure {
                path: Some(source.path.as_path().into()),
                ..failure
            }),
        })
    }

    /// The video as it lies now, if its labels are those of its pictures' folder.
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

    /// The frame, if its picture is there and whole.
    fn intact(&self, frame: &Frame) -> Option<Frame> {
        let Image::File { path, blake3 } = &frame.image else {
            return None;
        };
        let bytes = std::fs::read(self.dir.join(path.as_path())).ok()?;
        let hash = blake3::hash(&bytes).to_hex();
        let is_intact = blake3.as_deref() == Some(hash.as_str());
        if !is_intact {
            wo_cli::warn!(
                "{} is not as it was written, so the frames of its video are made anew\nhint: label or delete frames, but leave their images as they are",
                self.dir.join(path.as_path()).display()
            );
        }
        is_intact.then(|| frame.clone())
    }

    /// Notes that this is all of one video, and that its pictures are on the disk.
    pub(crate) fn finish(&self, finished: Finished) -> anyhow::Result<()> {
        let entry = Entry {
            settings: self.fingerprint.clone(),
            flags: Some(self.settings.flags()),
            finished,
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

    /// Writes the file anew with one line for each video that `is_there`: what was added since, and what was already.
    pub(crate) fn compact(&self, is_there: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let newest = Self::open(&self.dir, &self.settings, false)?;
        let mut entries: Vec<(&String, &Entry)> = newest
            .finished
            .iter()
            .filter(|(id, _)| is_there(id))
            .collect();
        entries.sort_by_key(|(id, _)| *id);
        let path = self.dir.join(FILE);
        let mut file =
            AtomicWriteFile::open(&path).with_context(|| format!("create {}", path.display()))?;
        serde_json::to_writer(&mut file, &Mark { has_records: true })?;
        file.write_all(b"\n")?;
        for (_, entry) in entries {
            serde_json::to_writer(&mut file, entry)?;
            file.write_all(b"\n")?;
        }
        file.commit()
            .with_context(|| format!("write {}", path.display()))
    }
}

/// Makes the records of a folder anew where they are gone and tables or images are not: without them nobody could tell what
/// a person deleted. What `wo-describe` wrote into them is lost.
pub(crate) fn remake_records(dir: &Path) -> anyhow::Result<()> {
    let path = dir.join(RECORDS);
    let entries = if path.exists() {
        Vec::new()
    } else {
        entries_of(dir)?
    };
    let frames = || entries.iter().flat_map(|entry| &entry.finished.frames);
    let has_folder = |frame: &Frame| {
        let folder = own_image(frame).and_then(Path::parent);
        folder.is_some_and(|folder| dir.join(folder).is_dir())
    };
    if entries.is_empty() || !frames().any(has_folder) && tables(dir)?.is_empty() {
        return Ok(());
    }
    let mut spool = create_spool(&path)?;
    let mut writer = Writer::begin_with(&mut spool, Begin::of(TOOL, VERSION, &[]))?;
    for Entry { finished, .. } in &entries {
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
        "{shown}: it was gone, and is made anew from what wo-extract noted of {}; what was deleted stays deleted\nhint: where wo-describe had written into it, run that again: wo-describe {1} -o {1}",
        wo_cli::count(entries.len(), "file"),
        shell_word(&path)
    );
    Ok(())
}

/// What wo-extract noted of the videos of a folder's records, the newest of each; empty where there were no records yet.
fn entries_of(dir: &Path) -> anyhow::Result<Vec<Entry>> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let mut has_records = false;
    for line in BufReader::new(file).split(b'\n') {
        let line = line.with_context(|| format!("read {}", path.display()))?;
        if let Ok(mark) = serde_json::from_slice::<Mark>(&line) {
            has_records = mark.has_records;
        } else if let Ok(entry) = serde_json::from_slice::<Entry>(&line)
            && let Some(id) = entry.id()
        {
            entries.insert(id.to_owned(), entry);
        }
    }
    entries.retain(|_, _| has_records);
    Ok(entries.into_values().collect())
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
