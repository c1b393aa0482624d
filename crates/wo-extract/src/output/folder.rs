//! The records of one run in the folder of `--out`.

use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, Record, Video, Writer};

use crate::input::keys::Keys;
use crate::input::labels::Labels;
use crate::input::media_file::is_video;
use crate::input::paths::absolute;
use crate::input::sources;
use crate::output::layout::Layout;
use crate::output::merge::Merge;
use crate::output::state::State;
use crate::quality::still::Still;
use crate::time;

/// The folder of `--out` and the records that it will have.
pub(super) struct FolderOutput<'a> {
    pub(super) layout: &'a Layout,
    pub(super) state: &'a State,
    pub(super) records: Writer<'a>,
    pub(super) merge: Merge,
}

/// A place, with the labels and keys of the video there.
pub(super) type SaidAt = (PathBuf, (Labels, Keys));

impl FolderOutput<'_> {
    /// Other places of a video that an earlier run excluded for contradicting labels. Places in the folders of this run were
    /// compared before.
    fn places_elsewhere(&self, video_id: &str, here: &Path) -> Vec<PathBuf> {
        let places = self.layout.places_in_conflict(video_id).iter();
        places
            .filter(|place| absolute(place) != absolute(here))
            .filter(|place| !self.merge.covers(place) && is_video(place, video_id))
            .cloned()
            .collect()
    }

    /// Other places of a video with their labels and keys. The first so many have an error in the records already.
    pub(super) fn said_elsewhere(
        &self,
        video: &Video,
        here: &Path,
    ) -> anyhow::Result<(Vec<SaidAt>, usize)> {
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
    pub(super) fn has_deleted(&self, video: &Video, index: u32, still: &Still) -> bool {
        let pts_ms = Some(time::ms(still.time_ns));
        self.layout.deleted().has(&video.video_id, index, pts_ms)
    }

    /// Writes an image. Returns the record of its frame.
    pub(super) fn store(
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

    /// Keeps a video of an earlier run as it is, since people may have changed its records. False if the records lack it.
    pub(super) fn keeps(&mut self, video: &Video) -> bool {
        let is_known = self.layout.has(&video.video_id);
        if is_known {
            self.merge.updates(video);
        }
        is_known
    }

    /// Writes the records of a video, which replace earlier ones.
    pub(super) fn write(&mut self, video: &Video, frames: &[Frame]) -> anyhow::Result<()> {
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

/// Whether the labels and keys of two places agree.
pub(super) fn is_same(
    (labels, keys): &(Labels, Keys),
    (other_labels, other_keys): &(Labels, Keys),
) -> bool {
    labels == other_labels && !keys.contradicts(other_keys)
}
