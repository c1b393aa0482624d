//! Reads a `wo.json` and checks its numbers: what is wrong with one is said with its field and with what is expected.

use std::ops::RangeInclusive;

use wo_input::parse_json;
use wo_record::LearningCurve;

use crate::checkpoint::manifest::Manifest;
use crate::range::within;

/// Lengths of videos, in milliseconds: up to a year.
const DURATIONS_MS: RangeInclusive<f64> = 0.0..=3.2e10;
/// The standard error of a balanced accuracy.
const ERRORS: RangeInclusive<f64> = 0.0..=1e6;

impl Manifest {
    /// Parses a `wo.json` of a model with features of this width. Says what is wrong with it, without the name of the file.
    pub(crate) fn from_json(text: &str, width: i64) -> Result<Self, String> {
        let this: Self = parse_json(text)?;
        this.check_classes()?;
        this.check_head(width)?;
        if let Some(policy) = &this.trust {
            policy.check()?;
        }
        if let Some(curve) = &this.learning_curve {
            check_curve(curve)?;
        }
        for (place, video) in this.videos.iter().enumerate() {
            if let Some(duration) = video.duration_ms {
                let field = format!("videos[{place}].duration_ms");
                within(&field, duration, &DURATIONS_MS)?;
            }
        }
        Ok(this)
    }

    fn check_classes(&self) -> Result<(), String> {
        let (n_classes, n_prompts) = (self.classes.len(), self.prompts.len());
        if n_classes != n_prompts {
            return Err(format!(
                "prompts has {n_prompts} lists, and {n_classes} are expected, one for each of classes"
            ));
        }
        match self.prompts.iter().position(Vec::is_empty) {
            Some(place) => Err(format!(
                "prompts[{place}] is empty, and a caption at least is expected"
            )),
            None => Ok(()),
        }
    }

    /// Checks the head of a linear probe.
    fn check_head(&self, width: i64) -> Result<(), String> {
        let Some(head) = &self.head else {
            return Ok(());
        };
        if head.len() != self.classes.len() {
            return Err(format!(
                "head has {} lists, and {} are expected, one for each of classes",
                head.len(),
                self.classes.len()
            ));
        }
        for (row, weights) in head.iter().enumerate() {
            if weights.len() as i64 != width {
                return Err(format!(
                    "head[{row}] has {} numbers, and {width} are expected, as many as a feature of the model",
                    weights.len()
                ));
            }
            // A number beyond those of 32 bits becomes infinite.
            if let Some(place) = weights.iter().position(|it| !it.is_finite()) {
                return Err(format!(
                    "head[{row}][{place}] is too large, and a number of 32 bits is expected"
                ));
            }
        }
        Ok(())
    }
}

fn check_curve(curve: &LearningCurve) -> Result<(), String> {
    within("learning_curve.test_error", curve.test_error, &ERRORS)?;
    for (place, refit) in curve.refits.iter().enumerate() {
        if refit.videos_a_class <= 0.0 {
            return Err(format!(
                "learning_curve.refits[{place}].videos_a_class is {:?}, and a number above 0 is expected",
                refit.videos_a_class
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A `wo.json` of two classes with a head.
    fn whole() -> Value {
        let class = |label: &str| json!({"exercise": "squat", "label": label, "faults": []});
        json!({
            "version": "0", "init": "tiny", "classes": [class("good_form"), class("bad_form")],
            "prompts": [["a"], ["b"]], "head": [[0.5, 1.0], [0.5, -1.0]],
            "trust": {"temperature": 1.5, "wanted_risk": 0.1, "threshold": 0.8, "n_groups": 12, "measured_on": "validation",
                "min_exercise_probability": 0.4, "min_sharpness": 9.0, "min_brightness": null},
            "learning_curve": {"method": "linear_probe", "refits": [{"videos_a_class": 2.0, "value": 0.5}], "expected": [],
                "test_error": 0.1, "n": 4, "n_groups": 2},
            "videos": [{"video_id": "v", "group": "person:a", "split": "train", "exercise": "squat", "label": "good_form",
                "duration_ms": 4000.0}],
            "arguments": {}, "metrics": {"loss": 0.5},
        })
    }

    #[test]
    fn numbers_that_nothing_can_be_done_with_are_named() {
        Manifest::from_json(&whole().to_string(), 2).expect("it is whole");
        for (pointer, value, expected) in [
            ("/prompts", json!([["a"]]), "prompts has 1 lists, and 2"),
            ("/prompts/1", json!([]), "prompts[1] is empty"),
            ("/head", json!([[0.5, 1.0]]), "head has 1 lists, and 2"),
            ("/head/0", json!([0.5]), "head[0] has 1 numbers, and 2"),
            ("/head/1/0", json!(1e39), "head[1][0]: number out of range"),
            ("/head/1/0", json!(null), "head[1][0]: invalid type: null"),
            (
                "/trust/temperature",
                json!(0),
                "trust.temperature is 0.0, and",
            ),
            (
                "/trust/temperature",
                json!(1e-300),
                "trust.temperature is 1e-300, and",
            ),
            (
                "/trust/wanted_risk",
                json!(2),
                "trust.wanted_risk is 2.0, and",
            ),
            ("/trust/wanted_risk", json!(null), "trust.wanted_risk: "),
            (
                "/trust/threshold",
                json!(-0.1),
                "trust.threshold is -0.1, and",
            ),
            (
                "/trust/n_groups",
                json!(-1),
                "trust.n_groups: invalid value",
            ),
            (
                "/trust/n_groups",
                json!(1.5),
                "trust.n_groups: invalid type",
            ),
            (
                "/trust/min_sharpness",
                json!(-9),
                "trust.min_sharpness is -9.0, and",
            ),
            (
                "/trust/min_brightness",
                json!(7),
                "trust.min_brightness is 7.0, and",
            ),
            (
                "/learning_curve/test_error",
                json!(-1),
                "learning_curve.test_error is -1.0",
            ),
            (
                "/learning_curve/refits/0/videos_a_class",
                json!(0),
                "learning_curve.refits[0].videos_a_class is 0.0",
            ),
            (
                "/videos/0/duration_ms",
                json!(-5),
                "videos[0].duration_ms is -5.0, and",
            ),
            (
                "/videos/0/duration_ms",
                json!("5"),
                "videos[0].duration_ms: invalid type",
            ),
            ("/videos/0", json!({}), "videos[0]: missing field"),
            (
                "/metrics/loss",
                json!(null),
                "metrics.loss: invalid type: null",
            ),
            (
                "/classes/0/label",
                json!(7),
                "classes[0].label: invalid type",
            ),
        ] {
            let mut changed = whole();
            *changed.pointer_mut(pointer).expect(pointer) = value;
            let error = Manifest::from_json(&changed.to_string(), 2).expect_err(pointer);
            assert!(error.starts_with(expected), "{pointer}: {error}");
        }
        let text = whole().to_string().replace("4000.0", "NaN");
        let error = Manifest::from_json(&text, 2).expect_err("no JSON");
        assert!(error.starts_with("videos[0].duration_ms: "), "{error}");
    }
}
