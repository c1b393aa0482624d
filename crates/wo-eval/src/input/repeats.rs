//! Repeated videos: the same video is read once; with contradicting labels it is excluded.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::{Failure, Name, Video, code};

use crate::judge::video_name::{exercise_and_label, name_of};

/// The videos read so far.
#[derive(Debug, Default)]
pub(crate) struct SeenBefore {
    by_id: BTreeMap<String, Video>,
    contradicted: BTreeSet<String>,
}

/// How a video relates to those before.
#[derive(Debug, PartialEq)]
pub(crate) enum Repeat {
    /// It is new.
    New,
    /// It has the same label and exercise.
    Same,
    /// It has another label or exercise: the failures to report, for the first and the repeated video.
    Otherwise(Vec<Failure>),
}

impl SeenBefore {
    /// Records a video whose label is settled.
    pub(crate) fn take(&mut self, video: &Video) -> Repeat {
        let Some(first) = self.by_id.get(&video.video_id) else {
            self.by_id.insert(video.video_id.clone(), video.clone());
            return Repeat::New;
        };
        let says = |it: &Video| (it.exercise.clone(), it.label.clone());
        if is_as(first.exercise.as_ref(), video.exercise.as_ref())
            && is_as(first.label.as_ref(), video.label.as_ref())
        {
            return Repeat::Same;
        }
        let failure = |of: &Video, against: &Video| Failure {
            code: code::LABEL_CONFLICT.to_owned(),
            what: format!(
                "{} here, but {} is the same video as {}",
                exercise_and_label(says(of)),
                name_of(against),
                exercise_and_label(says(against))
            ),
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: of.path.clone(),
            video_id: Some(of.video_id.clone()),
        };
        let mut failures = vec![failure(video, first)];
        if self.contradicted.insert(video.video_id.clone()) {
            failures.insert(0, failure(first, video));
        }
        Repeat::Otherwise(failures)
    }

    /// Whether it has two labels.
    pub(crate) fn is_contradicted(&self, video_id: &str) -> bool {
        self.contradicted.contains(video_id)
    }
}

/// A missing name contradicts nothing.
fn is_as(one: Option<&Name>, other: Option<&Name>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_that_comes_again_says_the_same_or_not() {
        let video = |path: &str, label: Option<&str>| Video {
            video_id: "v".to_owned(),
            path: Some(path.into()),
            label: label.map(Name::from),
            ..Video::default()
        };
        let mut before = SeenBefore::default();
        assert_eq!(before.take(&video("a", Some("good_form"))), Repeat::New);
        assert_eq!(before.take(&video("b", Some("good_form"))), Repeat::Same);
        assert_eq!(before.take(&video("c", None)), Repeat::Same);
        assert!(!before.is_contradicted("v"));
        let Repeat::Otherwise(failures) = before.take(&video("d", Some("bad_form"))) else {
            panic!("two labels");
        };
        let whats: Vec<&str> = failures.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(
            whats,
            [
                "good_form here, but d is the same video as bad_form",
                "bad_form here, but a is the same video as good_form"
            ]
        );
        assert!(before.is_contradicted("v"));
        let Repeat::Otherwise(failures) = before.take(&video("e", Some("unclear"))) else {
            panic!("a third");
        };
        assert_eq!(failures.len(), 1, "the first is told once");
    }
}
