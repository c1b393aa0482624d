//! Videos that came before: one that says the same is read once, one that says otherwise counts for neither.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::{Failure, Name, Video, code};

use crate::judge::video_name::{exercise_and_label, name_of};

/// The videos that came so far, to know one that comes again.
#[derive(Debug, Default)]
pub(crate) struct SeenBefore {
    by_id: BTreeMap<String, Video>,
    contradicted: BTreeSet<String>,
}

/// What a video is that came again.
#[derive(Debug, PartialEq)]
pub(crate) enum Repeat {
    /// It is new.
    New,
    /// It says the same.
    Same,
    /// It has another label or exercise: of each that says something for the first time, what is wrong.
    Otherwise(Vec<Failure>),
}

impl SeenBefore {
    /// Takes note of a video whose label is settled.
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

    /// Whether it came under two labels.
    pub(crate) fn is_contradicted(&self, video_id: &str) -> bool {
        self.contradicted.contains(video_id)
    }
}

/// Who says nothing says nothing else.
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
