//! How good the model is on the validation videos: figures to choose an epoch by, not to report.

use std::collections::BTreeMap;

use wo_clip::tch::{Device, Kind, Tensor};
use wo_clip::{Class, Clip};
use wo_input::Preprocessor;
use wo_record::Name;

use crate::data::{Dataset, Example};

/// Figures by video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Validation {
    /// Mean of -ln of the probability of the true exercise and label.
    pub(crate) loss: f64,
    /// Mean over labels of the part judged right.
    pub(crate) balanced_accuracy: f64,
    /// Part of the videos whose exercise was told.
    pub(crate) exercise_accuracy: f64,
}

/// Keeps the logarithm of a probability of zero finite.
const LEAST_PROBABILITY: f64 = 1e-12;

/// Judges each video by the mean of its frames' logits. Call it without gradients.
pub(crate) fn validate(
    clip: &Clip,
    class_features: &Tensor,
    preprocessor: &Preprocessor,
    dataset: &Dataset,
    videos: &[&Example],
    device: Device,
) -> Validation {
    let side = i64::from(preprocessor.crop);
    let judged: Vec<(&Class, Vec<f64>)> = videos
        .iter()
        .map(|video| {
            let pixels: Vec<f32> = video
                .frames
                .iter()
                .flat_map(|frame| preprocessor.normalised(frame))
                .collect();
            let pixels = Tensor::from_slice(&pixels)
                .view([-1, 3, side, side])
                .to_device(device);
            let logits = clip.image_features(&pixels).matmul(&class_features.tr()) * clip.scale();
            let pooled = logits
                .mean_dim([0_i64].as_slice(), false, Kind::Double)
                .softmax(-1, Kind::Double);
            (
                &video.class,
                Vec::try_from(pooled).expect("one row of doubles"),
            )
        })
        .collect();
    summarise(&dataset.classes, &judged)
}

fn summarise(classes: &[Class], judged: &[(&Class, Vec<f64>)]) -> Validation {
    let mut loss = 0.0;
    let mut n_exercise_right = 0;
    let mut by_label: BTreeMap<&Name, (usize, usize)> = BTreeMap::new();
    for (truth, probabilities) in judged {
        let sum = |wanted: &dyn Fn(&Class) -> bool| -> f64 {
            classes
                .iter()
                .zip(probabilities)
                .filter(|(class, _)| wanted(class))
                .map(|(_, p)| p)
                .sum()
        };
        let right = sum(&|class| class.exercise == truth.exercise && class.label == truth.label);
        loss -= right.max(LEAST_PROBABILITY).ln();
        let most = |name: &dyn Fn(&Class) -> &Name| {
            let names = classes.iter().map(name);
            names
                .max_by(|a, b| sum(&|c| name(c) == *a).total_cmp(&sum(&|c| name(c) == *b)))
                .cloned()
        };
        n_exercise_right +=
            usize::from(most(&|class| &class.exercise).as_ref() == Some(&truth.exercise));
        let counts = by_label.entry(&truth.label).or_default();
        counts.0 += usize::from(most(&|class| &class.label).as_ref() == Some(&truth.label));
        counts.1 += 1;
    }
    let n = judged.len() as f64;
    let recalls = by_label
        .values()
        .map(|&(n_right, n)| n_right as f64 / n as f64);
    Validation {
        loss: loss / n,
        balanced_accuracy: recalls.sum::<f64>() / by_label.len() as f64,
        exercise_accuracy: n_exercise_right as f64 / n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_exercises_are_summed_over_classes() {
        let class = |exercise: &str, label: &str, faults: &[&str]| Class {
            exercise: exercise.into(),
            label: label.into(),
            faults: faults.iter().map(|&f| f.into()).collect(),
        };
        let classes = [
            class("squat", "bad_form", &["a"]),
            class("squat", "bad_form", &["b"]),
            class("squat", "good_form", &[]),
            class("deadlift", "good_form", &[]),
        ];
        let judged = [
            // No single bad class wins, but together they do.
            (&classes[0], vec![0.3, 0.25, 0.4, 0.05]),
            (&classes[2], vec![0.1, 0.1, 0.2, 0.6]),
        ];
        let result = summarise(&classes, &judged);
        assert!((result.balanced_accuracy - 1.0).abs() < 1e-12);
        assert!((result.exercise_accuracy - 0.5).abs() < 1e-12);
        assert!((result.loss - (-(0.55_f64.ln()) - 0.2_f64.ln()) / 2.0).abs() < 1e-12);
    }
}
