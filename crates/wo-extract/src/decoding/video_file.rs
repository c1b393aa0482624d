//! The frames of one video file.

use crate::decoding::frame_sink::FrameSink;
use crate::decoding::full_decode;
use crate::decoding::seek_decode;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::job::{Settings, Taken};

/// Takes the frames of `file`: where its packets can be believed, without decoding more than is needed.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Taken, ExtractError> {
    let (file, notes) = file.with_one_track()?;
    let quickly = if settings.needs_film() {
        None
    } else {
        seek_decode::take(&file, settings, sink)?
    };
    let taken = match quickly {
        Some(taken) => taken,
        None => full_decode::take(&file, settings, sink)?,
    };
    let notes = notes.into_iter().chain(taken.notes).collect();
    Ok(Taken { notes, ..taken })
}
