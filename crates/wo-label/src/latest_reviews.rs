//! The latest review of each frame.

use std::collections::HashMap;

use wo_record::{Frame, Image, Review};

/// Times that differ by less are equal, since decimals round them.
const SAME_TIME_MS: f64 = 0.5;

/// The latest review of each frame.
#[derive(Debug, Default)]
pub struct Reviews {
    by_frame: HashMap<String, HashMap<u32, Review>>,
}

impl Reviews {
    /// Adds the next review of a log. Blind repeats only measure agreement and are ignored.
    pub fn add(&mut self, mut review: Review) {
        if review.is_repeat {
            return;
        }
        let of_video = self.by_frame.entry(review.video_id.clone()).or_default();
        if let Some(earlier) = of_video.get(&review.index)
            && is_same_image(earlier, review.pts_ms, review.blake3.as_deref())
        {
            review.says = said_by_both(earlier, &review);
        }
        of_video.insert(review.index, review);
    }

    /// How many frames were reviewed.
    pub fn n_frames(&self) -> usize {
        self.by_frame.values().map(HashMap::len).sum()
    }

    /// The latest review of a frame, whose `says` are the fields that any of its reviews set. `Err` if the review is about another image that had this index in the video.
    pub fn of_frame(&self, frame: &Frame) -> Result<Option<&Review>, &Review> {
        let Some(review) = self
            .by_frame
            .get(&frame.video_id)
            .and_then(|of_video| of_video.get(&frame.index))
        else {
            return Ok(None);
        };
        let blake3 = match &frame.image {
            Image::File { blake3, .. } => blake3.as_deref(),
            Image::Inline { .. } => None,
        };
        if is_same_image(review, frame.pts_ms, blake3) {
            Ok(Some(review))
        } else {
            Err(review)
        }
    }
}

/// The fields that one of two reviews sets; none means all.
fn said_by_both(earlier: &Review, later: &Review) -> Vec<String> {
    if earlier.says.is_empty() || later.says.is_empty() {
        return Vec::new();
    }
    let mut says = earlier.says.clone();
    says.extend(later.says.iter().filter(|it| !earlier.says(it)).cloned());
    says
}

/// Whether two times in milliseconds are equal up to rounding.
pub fn is_same_time(one: f64, other: f64) -> bool {
    (one - other).abs() < SAME_TIME_MS
}

/// Whether a review is about the image with this time and hash, as far as both are known. Video and index must agree already.
pub fn is_same_image(review: &Review, pts_ms: Option<f64>, blake3: Option<&str>) -> bool {
    if let (Some(of_review), Some(of_frame)) = (&review.blake3, blake3)
        && of_review == of_frame
    {
        return true;
    }
    // The same moment encoded at another size is still the same frame.
    match (review.pts_ms, pts_ms) {
        (Some(of_review), Some(of_frame)) => is_same_time(of_review, of_frame),
        _ => review.blake3.is_none() || blake3.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review_log::tests::review;

    fn frame(pts_ms: Option<f64>, blake3: Option<&str>) -> Frame {
        let line = r#"{"video_id":"v","index":1,"image":{"file":{"path":"a.jpg"}}}"#;
        let mut frame: Frame = serde_json::from_str(line).unwrap();
        frame.pts_ms = pts_ms;
        if let Image::File { blake3: hash, .. } = &mut frame.image {
            *hash = blake3.map(str::to_owned);
        }
        frame
    }

    fn label_of(reviews: &Reviews, frame: &Frame) -> Option<String> {
        let said = reviews.of_frame(frame).ok().flatten()?;
        said.new.label.as_ref().map(ToString::to_string)
    }

    #[test]
    fn the_last_word_counts_and_a_repeat_is_none() {
        let mut reviews = Reviews::default();
        reviews.add(review(1, "good"));
        reviews.add(review(1, "bad"));
        let mut repeat = review(1, "unclear");
        repeat.is_repeat = true;
        reviews.add(repeat);
        let said = label_of(&reviews, &frame(None, None));
        assert_eq!((said.as_deref(), reviews.n_frames()), (Some("bad_form"), 1));
    }

    #[test]
    fn a_later_note_takes_no_word_back_and_adds_none() {
        let said = |says: &[&[&str]]| {
            let mut reviews = Reviews::default();
            for fields in says {
                let mut said = review(1, "bad");
                said.says = fields.iter().map(|&field| field.to_owned()).collect();
                reviews.add(said);
            }
            let frame = frame(None, None);
            let review = reviews.of_frame(&frame).expect("the image").expect("one");
            (review.says_class(), review.says_words(), review.judges())
        };
        assert_eq!(said(&[&["note"]]), (false, false, false));
        assert_eq!(said(&[&["note"], &["description"]]), (false, true, false));
        assert_eq!(said(&[&["deleted"], &["note"]]), (false, false, true));
        assert_eq!(said(&[&["faults"], &["note"]]), (true, true, true));
        assert_eq!(said(&[&["note"], &[]]), (true, true, true), "an old log");
    }

    #[test]
    fn another_image_in_the_same_place_is_another_frame() {
        let mut reviews = Reviews::default();
        let mut said = review(1, "good");
        (said.pts_ms, said.blake3) = (Some(1000.0), Some("aa".to_owned()));
        reviews.add(said);
        let is_met = |pts_ms, blake3| reviews.of_frame(&frame(pts_ms, blake3)).is_ok();
        assert!(is_met(Some(1000.1), Some("aa")));
        assert!(is_met(Some(1000.1), Some("smaller")));
        assert!(is_met(None, Some("aa")));
        assert!(is_met(None, None));
        assert!(!is_met(Some(1500.0), Some("bb")));
        assert!(!is_met(Some(1500.0), None));
        assert!(!is_met(None, Some("bb")));
    }
}
