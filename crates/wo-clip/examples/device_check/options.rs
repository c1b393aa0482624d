//! What the command line asks for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use wo_clip::Precision;
use wo_clip::tch::Device;

/// The options of a task.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where the task computes.
    pub(crate) device: Device,
    /// In which precision.
    pub(crate) precision: Precision,
    values: BTreeMap<String, String>,
}

impl Options {
    /// Reads `NAME=VALUE` and sets the precision for the whole process.
    pub(crate) fn of(args: impl Iterator<Item = String>, device: Device) -> anyhow::Result<Self> {
        let pair = |arg: String| {
            let (name, value) = arg
                .split_once('=')
                .with_context(|| format!("{arg} has no ="))?;
            anyhow::Ok((name.to_owned(), value.to_owned()))
        };
        let values: BTreeMap<_, _> = args.map(pair).collect::<anyhow::Result<_>>()?;
        let precision = match values.get("precision").map(String::as_str) {
            None | Some("fp32") => Precision::Fp32,
            Some("tf32") => Precision::Tf32,
            Some("bf16") => Precision::Bf16,
            Some(other) => bail!("no precision is called {other}"),
        };
        precision.apply()?;
        Ok(Self {
            device,
            precision,
            values,
        })
    }

    /// The folder of the model, or none for one of random weights.
    pub(crate) fn model(&self) -> Option<PathBuf> {
        self.values.get("model").map(PathBuf::from)
    }

    /// A number by its name.
    pub(crate) fn number(&self, name: &str, default: f64) -> anyhow::Result<f64> {
        self.values.get(name).map_or(Ok(default), |text| {
            text.parse().with_context(|| format!("{name}={text}"))
        })
    }

    /// A count by its name.
    pub(crate) fn count(&self, name: &str, default: i64) -> anyhow::Result<i64> {
        self.number(name, default as f64).map(|n| n as i64)
    }

    /// A word by its name.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}
