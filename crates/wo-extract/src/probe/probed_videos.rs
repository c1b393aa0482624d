//! The videos that were looked at, so that one that is there twice is known.

use wo_record::{RecordPath, Video};

use super::finding::{self, Finding, Level};
use crate::job::TRUNCATED;
use crate::quality::still::Still;

/// Videos look the same when at most so many of 64 bits differ between their frames, on average.
const SAME: f64 = 5.0;

/// The videos met so far.
#[derive(Debug, Default)]
pub(super) struct ProbedVideos {
    videos: Vec<One>,
}

#[derive(Debug)]
struct One {
    id: String,
    path: Option<RecordPath>,
    stills: Vec<Still>,
}

impl ProbedVideos {
    /// `video`, of which `stills` were taken, with all that is found of it. `failure` is the code of what ended it before
    /// its end.
    pub(super) fn judged(
        &mut self,
        video: Video,
        stills: &[Still],
        failure: Option<&str>,
    ) -> Video {
        let warning = |word| Finding {
            word,
            level: Level::Warning,
        };
        let mut findings = finding::of(&video, stills);
        let is_said = video.warnings.iter().any(|word| word == TRUNCATED);
        if failure == Some(wo_record::code::TRUNCATED) && !is_said {
            findings.insert(0, warning(TRUNCATED));
        }
        let twin = self.videos.iter().find(|one| one.id == video.video_id);
        let mut others = self.videos.iter();
        let near = others.find(|one| one.id != video.video_id && looks_same(stills, &one.stills));
        findings.extend(twin.map(|_| warning("duplicate")));
        findings.extend(near.map(|_| warning("near_duplicate")));
        let duplicate_of = twin.or(near).and_then(|one| one.path.clone());
        let near_duplicate_of = near.map(|one| one.id.clone());
        // The images themselves are not needed any more.
        let small = stills.iter().map(|still| Still {
            jpeg: Vec::new(),
            ..still.clone()
        });
        self.videos.push(One {
            id: video.video_id.clone(),
            path: video.path.clone(),
            stills: small.collect(),
        });
        let words = |level: Level| {
            let found = findings.iter().filter(move |found| found.level == level);
            found.map(|found| found.word.to_owned())
        };
        let mut warnings = video.warnings.clone();
        warnings.extend(words(Level::Warning));
        Video {
            warnings,
            notes: words(Level::Note).collect(),
            duplicate_of,
            near_duplicate_of,
            n_frames: None,
            n_frames_wanted: None,
            ..video
        }
    }
}

fn looks_same(stills: &[Still], others: &[Still]) -> bool {
    // A still of a plain wall is like any other.
    if stills.is_empty() || stills.len() != others.len() {
        return false;
    }
    let pairs = stills.iter().zip(others);
    let bits: u32 = pairs.map(|(a, b)| a.measured.distance(&b.measured)).sum();
    f64::from(bits) / stills.len() as f64 <= SAME
}
