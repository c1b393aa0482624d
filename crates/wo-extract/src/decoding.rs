//! From an open file to frames, inside the worker.

mod animation_file;
mod damage;
mod fetch;
pub(crate) mod frame_sink;
mod full_decode;
mod image_file;
mod jpeg;
pub(crate) mod pipeline;
pub(crate) mod scaled;
mod seek_decode;
mod survey;
mod video_file;

use wo_record::code;

use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::job::{Settings, Taken};
use frame_sink::FrameSink;

/// Takes the frames that `settings` ask for of `file`, and hands them to `sink`.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Taken, ExtractError> {
    if let Some(kind) = file.playlist {
        let what =
            format!("{kind}: the files that it names are not followed; give the video itself");
        return Err(ExtractError::new(code::UNSUPPORTED_CONTAINER, what));
    }
    if let Some(kind) = file.foreign {
        return Err(kind.error(None));
    }
    match file.image {
        Some(format) if animation_file::is_animation(file, format)? => {
            animation_file::take(file, format, settings, sink)
        }
        Some(format) => image_file::take(file, format, settings, sink),
        None => video_file::take(file, settings, sink),
    }
}
