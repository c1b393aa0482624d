//! Records of a folder that has only tables.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use wo_record::{Begin, Frame, Image, Judgement, Record, Video, Writer};

use crate::folder::FrameItem;
use crate::store::Store;

/// Writes one record for each row, in the videos that the tables are taken for.
pub(super) fn write_records(
    store: &Store,
    base: &Path,
    output: &mut dyn Write,
) -> anyhow::Result<()> {
    let begin = Begin::of(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), &[]);
    let mut writer = Writer::begin_with(output, begin)?;
    let judgements: HashMap<u32, (&FrameItem, &Judgement)> = store
        .kept()
        .map(|(id, frame, judgement)| (id, (frame, judgement)))
        .collect();
    for video in &store.folder.videos {
        let frames: Vec<_> = video
            .frames
            .iter()
            .filter_map(|id| judgements.get(id).copied())
            .collect();
        writer.record(&Record::Video(Video {
            video_id: video.id.clone(),
            n_frames: Some(frames.len() as u32),
            ..Video::default()
        }))?;
        for (frame, judgement) in frames {
            let Some(path) = &frame.path else { continue };
            writer.record(&Record::Frame(Frame {
                video_id: video.id.clone(),
                index: frame.index,
                pts_ms: None,
                width_px: None,
                height_px: None,
                image: Image::File {
                    path: base.join(path).into(),
                    blake3: None,
                },
                exercise: frame.exercise.clone(),
                label: judgement.label.clone(),
                label_origin: judgement.label_origin,
                faults: judgement.faults.clone(),
                description: judgement.description.clone(),
                quality: None,
                repetition: None,
                phase: None,
                shot: None,
            }))?;
        }
    }
    writer.end()?;
    Ok(())
}
