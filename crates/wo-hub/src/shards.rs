//! The index of weights in several files. It may come from a stranger, so it can only name files of weights beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Error;

/// The name of the index.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// The most files that weights may be in. transformers makes files of 50 GB, and of 5 GB before.
const MAX_SHARDS: usize = 256;
/// The largest header of a safetensors file, as its own reader has it: so much longer than its tensors a file can be.
const MAX_HEADER: u64 = 100_000_000;

/// The files that an index names, in order, and the most bytes that each of them can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shards {
    pub(crate) names: Vec<String>,
    pub(crate) limit: Option<u64>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    metadata: Metadata,
    weight_map: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    /// The bytes of all tensors. Some programs write it as a float.
    total_size: Option<f64>,
}

/// Whether a name is that of a part of the weights, such as `model-00001-of-00002.safetensors`.
pub(crate) fn is_shard(name: &str) -> bool {
    let parts = name
        .strip_prefix("model-")
        .and_then(|rest| rest.strip_suffix(".safetensors"))
        .and_then(|rest| rest.split_once("-of-"));
    let is_number = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    parts.is_some_and(|(number, count)| is_number(number) && is_number(count))
}

/// Reads an index.
pub(crate) fn shards_of(index: &Path) -> Result<Shards, Error> {
    let text = fs::read_to_string(index).map_err(|source| Error::io("read", index, source))?;
    parse(&text).map_err(|why| Error::Index {
        index: index.to_owned(),
        why,
    })
}

fn parse(text: &str) -> Result<Shards, String> {
    let index: Index = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    if let Some(name) = names.iter().find(|name| !is_shard(name)) {
        let shown: String = name.chars().take(80).collect();
        return Err(format!(
            "it names {shown:?}, and a name such as model-00001-of-00002.safetensors is expected"
        ));
    }
    if names.is_empty() || names.len() > MAX_SHARDS {
        return Err(format!(
            "it names {} files, and 1 to {MAX_SHARDS} are expected",
            names.len()
        ));
    }
    let total = index.metadata.total_size;
    if total.is_some_and(|total| !(0.0..1e15).contains(&total)) {
        return Err("its metadata.total_size is no number of bytes".to_owned());
    }
    Ok(Shards {
        names: names.into_iter().collect(),
        limit: total.map(|total| total as u64 + MAX_HEADER),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(names: impl Iterator<Item = String>, metadata: &str) -> String {
        let entries: Vec<String> = names
            .enumerate()
            .map(|(i, name)| format!("\"t{i}\": {name:?}"))
            .collect();
        format!(
            "{{\"metadata\": {metadata}, \"weight_map\": {{{}}}}}",
            entries.join(",")
        )
    }

    fn shard(number: usize) -> String {
        format!("model-{number:05}-of-99999.safetensors")
    }

    #[test]
    fn each_file_is_named_once_and_in_order() {
        let names = [2, 1, 2].map(shard).into_iter();
        let shards = parse(&index(names, "{\"total_size\": 7.0}")).unwrap();
        assert_eq!(shards.names, [shard(1), shard(2)]);
        assert_eq!(shards.limit, Some(MAX_HEADER + 7));
        let shards = parse(&index([shard(1)].into_iter(), "{}")).unwrap();
        assert_eq!(shards.limit, None);
    }

    #[test]
    fn a_hostile_index_is_refused() {
        for name in [
            "../model-00001-of-00002.safetensors",
            "/etc/passwd",
            "model-00001-of-00002.bin",
            "model-00001-of-00002.safetensors/..",
            "model-1-of-2.safetensors",
            "model-0000a-of-00002.safetensors",
            "",
        ] {
            let why = parse(&index([name.to_owned()].into_iter(), "{}")).unwrap_err();
            assert!(why.starts_with("it names"), "{name}: {why}");
        }
        let long = parse(&index(["x".repeat(1 << 20)].into_iter(), "{}")).unwrap_err();
        assert!(long.len() < 200);
        let many = parse(&index((0..=MAX_SHARDS).map(shard), "{}")).unwrap_err();
        assert!(many.contains("257 files"), "{many}");
        let none = parse(&index(std::iter::empty(), "{}")).unwrap_err();
        assert!(none.contains("0 files"), "{none}");
        for size in ["-1", "1e300"] {
            let metadata = format!("{{\"total_size\": {size}}}");
            let why = parse(&index([shard(1)].into_iter(), &metadata)).unwrap_err();
            assert!(why.contains("total_size"), "{why}");
        }
        for text in ["", "[]", "{}", "{\"weight_map\": {\"a\": 1}}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
