//! Which weights of the model are trained.

use std::fmt;

use serde::Serialize;

use crate::model::init::BaseKind;

/// The ways to train a model on a set of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// By the number of training videos per exercise.
    Auto,
    /// A linear head on frozen features, initialized from the captions (LP++: Huang et al. 2024, arXiv 2404.02285).
    Probe,
    /// Low-rank adapters in the attention of both towers (CLIP-LoRA: Zanella & Ben Ayed 2024, arXiv 2405.18541).
    Lora,
    /// All weights, with lower learning rates near the input.
    Full,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Probe => "probe",
            Self::Lora => "lora",
            Self::Full => "full",
        })
    }
}

/// Fewer training videos of an exercise than this fit only a linear head.
const FEW: usize = 30;
/// Fewer than this fit only adapters of the lowest rank.
const SOME: usize = 60;
/// Up to this many, adapters; above, all weights.
const MANY: usize = 300;

/// The method that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) method: Method,
    /// The rank of adapters.
    pub(crate) rank: i64,
    /// The reason, to print.
    pub(crate) why: String,
}

/// Chooses by the median number of training videos per exercise. From scratch, or in a model so small that freezing
/// saves nothing, all weights are trained.
pub(crate) fn choose(requested: Method, base: BaseKind, n_videos_of_exercises: &[usize]) -> Choice {
    let mut sorted = n_videos_of_exercises.to_vec();
    sorted.sort_unstable();
    let n = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let rank = if n < SOME { 2 } else { 8 };
    let (method, why) = match requested {
        Method::Auto if base != BaseKind::Model => (Method::Full, "the model is small".to_owned()),
        Method::Auto => {
            let method = match n {
                0..FEW => Method::Probe,
                FEW..=MANY => Method::Lora,
                _ => Method::Full,
            };
            (method, format!("{n} training videos of an exercise"))
        }
        requested => (requested, "requested".to_owned()),
    };
    Choice { method, rank, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_videos_decides() {
        let check = |numbers: &[usize], method: Method, rank: i64| {
            let choice = choose(Method::Auto, BaseKind::Model, numbers);
            assert_eq!((choice.method, choice.rank), (method, rank), "{numbers:?}");
        };
        check(&[12], Method::Probe, 2);
        check(&[500, 40, 3], Method::Lora, 2);
        check(&[100], Method::Lora, 8);
        check(&[301, 301, 1], Method::Full, 8);
        assert_eq!(
            choose(Method::Auto, BaseKind::Tiny, &[5]).method,
            Method::Full
        );
        assert_eq!(
            choose(Method::Probe, BaseKind::Scratch, &[5000]).method,
            Method::Probe
        );
    }
}
