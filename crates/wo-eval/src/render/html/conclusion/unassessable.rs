//! What is said where there is nothing to assess a model by.

use wo_record::Name;
use wo_report::{Conclusion, TrustLevel};

use crate::score::measurement::Measurement;

/// Without a scored video there is no result.
pub(super) fn nothing_scored() -> Conclusion {
    Conclusion {
        trust: TrustLevel::DoNotTrust,
        sentence: "There is no result: no labelled video is held out.".to_owned(),
        reasons: vec![
            "Evaluate on people and sources that are not in the training data.".to_owned(),
        ],
    }
}

/// With one label there is nothing to tell apart.
pub(super) fn one_label(label: &Name, main: &Measurement) -> Conclusion {
    let videos = match main.n {
        1 => "the only video is".to_owned(),
        n => format!("all {n} videos are"),
    };
    Conclusion {
        trust: TrustLevel::DoNotTrust,
        sentence: format!(
            "The model cannot be assessed: {videos} labelled {}.",
            label.words()
        ),
        reasons: vec![
            "Always predicting that label would be right on all of them.".to_owned(),
            "Evaluate on videos of every label.".to_owned(),
        ],
    }
}
