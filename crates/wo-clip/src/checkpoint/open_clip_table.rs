//! The tables of an `open_clip_config.json`. What is wrong with a field is said by its name.

use std::ops::RangeInclusive;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};
use wo_input::whole;

use crate::model::clip_config::{TextConfig, VisionConfig};
use crate::model::sizes::{Activation, EPSILONS, SANE};
use crate::range::within;

/// How much wider an MLP may be than its tower.
const MLP_RATIOS: RangeInclusive<f64> = 0.01..=100.0;
/// Settings that do not change the output of the model.
pub(crate) const MODEL_IDLE: &[&str] = &["init_logit_scale", "cast_dtype", "output_dict"];
/// Settings of `text_cfg` that are read.
pub(crate) const TEXT: &[&str] = &[
    "context_length",
    "vocab_size",
    "width",
    "heads",
    "layers",
    "mlp_ratio",
    "norm_kwargs",
];
/// Those that do not change the output of the text tower.
pub(crate) const TEXT_IDLE: &[&str] = &[
    // The tokenizer comes from tokenizer.json, and tokens after the end of a text are ignored.
    "hf_tokenizer_name",
    "pad_id",
    "eos_id",
    "output_tokens",
    "hf_model_pretrained",
    "hf_proj_type",
    "hf_pooler_type",
];
/// The supported values of settings of the text tower.
pub(crate) const USUAL_TEXT: [(&str, &str); 3] = [
    ("pool_type", "argmax"),
    ("proj_type", "linear"),
    ("block_type", "default"),
];

pub(crate) fn object<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Map<String, Value>> {
    value
        .as_object()
        .with_context(|| format!("{name} is no object, and one is expected"))
}

/// Whether a setting is absent or has no effect.
pub(crate) fn off(value: Option<&Value>) -> bool {
    value.is_none_or(|value| {
        value.is_null() || *value == false || *value == json!({}) || value.as_f64() == Some(0.0)
    })
}

pub(crate) fn reject_unsupported(
    table: &str,
    settings: &Map<String, Value>,
    known: &[&[&str]],
    usual: &[(&str, &str)],
) -> anyhow::Result<()> {
    for (name, value) in settings {
        let is_known = known.iter().any(|names| names.contains(&name.as_str()));
        let is_usual = usual.iter().any(|(n, v)| n == name && value == v);
        if !(is_known || is_usual || off(Some(value))) {
            bail!("{table}.{name} is {value}, which our model does not have");
        }
    }
    Ok(())
}

/// The activation of `model_cfg`.
pub(crate) fn activation(model: &Map<String, Value>) -> anyhow::Result<Activation> {
    match model.get("quick_gelu") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(Activation::Gelu),
        Some(Value::Bool(true)) => Ok(Activation::QuickGelu),
        Some(other) => bail!("model_cfg.quick_gelu is {other}, and true or false is expected"),
    }
}

/// An object of the file, by its name.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a>(pub(crate) &'a str, pub(crate) &'a Map<String, Value>);

impl Table<'_> {
    /// The value of a field that is there.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.1.get(name).filter(|value| !value.is_null())
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.0)
    }

    pub(crate) fn whole(&self, name: &str, default: i64) -> anyhow::Result<i64> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Array(_)) if name == "layers" => {
                bail!("{} is a list; ResNets cannot be read", self.path(name))
            }
            Some(value) => whole(value, &self.path(name), SANE).map_err(anyhow::Error::msg),
        }
    }

    /// The side of a square, which may be stored twice.
    pub(crate) fn side(&self, name: &str, default: i64) -> anyhow::Result<i64> {
        match self.get(name).and_then(Value::as_array).map(Vec::as_slice) {
            Some([height, width]) if height == width => {
                whole(height, &format!("{}[0]", self.path(name)), SANE).map_err(anyhow::Error::msg)
            }
            Some(sides) => bail!("{} is {sides:?}, not a square", self.path(name)),
            None => self.whole(name, default),
        }
    }

    pub(crate) fn at_least(&self, name: &str, default: i64, least: i64) -> anyhow::Result<i64> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        whole(value, &self.path(name), least..=*SANE.end()).map_err(anyhow::Error::msg)
    }

    /// A setting that is off where it is absent.
    pub(crate) fn flag(&self, name: &str) -> anyhow::Result<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => bail!(
                "{} is {other}, and true or false is expected",
                self.path(name)
            ),
        }
    }

    fn number(&self, name: &str, range: &RangeInclusive<f64>) -> anyhow::Result<Option<f64>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let path = self.path(name);
        let number = value
            .as_f64()
            .with_context(|| format!("{path} is {value}, and a number is expected"))?;
        within(&path, number, range).map_err(anyhow::Error::msg)?;
        Ok(Some(number))
    }

    /// Checks that heads share a tower evenly.
    pub(crate) fn check_width(&self, width: i64, name: &str, part: i64) -> anyhow::Result<()> {
        ensure!(
            width % part == 0,
            "{} is {width}, and a multiple of {name}, which is {part}, is expected",
            self.path("width")
        );
        Ok(())
    }

    /// A text tower of CLIP.
    pub(crate) fn clip_text(
        &self,
        hidden_act: Activation,
        n_positions: i64,
    ) -> anyhow::Result<TextConfig> {
        let width = self.whole("width", 512)?;
        let heads = self.whole("heads", 8)?;
        self.check_width(width, "heads", heads)?;
        Ok(TextConfig {
            vocab_size: self.whole("vocab_size", 49_408)?,
            hidden_size: width,
            intermediate_size: self.inner_width(width)?,
            num_hidden_layers: self.whole("layers", 12)?,
            num_attention_heads: heads,
            max_position_embeddings: n_positions,
            hidden_act,
            layer_norm_eps: self.eps()?,
            ..TextConfig::default()
        })
    }

    pub(crate) fn inner_width(&self, width: i64) -> anyhow::Result<i64> {
        let ratio = self.number("mlp_ratio", &MLP_RATIOS)?.unwrap_or(4.0);
        Ok((width as f64 * ratio) as i64)
    }

    pub(crate) fn eps(&self) -> anyhow::Result<f64> {
        let Some(settings) = self.get("norm_kwargs").filter(|value| !off(Some(value))) else {
            return Ok(VisionConfig::default().layer_norm_eps);
        };
        let path = self.path("norm_kwargs");
        let alone = settings.as_object().filter(|it| it.len() == 1);
        let eps = alone.and_then(|it| Table(&path, it).number("eps", &EPSILONS).transpose());
        eps.with_context(|| format!("{path} is {settings}; only eps is known"))?
    }
}
