//! A finding, with what it is worth to mend it.

use wo_record::{Finding, FindingLevel, Name, RecordPath};

use crate::check::collection::CheckedVideo;

/// A finding.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) finding: Finding,
    /// What to do, in a few words: `film other people`.
    pub(crate) action: &'static str,
    /// How much it is worth to mend it for one video, beside others.
    pub(crate) weight: f64,
}

/// What a rule looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) code: &'static str,
    pub(crate) action: &'static str,
    pub(crate) weight: f64,
}

impl Rule {
    /// That this must be mended.
    pub(crate) fn mend(&self, what: impl Into<String>) -> Found {
        self.found(FindingLevel::Mend, what.into())
    }

    /// That this is good to know.
    pub(crate) fn note(&self, what: impl Into<String>) -> Found {
        self.found(FindingLevel::Note, what.into())
    }

    fn found(&self, level: FindingLevel, what: String) -> Found {
        Found {
            finding: Finding {
                code: self.code.to_owned(),
                level,
                what,
                hint: None,
                exercise: None,
                label: None,
                n: 1,
                paths: Vec::new(),
            },
            action: self.action,
            weight: self.weight,
        }
    }
}

impl Found {
    /// The same with what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.finding.hint = Some(hint.into());
        self
    }

    /// The same about an exercise.
    pub(crate) fn exercise(mut self, exercise: &Name) -> Self {
        self.finding.exercise = Some(exercise.clone());
        self
    }

    /// The same about a label.
    pub(crate) fn label(mut self, label: &str) -> Self {
        self.finding.label = Some(Name::new(label));
        self
    }

    /// The same about so many.
    pub(crate) fn n(mut self, n: usize) -> Self {
        self.finding.n = n as u64;
        self
    }

    /// The same about these videos.
    pub(crate) fn videos(mut self, videos: &[&CheckedVideo]) -> Self {
        self.finding.n = videos.len() as u64;
        let paths = videos.iter().map(|it| RecordPath::from(it.path.clone()));
        self.finding.paths = paths.collect();
        self
    }

    /// The same about these files.
    pub(crate) fn paths(mut self, paths: impl IntoIterator<Item = std::path::PathBuf>) -> Self {
        self.finding.paths = paths.into_iter().map(RecordPath::from).collect();
        self.finding.n = self.finding.paths.len() as u64;
        self
    }
}

/// The paths of videos for a message: the first five.
pub(crate) fn shown(videos: &[&CheckedVideo]) -> String {
    wo_cli::named(videos.iter().map(|it| &it.path))
}
