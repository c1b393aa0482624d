//! GStreamer's errors as errors of a file.

use gstreamer as gst;
use wo_record::code;

use super::plugins;
use crate::error::ExtractError;

/// Whether GStreamer has no element for what is in the file.
pub(super) fn is_missing_plugin(error: &gst::glib::Error) -> bool {
    error.matches(gst::CoreError::MissingPlugin) || error.matches(gst::StreamError::CodecNotFound)
}

/// The code of an error.
pub(super) fn code_of(error: &gst::glib::Error) -> &'static str {
    if error.matches(gst::StreamError::TypeNotFound) || error.matches(gst::StreamError::WrongType) {
        code::NOT_MEDIA
    } else if is_missing_plugin(error) {
        code::MISSING_PLUGIN
    } else if error.kind::<gst::ResourceError>().is_some() {
        code::UNREADABLE
    } else {
        code::DECODE
    }
}

/// A file that must not be followed.
pub(super) fn refused(kind: &str) -> ExtractError {
    ExtractError::new(
        code::UNSUPPORTED_CONTAINER,
        format!("{kind} is no video: playlists and text are not followed"),
    )
}

/// A stream that nothing here decodes.
pub(super) fn missing(kind: &str) -> ExtractError {
    let absent = plugins::absent_packages();
    let cure = if absent.is_empty() {
        "if ffmpeg reads it, convert it: ffmpeg -i IN OUT.mp4".to_owned()
    } else {
        format!(
            "a missing package may decode it: apt install {}",
            absent.join(" ")
        )
    };
    ExtractError::new(
        code::MISSING_PLUGIN,
        format!("{kind} is not decoded here; {cure}"),
    )
}

/// A file whose edit list shows its `n_packets` frames again and again.
pub(super) fn repeated(n_packets: usize) -> ExtractError {
    ExtractError::new(
        code::UNSUPPORTED_CONTAINER,
        format!(
            "the file shows the same {n_packets} frames again and again: its edit list loops (without it: ffmpeg -ignore_editlist 1 -i FILE -c copy NEW.mp4)"
        ),
    )
}

/// A frame that cannot be used.
pub(super) fn unusable(what: &str) -> ExtractError {
    ExtractError::new(code::DECODE, what)
}

/// A message without line breaks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
