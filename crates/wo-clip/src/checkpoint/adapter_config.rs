//! `adapter_config.json` of peft: the base model, and how large the low-rank products are that change it.
//!
//! Settings that change the merged weights are obeyed or refused by name; those that only matter in training are passed
//! over.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wo_input::{Fields, parse_json};

/// Ranks and scales of adapters that exist, and somewhat beyond.
const RANKS: std::ops::RangeInclusive<i64> = 1..=65_536;
const ALPHAS: std::ops::RangeInclusive<f64> = -1e6..=1e6;
/// Settings that are read.
const READ: [&str; 10] = [
    "peft_type",
    "base_model_name_or_path",
    "revision",
    "r",
    "lora_alpha",
    "rank_pattern",
    "alpha_pattern",
    "use_rslora",
    "fan_in_fan_out",
    "init_lora_weights",
];
/// Settings of training, and those that the tensors of the adapter tell as well.
const HARMLESS: [&str; 22] = [
    "task_type",
    "auto_mapping",
    "inference_mode",
    "peft_version",
    "lora_dropout",
    "bias",
    "target_modules",
    "exclude_modules",
    "modules_to_save",
    "layers_to_transform",
    "layers_pattern",
    "megatron_config",
    "megatron_core",
    "loftq_config",
    "eva_config",
    "corda_config",
    "lora_ga_config",
    "runtime_config",
    "qalora_group_size",
    "ensure_weight_tying",
    "trainable_token_indices",
    "_custom_modules",
];
/// Ways to begin that leave the base model as it is.
const PLAIN_STARTS: [&str; 3] = ["gaussian", "orthogonal", "eva"];

/// What is read of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AdapterConfig {
    /// A folder, or a name on the Hub.
    pub(crate) base: String,
    pub(crate) revision: Option<String>,
    rank: i64,
    alpha: f64,
    /// Other ranks and scales by the ends of modules' names.
    ranks: BTreeMap<String, i64>,
    alphas: BTreeMap<String, f64>,
    has_root: bool,
}

impl AdapterConfig {
    /// Reads it. The name of the file is not said.
    pub(crate) fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = parse_json(text)?;
        let fields = Fields::of(&value, "")?;
        if fields.get("peft_type").is_none_or(|kind| kind != "LORA") {
            return Err(fields.wrong("peft_type", "\"LORA\""));
        }
        check_others(&fields)?;
        let word = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(base) = word("base_model_name_or_path") else {
            return Err(fields.wrong("base_model_name_or_path", "the name of a model"));
        };
        let mut ranks = BTreeMap::new();
        for (name, pattern) in patterns(&fields, "rank_pattern")? {
            ranks.extend(pattern.whole(&name, RANKS)?.map(|rank| (name, rank)));
        }
        let mut alphas = BTreeMap::new();
        for (name, pattern) in patterns(&fields, "alpha_pattern")? {
            alphas.extend(pattern.number(&name, ALPHAS)?.map(|alpha| (name, alpha)));
        }
        Ok(Self {
            base,
            revision: word("revision"),
            // The defaults of peft.
            rank: fields.whole("r", RANKS)?.unwrap_or(8),
            alpha: fields.number("lora_alpha", ALPHAS)?.unwrap_or(8.0),
            ranks,
            alphas,
            has_root: fields.get("use_rslora").is_some_and(|it| *it == true),
        })
    }

    /// The rank of the product beside a module.
    pub(crate) fn rank_of(&self, module: &str) -> i64 {
        *matching(&self.ranks, module).unwrap_or(&self.rank)
    }

    /// What that product is multiplied by.
    pub(crate) fn scale_of(&self, module: &str) -> f64 {
        let alpha = matching(&self.alphas, module).unwrap_or(&self.alpha);
        let rank = self.rank_of(module) as f64;
        alpha / if self.has_root { rank.sqrt() } else { rank }
    }
}

/// Refuses what would make other weights.
fn check_others(fields: &Fields<'_>) -> Result<(), String> {
    if fields.get("fan_in_fan_out").is_some_and(|it| *it == true) {
        return Err(fields.wrong("fan_in_fan_out", "false"));
    }
    let is_plain = |start: &Value| {
        start.is_null()
            || start.is_boolean()
            || start.as_str().is_some_and(|it| PLAIN_STARTS.contains(&it))
    };
    if fields
        .get("init_lora_weights")
        .is_some_and(|it| !is_plain(it))
    {
        return Err(fields.wrong(
            "init_lora_weights",
            "a start that leaves the base model as it is",
        ));
    }
    let is_known = |name: &str| READ.contains(&name) || HARMLESS.contains(&name);
    let is_off = |value: &Value| {
        value.is_null() || *value == false || *value == json!({}) || *value == json!([])
    };
    match fields
        .iter()
        .find(|(name, it)| !is_known(name) && !is_off(it))
    {
        Some((name, _)) => Err(fields.wrong(name, "no such setting")),
        None => Ok(()),
    }
}

/// The entries of a table of patterns. peft takes each name for a regular expression; only plain ones are read.
fn patterns<'a>(fields: &Fields<'a>, table: &str) -> Result<Vec<(String, Fields<'a>)>, String> {
    if fields.get(table).is_none_or(Value::is_null) {
        return Ok(Vec::new());
    }
    let Some(entries) = fields.object(table)? else {
        return Ok(Vec::new());
    };
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let names: Vec<String> = entries.iter().map(|(name, _)| name.clone()).collect();
    if let Some(name) = names.iter().find(|name| !name.chars().all(is_inside)) {
        return Err(format!(
            "{} is a pattern, and a plain name is expected",
            entries.path_of(name)
        ));
    }
    // peft takes the first that matches, and the order is lost here.
    for (name, other) in names.iter().flat_map(|a| names.iter().map(move |b| (a, b))) {
        if name != other && ends_with(name, other) && fields_differ(&entries, name, other) {
            return Err(format!(
                "{} and {} are of the same modules, and one of them is expected",
                entries.path_of(name),
                entries.path_of(other)
            ));
        }
    }
    Ok(names
        .into_iter()
        .map(|name| (name, entries.clone()))
        .collect())
}

fn fields_differ(entries: &Fields<'_>, name: &str, other: &str) -> bool {
    entries.get(name) != entries.get(other)
}

fn matching<'a, T>(table: &'a BTreeMap<String, T>, module: &str) -> Option<&'a T> {
    let found = table.iter().find(|(end, _)| ends_with(module, end));
    found.map(|(_, value)| value)
}

/// Whether a module's name is `end`, or ends with it behind a dot.
fn ends_with(module: &str, end: &str) -> bool {
    module
        .strip_suffix(end)
        .is_some_and(|start| start.is_empty() || start.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(more: &str) -> Result<AdapterConfig, String> {
        let base = r#""peft_type":"LORA","base_model_name_or_path":"a/b","r":4,"lora_alpha":6"#;
        AdapterConfig::from_json(&format!("{{{base}{more}}}"))
    }

    #[test]
    fn scales_are_those_of_peft() {
        let plain = of("").expect("it is LoRA");
        assert_eq!(
            (plain.rank_of("x.q_proj"), plain.scale_of("x.q_proj")),
            (4, 1.5)
        );
        let more =
            r#","use_rslora":true,"rank_pattern":{"q_proj":9},"alpha_pattern":{"1.q_proj":12}"#;
        let other = of(more).expect("it is LoRA");
        assert_eq!(
            (other.rank_of("a.1.q_proj"), other.scale_of("a.1.q_proj")),
            (9, 4.0)
        );
        assert_eq!(
            (other.rank_of("a.eq_proj"), other.scale_of("a.eq_proj")),
            (4, 3.0)
        );
        assert!((other.scale_of("a.2.q_proj") - 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_makes_other_weights_is_named() {
        for (more, expected) in [
            (
                r#","use_dora":true"#,
                "use_dora is true, and no such setting",
            ),
            (
                r#","init_lora_weights":"pissa""#,
                "init_lora_weights is \"pissa\"",
            ),
            (r#","fan_in_fan_out":true"#, "fan_in_fan_out is true"),
            (
                r#","rank_pattern":{"q.*":2}"#,
                "rank_pattern.q.* is a pattern",
            ),
            (
                r#","rank_pattern":{"a.q":2,"q":3}"#,
                "rank_pattern.a.q and rank_pattern.q are",
            ),
            (r#","rank_pattern":{"q":0}"#, "rank_pattern.q is 0"),
            (
                r#","layer_replication":[[0,1]]"#,
                "layer_replication is [[0,1]]",
            ),
        ] {
            let why = of(more).expect_err(more);
            assert!(why.starts_with(expected), "{more}: {why}");
        }
        for text in [r#"{"peft_type":"IA3"}"#, "{}", "[]"] {
            assert!(AdapterConfig::from_json(text).is_err(), "{text}");
        }
        of(r#","init_lora_weights":true,"use_dora":false,"alpha_pattern":{},"eva_config":null"#)
            .expect("all of it is harmless");
    }
}
