//! Suspects on the page: videos to review again.

use wo_record::{Suspect as SuspectRecord, SuspectReason};
use wo_report::{Suspect, SuspectKind, Suspects};

use crate::findings::Findings;
use crate::score::measurement::Measurement;

/// Suspects that are listed.
const MAX_SUSPECTS: usize = 50;

pub(super) fn suspects(findings: &Findings, main: Option<&Measurement>) -> Option<Suspects> {
    let listed = findings.suspects.iter().take(MAX_SUSPECTS);
    let suspects: Vec<Suspect> = listed.map(suspect).collect();
    (!suspects.is_empty()).then(|| Suspects {
        n_videos: main.map_or(0, |it| it.n),
        suspects,
    })
}

fn suspect(it: &SuspectRecord) -> Suspect {
    let (kind, reason) = match it.reason {
        SuspectReason::NearDuplicate => (
            SuspectKind::NearDuplicate,
            "most of its frames look like those of another video",
        ),
        SuspectReason::ExactDuplicate => (
            SuspectKind::Duplicate,
            "its frames are those of another video",
        ),
        SuspectReason::Outlier => (
            SuspectKind::Outlier,
            "it looks like no other video of its exercise",
        ),
        SuspectReason::Doubt => (
            SuspectKind::Doubted,
            "the held-out prediction leans to another label",
        ),
        _ => (
            SuspectKind::Mislabelled,
            "the held-out prediction is confident of another label",
        ),
    };
    let video = it.path.as_ref();
    Suspect {
        video: video.map_or_else(|| it.video_id.clone(), ToString::to_string),
        kind,
        label: it.label.clone(),
        suggested: it.suggested_label.clone(),
        score: it.score,
        reason: reason.to_owned(),
        other: it.alike.clone(),
    }
}
