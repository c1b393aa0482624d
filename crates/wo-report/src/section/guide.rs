//! How to read the page.

use maud::{Markup, html};

/// What each word means, for readers without statistics.
const WORDS: [(&str, &str); 10] = [
    (
        "Interval",
        "What stands in brackets. Had other persons been filmed, the figure would have come out differently; in 95 of 100 \
         such studies the interval holds the true one. A wide interval means: too few persons to know.",
    ),
    (
        "Percentile and BCa",
        "Two ways to take the interval from the same resamples. BCa corrects for bias and skewness. Where the two disagree, \
         there are too few groups for either.",
    ),
    (
        "Group",
        "A person, or a source where the person is not known. Videos of one group resemble each other, so whole groups are \
         resampled, and the number of groups counts for more than the number of videos.",
    ),
    (
        "Dash",
        "There is no figure or no interval; the words beside the dash say why.",
    ),
    (
        "Smallest detectable difference",
        "A true difference smaller than this would most likely not be seen with so many groups. That nothing was seen does \
         not mean that nothing is there.",
    ),
    (
        "Balanced accuracy",
        "The mean of the recalls of all labels. Always saying the more frequent label gives 0.50 with two labels.",
    ),
    (
        "Precision and recall of bad form",
        "Precision: of the videos called bad form, the part that is. Recall: of the videos with bad form, the part that was found.",
    ),
    (
        "Baseline",
        "What can be had with less: always the same answer, the length of the video, what the file says of itself, the model \
         before training. A model that does not beat them has learnt nothing about form.",
    ),
    (
        "Probability, similarity, score of one video",
        "These belong to one video and are no estimates over many, so they have no interval.",
    ),
    (
        "Published form checkers",
        "Those with an honest split reach 0.6 to 0.7 balanced accuracy on real gym video. Figures near 0.95 usually mean \
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
