//! What people are told of a damaged video.

use std::path::Path;

use wo_record::Video;

use crate::job::CUT_START;
use crate::quality::still::Still;

/// Says of a damaged video how much of it is damaged, and of what was taken.
pub(crate) fn warn(path: &Path, video: &Video, kept: &[Still]) {
    if let Some(n_damaged) = video.n_damaged {
        wo_cli::warn!("{}: {}", path.display(), said(n_damaged, video, kept));
    }
}

fn said(n_damaged: u32, video: &Video, kept: &[Still]) -> String {
    let n_taken = kept
        .iter()
        .filter(|still| still.position.is_damaged)
        .count();
    let taken = match n_taken {
        0 => "none of them was taken".to_owned(),
        n => format!(
            "{n} of the {} taken {} damaged, since no other may replace {}",
            kept.len(),
            if n == 1 { "is" } else { "are" },
            if n == 1 { "it" } else { "them" }
        ),
    };
    let (frames, are) = if n_damaged == 1 {
        ("frame", "is")
    } else {
        ("frames", "are")
    };
    if video.warnings.iter().any(|word| word == CUT_START) {
        return format!(
            "{n_damaged} {frames} at the start {are} damaged: the video was cut where the decoder cannot start; {taken}; ffmpeg can repair it: ffmpeg -i IN OUT.mp4"
        );
    }
    format!(
        "the file is damaged: {n_damaged} {frames} {are} affected, and {taken}; use an undamaged copy of the file if there is one"
    )
}
