//! What of the model is fitted.

use std::fmt;

use serde::Serialize;

/// The ways to fit a model to a set of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// What suits the number of videos
    Auto,
    /// A linear head on frozen features, which starts as what the captions say (LP++: Huang et al. 2024, arXiv 2404.02285)
    Probe,
    /// Low-rank changes to the attention of both towers (CLIP-LoRA: Zanella & Ben Ayed 2024, arXiv 2405.18541)
    Lora,
    /// All weights, those near the input less
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

/// Below so many training videos of an exercise a head is all that they can fit.
const FEW: usize = 30;
/// Below so many, changes of the lowest rank.
const SOME: usize = 60;
/// Up to so many, changes of a higher one.
const MANY: usize = 300;

/// What `auto` comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) method: Method,
    /// The rank of low-rank changes.
    pub(crate) rank: i64,
    /// Why, for people.
    pub(crate) why: String,
}

/// Chooses by the median number of training videos of an exercise. A model that knows nothing, or is so small that
/// nothing is saved by freezing it, is fitted whole.
pub(crate) fn choose(asked: Method, is_large: bool, n_videos_of_exercises: &[usize]) -> Choice {
    let mut sorted = n_videos_of_exercises.to_vec();
    sorted.sort_unstable();
    let n = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let rank = if n < SOME { 2 } else { 8 };
    let (method, why) = match asked {
        Method::Auto if !is_large => (Method::Full, "the model is small".to_owned()),
        Method::Auto => {
            let method = match n {
                0..FEW => Method::Probe,
                FEW..=MANY => Method::Lora,
                _ => Method::Full,
            };
            (method, format!("{n} training videos of an exercise"))
        }
        asked => (asked, "asked for".to_owned()),
    };
    Choice { method, rank, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_videos_decides() {
        let check = |numbers: &[usize], method: Method, rank: i64| {
            let choice = choose(Method::Auto, true, numbers);
            assert_eq!((choice.method, choice.rank), (method, rank), "{numbers:?}");
        };
        check(&[12], Method::Probe, 2);
        check(&[500, 40, 3], Method::Lora, 2);
        check(&[100], Method::Lora, 8);
        check(&[301, 301, 1], Method::Full, 8);
        assert_eq!(choose(Method::Auto, false, &[5]).method, Method::Full);
        assert_eq!(choose(Method::Probe, false, &[5000]).method, Method::Probe);
    }
}
