//! Labels that differ from those which the model was trained or held out with.

use wo_clip::SplitVideo;
use wo_record::Video;

use crate::judge::video_name::{exercise_and_label, name_of};

/// What a video says otherwise than the model's record of it: `a.mp4 (squat good_form, in the model squat bad_form)`.
pub(crate) fn relabelled(video: &Video, in_model: &[SplitVideo]) -> Option<String> {
    let known = in_model.iter().find(|it| it.video_id == video.video_id)?;
    let differs = |now: &Option<_>, then| now.as_ref().is_some_and(|now| now != then);
    (differs(&video.label, &known.label) || differs(&video.exercise, &known.exercise)).then(|| {
        let now = exercise_and_label((video.exercise.clone(), video.label.clone()));
        let then = exercise_and_label((Some(known.exercise.clone()), Some(known.label.clone())));
        format!("{} ({now}, in the model {then})", name_of(video))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::training;

    #[test]
    fn another_label_or_exercise_is_named() {
        let in_model = training();
        let says = |id: &str, exercise: Option<&str>, label: Option<&str>| {
            let video = Video {
                video_id: id.to_owned(),
                path: Some("a.mp4".into()),
                exercise: exercise.map(Into::into),
                label: label.map(Into::into),
                ..Video::default()
            };
            relabelled(&video, &in_model)
        };
        assert_eq!(
            says("train0", Some("squat"), Some("good_form")).as_deref(),
            Some("a.mp4 (squat good_form, in the model squat bad_form)")
        );
        assert_eq!(
            says("train0", Some("row"), Some("bad_form")).as_deref(),
            Some("a.mp4 (row bad_form, in the model squat bad_form)")
        );
        for (id, exercise, label) in [
            ("train0", Some("squat"), Some("bad_form")),
            ("train0", None, None),
            ("new", Some("squat"), Some("good_form")),
        ] {
            assert_eq!(says(id, exercise, label), None, "{id}");
        }
    }
}
