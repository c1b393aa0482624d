//! Pools the logits of frames into those of their video.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// How the logits of a video's frames become those of the video.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pooling {
    /// Their mean (ViFi-CLIP: Rasheed et al. 2023, arXiv 2212.03640).
    #[default]
    Mean,
    /// For each class, the mean of the highest logits of this fraction of the frames. A fault shows in a part of a repetition,
    /// and standing frames tell nothing about it.
    TopK(f64),
}

impl Pooling {
    /// Logits `[videos, frames, classes]` to `[videos, classes]`.
    pub fn pool(self, logits: &Tensor) -> Tensor {
        match self {
            Self::Mean => logits.mean_dim([1_i64].as_slice(), false, logits.kind()),
            Self::TopK(part) => {
                let n_frames = logits.size()[1];
                let n = ((n_frames as f64 * part).ceil() as i64).clamp(1, n_frames);
                let (loudest, _) = logits.topk(n, 1, true, false);
                loudest.mean_dim([1_i64].as_slice(), false, logits.kind())
            }
        }
    }

    /// Logits of one video's frames `[frames, classes]` to the probabilities of the video `[classes]`.
    pub fn probabilities(self, logits: &Tensor) -> Tensor {
        self.pool(&logits.to_kind(Kind::Double).unsqueeze(0))
            .squeeze_dim(0)
            .softmax(-1, Kind::Double)
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::TopK(part) => write!(f, "topk:{part}"),
        }
    }
}

impl FromStr for Pooling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "mean" {
            return Ok(Self::Mean);
        }
        text.strip_prefix("topk:")
            .and_then(|part| part.parse().ok())
            .filter(|part| *part > 0.0 && *part <= 1.0)
            .map(Self::TopK)
            .ok_or_else(|| "take mean, or topk:F with F from 0 to 1, such as topk:0.4".to_owned())
    }
}

impl TryFrom<String> for Pooling {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Pooling> for String {
    fn from(pooling: Pooling) -> Self {
        pooling.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_logits_decide_for_each_class() {
        let logits =
            Tensor::from_slice(&[0.0_f32, 4.0, 8.0, 0.0, 4.0, 0.0, 0.0, 0.0]).view([1, 4, 2]);
        let pooled = |pooling: Pooling| {
            Vec::<f32>::try_from(pooling.pool(&logits).view([2])).expect("floats")
        };
        assert_eq!(pooled(Pooling::Mean), [3.0, 1.0]);
        assert_eq!(pooled(Pooling::TopK(0.5)), [6.0, 2.0]);
        assert_eq!(pooled(Pooling::TopK(0.01)), [8.0, 4.0]);
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in ["mean", "topk:0.4", "topk:1"] {
            assert_eq!(
                text.parse::<Pooling>().map(|it| it.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in ["topk:0", "topk:1.5", "topk:x", "max"] {
            assert!(text.parse::<Pooling>().is_err(), "{text}");
        }
    }
}
