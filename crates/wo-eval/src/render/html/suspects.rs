//! Videos that a person should look at again.

use wo_record::{Score, Suspect as SuspectRecord};
use wo_report::{Suspect, SuspectKind, Suspects};

use crate::data_quality::label_issues::DOUBT;
use crate::findings::Findings;

/// Suspects that are listed.
const MAX_SUSPECTS: usize = 50;

pub(super) fn suspects(findings: &Findings, main: Option<&Score>) -> Option<Suspects> {
    let listed = findings.suspects.iter().take(MAX_SUSPECTS);
    let suspects: Vec<Suspect> = listed.map(suspect).collect();
    (!suspects.is_empty()).then(|| Suspects {
        n_videos: main.map_or(0, |it| it.n),
        suspects,
    })
}

fn suspect(it: &SuspectRecord) -> Suspect {
    let (kind, reason) = match it.reason.as_str() {
        "near_duplicate" => (
            SuspectKind::NearDuplicate,
            "most of its frames look like those of another video",
        ),
        "exact_duplicate" => (
            SuspectKind::Duplicate,
            "its frames are those of another video",
        ),
        "outlier" => (
            SuspectKind::Outlier,
            "it looks like no other video of its exercise",
        ),
        DOUBT => (
            SuspectKind::Doubted,
            "the model, which has not seen it, would rather say another label",
        ),
        _ => (
            SuspectKind::Mislabelled,
            "the model, which has not seen it, is confident of another label",
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
