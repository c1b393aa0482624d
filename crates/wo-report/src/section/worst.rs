//! The most confident mistakes.

use maud::{Markup, html};
use wo_record::Name;

use crate::markup::breakable::breakable;
use crate::markup::estimate::{DASH, counted, share};
use crate::markup::page_image::PageImage;

/// The worst videos.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstVideos {
    /// How many videos got a wrong label.
    pub n_wrong: u64,
    /// How many were scored.
    pub n_scored: u64,
    /// Those to show, worst first.
    pub videos: Vec<WorstVideo>,
}

/// A mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstVideo {
    /// Its name, such as the last parts of its path.
    pub name: String,
    /// The exercise that it shows.
    pub exercise: Name,
    /// The predicted label.
    pub predicted: Name,
    /// The predicted faults.
    pub predicted_faults: Vec<Name>,
    /// The probability of the predicted label, from 0 to 1.
    pub probability: f64,
    /// The true label.
    pub truth: Name,
    /// The true faults.
    pub true_faults: Vec<Name>,
    /// The span of the evidence, in milliseconds of the video.
    pub span_ms: Option<(f64, f64)>,
    /// Some of its frames, in their order.
    pub frames: Vec<Frame>,
    /// The nearest training frame of another label.
    pub nearest: Option<NearestTrainingFrame>,
}

/// A frame of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What it shows.
    pub image: PageImage,
    /// Its time in the video, in milliseconds.
    pub pts_ms: Option<f64>,
    /// Whether it is the evidence frame.
    pub is_evidence: bool,
}

/// The nearest training frame of another label.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestTrainingFrame {
    /// Its name.
    pub name: String,
    /// Its label.
    pub label: Name,
    /// The cosine similarity, from −1 to 1; `None` if unknown.
    pub similarity: Option<f64>,
    /// Its most similar frame.
    pub frame: Frame,
}

impl WorstVideos {
    pub(crate) fn section(&self) -> Markup {
        html! {
            p { (self.n_wrong) " of " (counted(self.n_scored, "video")) " " (if self.n_wrong == 1 { "gets" } else { "get" }) " a wrong label. "
                @if self.videos.len() > 1 { "Below are the " (self.videos.len()) " with the highest confidence. " }
                "The framed frame is the evidence: it has the highest probability of the predicted label. “Evidence between” spans the frames "
                "around it with at least half as much evidence. If they show the predicted label, the true label may be "
                "wrong, not the model." }
            @for (rank, video) in (1_usize..).zip(&self.videos) { (video.article(rank)) }
        }
    }
}

impl WorstVideo {
    fn article(&self, rank: usize) -> Markup {
        html! {
            article.video {
                h3 { (rank) ". " (breakable(&self.name)) }
                dl.facts {
                    div { dt { "Exercise" } dd { (self.exercise.words()) } }
                    div { dt { "Predicted" } dd { strong { (judged(&self.predicted, &self.predicted_faults)) } ", " (share(self.probability)) " confidence" } }
                    div { dt { "True" } dd { strong { (judged(&self.truth, &self.true_faults)) } } }
                    div { dt { "Evidence between" } dd { (self.span_ms.map_or_else(
                        || format!("{DASH} unknown"),
                        |(from, to)| format!("{} and {}", seconds(from), seconds(to)),
                    )) } }
                }
                div.strip {
                    @for (n, frame) in (1_usize..).zip(&self.frames) {
                        (frame.shown(&format!("Frame {n} of {}", self.name), frame.is_evidence.then_some("evidence")))
                    }
                    @if let Some(nearest) = &self.nearest { (nearest.shown()) }
                }
            }
        }
    }
}

impl Frame {
    fn shown(&self, words: &str, mark: Option<&str>) -> Markup {
        let time = self.pts_ms.map(seconds);
        let words = time
            .as_ref()
            .map_or_else(|| words.to_owned(), |time| format!("{words}, at {time}"));
        html! {
            figure.frame.evidence[mark.is_some()] {
                (self.image.shown(&words))
                figcaption {
                    (time.as_deref().unwrap_or(DASH))
                    @if let Some(mark) = mark { " " strong { (mark) } }
                }
            }
        }
    }
}

impl NearestTrainingFrame {
    fn shown(&self) -> Markup {
        html! {
            div.twin {
                (self.frame.shown(&format!("The most similar frame of {}", self.name), None))
                p {
                    "Nearest training frame of another label: " span.name { (breakable(&self.name)) } ", "
                    strong { (self.label.words()) }
                    @if let Some(similarity) = self.similarity { ", similarity " span.value { (format!("{similarity:.2}")) } }
                }
            }
        }
    }
}

/// `bad form: knees cave, heels lift`.
fn judged(label: &Name, faults: &[Name]) -> String {
    if faults.is_empty() {
        return label.words();
    }
    let faults: Vec<String> = faults.iter().map(Name::words).collect();
    format!("{}: {}", label.words(), faults.join(", "))
}

/// A time as `1.25 s`.
fn seconds(ms: f64) -> String {
    format!("{:.2}\u{a0}s", ms / 1000.0)
}
