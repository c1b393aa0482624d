//! Extractions to records, on stdout and, with `--out`, in a folder. Each content goes out once.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wo_record::{Image, Record, Video, Writer, code};

use crate::extraction::{self, Extraction};
use crate::fault::Fault;
use crate::labels::Labels;
use crate::layout::{Layout, Merge, Spool};
use crate::picture::Still;
use crate::{TOOL, VERSION};

/// Where the records go.
pub(crate) struct Output<'a> {
    stream: Writer<'a>,
    folder: Option<Folder<'a>>,
    /// By id: where a content was met first, and with which labels.
    seen: HashMap<String, (PathBuf, Labels)>,
}

/// The folder of `--out` and the records that it will have.
struct Folder<'a> {
    layout: &'a Layout,
    records: Writer<'a>,
    merge: Merge,
}

impl<'a> Output<'a> {
    /// Writes the `begin` records.
    pub(crate) fn begin(
        stream: &'a mut dyn Write,
        folder: Option<(&'a Layout, &'a mut Spool)>,
    ) -> anyhow::Result<Self> {
        let folder = match folder {
            Some((layout, spool)) => {
                let records = Writer::begin(spool, TOOL, VERSION, &[])?;
                Some(Folder {
                    layout,
                    records,
                    merge: Merge::default(),
                })
            }
            None => None,
        };
        Ok(Self {
            stream: Writer::begin(stream, TOOL, VERSION, &[])?,
            folder,
            seen: HashMap::new(),
        })
    }

    /// Writes what came of one source, and hands it on to the reader.
    pub(crate) fn write(&mut self, mut extraction: Extraction) -> anyhow::Result<()> {
        if let Some(folder) = &mut self.folder {
            folder.merge.tried(&extraction.path);
        }
        if let Some(video) = extraction.video.take() {
            match self.first_of(&video, &extraction) {
                None => {
                    self.write_video(&video, &extraction.stills)?;
                    let labels = Labels {
                        exercise: video.exercise,
                        label: video.label,
                    };
                    self.seen.insert(video.video_id, (extraction.path, labels));
                }
                Some(Err(conflict)) => {
                    extraction.failure =
                        Some(conflict.into_failure(&extraction.path, Some(&video.video_id)));
                }
                Some(Ok(())) => return Ok(()),
            }
        }
        if let Some(failure) = extraction.failure {
            let path = failure
                .path
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            wo_cli::warn!("{path}: {}", failure.what);
            self.record(&Record::Error(failure))?;
        }
        Ok(self.stream.flush()?)
    }

    /// Writes the `end` records. Returns how many files failed in this run.
    pub(crate) fn end(self) -> anyhow::Result<u64> {
        if let Some(mut folder) = self.folder {
            folder.layout.merge(&folder.merge, &mut folder.records)?;
            folder.records.end()?;
        }
        Ok(self.stream.end()?.n_errors)
    }

    /// `None` for a content that was not met before; else whether it came with the same labels.
    fn first_of(&self, video: &Video, extraction: &Extraction) -> Option<Result<(), Fault>> {
        let (first, labels) = self.seen.get(&video.video_id)?;
        let path = extraction.path.display();
        if (&labels.exercise, &labels.label) == (&video.exercise, &video.label) {
            wo_cli::warn!(
                "{path}: the same content as {}, taken once",
                first.display()
            );
            return Some(Ok(()));
        }
        let name = |exercise: Option<&wo_record::Name>, label: Option<&wo_record::Name>| {
            let word = |name: Option<&wo_record::Name>| {
                name.map_or_else(|| "none".to_owned(), ToString::to_string)
            };
            format!("{}/{}", word(exercise), word(label))
        };
        let what = format!(
            "the same content as {}, but labelled {} there and {} here ({path}); only the first was taken",
            first.display(),
            name(labels.exercise.as_ref(), labels.label.as_ref()),
            name(video.exercise.as_ref(), video.label.as_ref()),
        );
        Some(Err(Fault::new(code::LABEL_CONFLICT, what)))
    }

    fn write_video(&mut self, video: &Video, stills: &[Still]) -> anyhow::Result<()> {
        self.record(&Record::Video(video.clone()))?;
        if let Some(folder) = &mut self.folder {
            folder.merge.replaces(&video.video_id);
        }
        for (index, still) in (0..).zip(stills) {
            let image = match &mut self.folder {
                None => Image::Inline {
                    jpeg_base64: STANDARD.encode(&still.jpeg),
                },
                Some(folder) => {
                    let path = folder.layout.store(video, index, still)?;
                    let blake3 = Some(blake3::hash(&still.jpeg).to_hex().to_string());
                    let shown = folder.layout.dir().join(&path);
                    folder.merge.stored(path.clone());
                    let image = Image::File {
                        path: path.into(),
                        blake3: blake3.clone(),
                    };
                    folder.records.record(&Record::Frame(extraction::frame(
                        video, index, still, image,
                    )))?;
                    Image::File {
                        path: shown.into(),
                        blake3,
                    }
                }
            };
            self.stream.record(&Record::Frame(extraction::frame(
                video, index, still, image,
            )))?;
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
