//! The guide: how to read the page.

use maud::{Markup, html};

/// The meaning of each word, for readers without statistics.
const WORDS: [(&str, &str); 12] = [
    (
        "Confidence interval",
        "The numbers in brackets. With other people the metric would differ; in 95 of 100 such studies the interval \
         contains the true value. A wide interval means too few people.",
    ),
    (
        "Several intervals",
        "Each interval holds for itself. The lowest of twenty slices may be low by chance alone. The lowest recall of an \
         exercise and label has an interval that is corrected for how many there are.",
    ),
    (
        "Intervals that may be too narrow",
        "Those of the calibration error, of average precision and of BCa only resample the groups that were seen, and are \
         absent or too narrow where these are few. Bars of the calibration and of the risk-coverage curve count each video as \
         if it were of another person.",
    ),
    (
        "Group",
        "All videos that a person or a source joins, directly or through others. Videos of one group resemble each other, so \
         the number of groups matters more than the number of videos.",
    ),
    (
        "Dash",
        "There is no metric or no confidence interval; the words beside the dash say why.",
    ),
    (
        "Detectable difference",
        "With so many groups, a smaller true difference would probably go unnoticed. No visible difference does not mean \
         no difference.",
    ),
    (
        "Balanced accuracy",
        "The mean of the recalls of all labels. Always predicting the more frequent label gives 0.50 with two labels.",
    ),
    (
        "Precision and recall of bad form",
        "Precision: the share of correct predictions of bad form. Recall: the share of bad-form videos that were found.",
    ),
    (
        "Baseline",
        "A simple predictor: always the same label, the video's duration, the container metadata, the base model. A \
         model that does not beat them has learnt nothing about form.",
    ),
    (
        "Duration, twice",
        "The baseline “duration only” is fitted to the training videos, as the model is. The shortcut probe “duration” is \
         fitted to folds of the videos of this page, so it also finds what is odd about these. They may differ.",
    ),
    (
        "Probability, similarity, score of one video",
        "These belong to one video and are no estimates over many, so they have no confidence interval.",
    ),
    (
        "Published form checkers",
        "With a sound split they reach 0.6 to 0.7 balanced accuracy on real gym video. Values near 0.95 usually mean \
         that the same person, or the same video, was on both sides of the split.",
    ),
];

pub(crate) fn section() -> Markup {
    html! {
        dl.guide {
            @for (word, meaning) in WORDS { dt { (word) } dd { (meaning) } }
        }
    }
}
