//! What a run over one shard hands to the run that merges them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wo_clip::{Manifest, Precision};
use wo_record::{Part, Suspect};

use crate::cli::config::{EvaluateConfig, ModelConfig};
use crate::judge::abstain::WithoutThreshold;
use crate::score::tally::Tally;

/// The version in records. Another one may mean something else by the same state.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is known of a whole shard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardState {
    pub(crate) judged: HowJudged,
    pub(crate) tally: Tally,
    /// Videos that show what the model was trained on.
    pub(crate) suspects: Vec<Suspect>,
    /// How many lines of its input were skipped.
    pub(crate) n_skipped: u64,
}

/// How videos were judged: all parts of one evaluation in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HowJudged {
    /// A hash over what the model says of itself and of the run that made it.
    pub(crate) model: String,
    /// As in `begin`.
    pub(crate) precision: Option<String>,
    /// `--allow-seen`.
    pub(crate) seen: bool,
    /// `--force-verdict`.
    pub(crate) verdicts: WithoutThreshold,
    /// `--audit`.
    pub(crate) regions: bool,
    /// `--robustness`.
    pub(crate) robustness: bool,
}

impl HowJudged {
    /// How a run judges.
    pub(crate) fn of(
        manifest: &Manifest,
        config: &EvaluateConfig,
        of_model: &ModelConfig,
        precision: Precision,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            model: model_id(manifest)?,
            precision: precision.record(),
            seen: config.allow_seen,
            verdicts: of_model.without_threshold,
            regions: config.analysis.needs_regions(),
            robustness: of_model.robustness,
        })
    }

    /// In what the two differ, in words; `None` where in nothing.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let alike = [
            (self.model == other.model, "by another model"),
            (self.precision == other.precision, "in another precision"),
            (self.seen == other.seen, "with another --allow-seen"),
            (
                self.verdicts == other.verdicts,
                "with another --force-verdict",
            ),
            (self.regions == other.regions, "with another --audit"),
            (
                self.robustness == other.robustness,
                "with another --robustness",
            ),
        ];
        let differs = alike.into_iter().find(|(is_alike, _)| !is_alike);
        differs.map(|(_, what)| what)
    }
}

/// What tells a model from others. `wo-train` writes a hash of its weights into its manifest.
pub(crate) fn model_id(manifest: &Manifest) -> anyhow::Result<String> {
    let text = serde_json::to_vec(manifest)?;
    Ok(blake3::hash(&text).to_hex()[..32].to_owned())
}

/// The record of a state.
pub(crate) fn part(video_id: Option<&str>, state: &impl Serialize) -> anyhow::Result<Part> {
    let Value::Object(state) = serde_json::to_value(state)? else {
        anyhow::bail!("a state is a struct");
    };
    Ok(Part {
        video_id: video_id.map(str::to_owned),
        version: VERSION.to_owned(),
        state,
    })
}

/// The state in a record.
pub(crate) fn state_of<T: DeserializeOwned>(part: Part) -> anyhow::Result<T> {
    anyhow::ensure!(
        part.version == VERSION,
        "the part was written by version {} of wo-eval, and this is {VERSION}",
        part.version
    );
    Ok(serde_json::from_value(Value::Object(part.state))?)
}
