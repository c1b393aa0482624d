//! Predictions on degraded images and with reworded classes.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use wo_clip::tch::Tensor;
use wo_clip::{FrameScores, Judge};
use wo_picture::grid;

use crate::judge::decoded_video::DecodedVideo;
use crate::judge::label_space::LabelSpace;
use crate::judge::load::name_of_class;

/// Every n-th frame is kept: a lower frame rate.
const EVERY: [usize; 2] = [2, 4];

/// The kind of a change that calls the classes by other words.
pub(crate) const WORDS: &str = "words";
/// Other words for a class; `{}` is its caption.
const WORDINGS: [&str; 4] = [
    "a photo of {}",
    "a video of a person: {}",
    "in the gym, {}",
    WITHOUT_LABEL,
];
/// The caption without `good form` and `bad form`: only what is visible.
const WITHOUT_LABEL: &str = "{} without good or bad";

/// The classes in one wording.
#[derive(Debug)]
pub(crate) struct Wording {
    words: &'static str,
    /// `[classes, width]`.
    class_weights: Tensor,
}

impl Wording {
    /// A second handle on the same weights.
    pub(crate) fn share(&self) -> Self {
        Self {
            words: self.words,
            class_weights: self.class_weights.shallow_clone(),
        }
    }
}

/// Encodes the classes in other words. Empty for a model without captions. A wording is skipped if two classes become
/// equal.
pub(crate) fn wordings(judge: &Judge) -> anyhow::Result<Vec<Wording>> {
    let mut all = Vec::new();
    for words in WORDINGS {
        let predicted = |caption: &String| match words {
            WITHOUT_LABEL => caption.replace("good form", "").replace("bad form", ""),
            words => words.replace("{}", caption),
        };
        let captions: Vec<Vec<String>> = judge
            .manifest()
            .prompts
            .iter()
            .map(|of_class| of_class.iter().map(predicted).collect())
            .collect();
        if judge.manifest().head.is_none() && !tells_classes_apart(judge, words, &captions)? {
            continue;
        }
        if let Some(class_weights) = judge.weights_of(&captions)? {
            all.push(Wording {
                words,
                class_weights,
            });
        }
    }
    Ok(all)
}

/// Whether each class keeps a caption of its own. Warns if not, and if captions get too long.
fn tells_classes_apart(
    judge: &Judge,
    words: &str,
    captions: &[Vec<String>],
) -> anyhow::Result<bool> {
    let manifest = judge.manifest();
    let texts = judge.read_texts(captions)?;
    let before = judge.read_texts(&manifest.prompts)?;
    if let (Some((class, other)), None) = (texts.equal_classes(), before.equal_classes()) {
        let name = |class: usize| name_of_class(manifest, class);
        wo_cli::warn!(
            "the wording \"{words}\" is skipped: it gives {} and {} the same caption",
            name(class),
            name(other)
        );
        return Ok(false);
    }
    let n_cut = texts.cut().len().saturating_sub(before.cut().len());
    if n_cut > 0 {
        wo_cli::warn!(
            "the wording \"{words}\" makes {n_cut} of {} captions too long for the model, which cuts off their end",
            texts.n_texts()
        );
    }
    Ok(true)
}

/// The label that is predicted of a video after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Perturbed {
    /// What is changed: `blur`, `frame_rate`, or [`WORDS`].
    pub(crate) kind: String,
    /// How much of it, such as `0.01`; of words, which.
    pub(crate) strength: String,
    pub(crate) label: usize,
}

/// What is predicted of a video after each change of its images, and in each wording. `features` are those of the frames as
/// they are.
pub(crate) fn perturbed(
    judge: &Judge,
    space: &LabelSpace,
    decoded: &DecodedVideo,
    features: &Tensor,
    wordings: &[Wording],
) -> Vec<Perturbed> {
    let of_scores = |kind: &str, strength: String, scores: &FrameScores| Perturbed {
        kind: kind.to_owned(),
        strength,
        label: space.top(&scores.video).map_or(0, |top| top.label),
    };
    let changes: Vec<_> = grid().iter().flat_map(|curve| curve.changes).collect();
    let mut of_changes: Vec<Vec<Tensor>> = changes.iter().map(|_| Vec::new()).collect();
    decoded.each_piece(|images| {
        for (change, pieces) in changes.iter().zip(&mut of_changes) {
            let changed = images.par_iter().map(|image| change.apply(image));
            pieces.push(judge.features(&changed.collect::<Vec<_>>()));
        }
    });
    let images = changes.iter().zip(&of_changes).map(|(change, pieces)| {
        let scores = judge.score_features(&Tensor::cat(pieces, 0));
        of_scores(change.name(), change.strength().to_string(), &scores)
    });
    let frame_rates = EVERY.into_iter().map(|every| {
        let scores = judge.score_features(&features.slice(0, 0, None, every as i64));
        of_scores("frame_rate", format!("1/{every}"), &scores)
    });
    let words = wordings.iter().map(|it| {
        let scores = judge.score_with(features, &it.class_weights);
        of_scores(WORDS, it.words.to_owned(), &scores)
    });
    images.chain(frame_rates).chain(words).collect()
}
