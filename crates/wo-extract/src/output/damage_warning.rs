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
    let n_taken = kept.iter().filter(|still| still.place.is_damaged).count();
    let taken = match n_taken {
        0 => "none of those taken is among them".to_owned(),
        n => format!(
            "{n} of the {} taken {} among them, since no other may stand in",
            kept.len(),
            if n == 1 { "is" } else { "are" }
        ),
    };
    let (frames, are) = if n_damaged == 1 {
        ("frame", "is")
    } else {
        ("frames", "are")
    };
    if video.warnings.iter().any(|word| word == CUT_START) {
        return format!(
            "{n_damaged} {frames} at the start {are} not as filmed: the video was cut where the decoder cannot begin; {taken}; ffmpeg can, so this makes it whole: ffmpeg -i IN OUT.mp4"
        );
    }
    format!(
        "the file is damaged: {n_damaged} {frames} {are} not as filmed, and {taken}; a whole copy of the file would do better"
    )
}
