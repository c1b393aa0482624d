//! The videos that the model is most wrong about.

use maud::{Markup, html};
use wo_record::Name;

use crate::markup::breakable::breakable;
use crate::markup::estimate::{DASH, counted, share};
use crate::markup::page_image::PageImage;

/// The worst videos.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstVideos {
    /// How many videos get a wrong answer.
    pub n_wrong: u64,
    /// How many were scored.
    pub n_scored: u64,
    /// Those to show, worst first.
    pub videos: Vec<WorstVideo>,
}

/// A video and what the model says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstVideo {
    /// Its name, such as the last parts of its path.
    pub name: String,
    /// The exercise that it shows.
    pub exercise: Name,
    /// The label that the model says.
    pub predicted: Name,
    /// The faults that the model names.
    pub predicted_faults: Vec<Name>,
    /// The probability that the model gives to what it says, from 0 to 1.
    pub probability: f64,
    /// The true label.
    pub truth: Name,
    /// The true faults.
    pub true_faults: Vec<Name>,
    /// From when to when the frames lie that decide, in milliseconds of the video.
    pub span_ms: Option<(f64, f64)>,
    /// Some of its frames, in their order.
    pub frames: Vec<Frame>,
    /// The most similar training video of the opposite label.
    pub nearest: Option<NearestTrainingFrame>,
}

/// A frame of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What it shows.
    pub image: PageImage,
    /// Its time in the video, in milliseconds.
    pub pts_ms: Option<f64>,
    /// Whether it speaks most for the answer.
    pub is_evidence: bool,
}

/// A training video that looks much the same and has the opposite label.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestTrainingFrame {
    /// Its name.
    pub name: String,
    /// Its label.
    pub label: Name,
    /// How similar the two are, from −1 to 1 (cosine); `None` where it was not kept.
    pub similarity: Option<f64>,
    /// Its most similar frame.
    pub frame: Frame,
}

impl WorstVideos {
    pub(crate) fn section(&self) -> Markup {
        html! {
            p { (self.n_wrong) " of " (counted(self.n_scored, "video")) " " (if self.n_wrong == 1 { "gets" } else { "get" }) " a wrong answer. "
                @if self.videos.len() > 1 { "Below are the " (self.videos.len()) " of which it is surest. " }
                "Framed and marked “most telling”: the frame that speaks most for what the model says; “decided between” takes in the frames "
                "around it that speak for it at least half as much. Look whether they show what the model says; where they do, the label may be "
                "wrong and not the model." }
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
                    div { dt { "Model says" } dd { strong { (judged(&self.predicted, &self.predicted_faults)) } ", " (share(self.probability)) " sure" } }
                    div { dt { "True" } dd { strong { (judged(&self.truth, &self.true_faults)) } } }
                    div { dt { "Decided between" } dd { (self.span_ms.map_or_else(
                        || format!("{DASH} not known"),
                        |(from, to)| format!("{} and {}", seconds(from), seconds(to)),
                    )) } }
                }
                div.strip {
                    @for (n, frame) in (1_usize..).zip(&self.frames) {
                        (frame.shown(&format!("Frame {n} of {}", self.name), frame.is_evidence.then_some("most telling")))
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
                    "Most similar training video of the other label: " span.name { (breakable(&self.name)) } ", "
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
