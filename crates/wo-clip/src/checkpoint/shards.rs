//! The index of weights in several files, as transformers writes it: which tensor lies in which file beside it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure};
use serde::Deserialize;
use wo_input::parse_json;

/// The name of the index.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// The most files that weights may be in; each is mapped into memory.
const MAX_SHARDS: usize = 256;
/// The longest name of a file that a message shows.
const MAX_SHOWN: usize = 80;
/// The names that a message lists.
const NAMES_IN_MESSAGE: usize = 4;

/// The tensors in each file.
pub(crate) type Shards = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Reads an index. Its files lie beside it, whoever wrote it.
pub(crate) fn shards_of(text: &str) -> anyhow::Result<Shards> {
    let index: Index = parse_json(text).map_err(anyhow::Error::msg)?;
    let mut shards = Shards::new();
    for (tensor, file) in index.weight_map {
        if !is_plain(&file) {
            let shown: String = file.chars().take(MAX_SHOWN).collect();
            bail!(
                "it names the file {shown:?}, and a name such as model-00001-of-00002.safetensors is expected"
            );
        }
        shards.entry(file).or_default().insert(tensor);
    }
    ensure!(
        (1..=MAX_SHARDS).contains(&shards.len()),
        "it names {} files, and 1 to {MAX_SHARDS} are expected",
        shards.len()
    );
    Ok(shards)
}

/// Whether a name is that of a safetensors file in the same folder.
fn is_plain(name: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.len() <= MAX_SHOWN
        && !name.starts_with('.')
        && name.ends_with(".safetensors")
        && name.chars().all(is_inside)
}

/// Checks that a file holds the tensors that the index says, each of them and no other.
pub(crate) fn check_shard<'a>(
    wanted: &BTreeSet<String>,
    names: impl Iterator<Item = &'a str>,
) -> anyhow::Result<()> {
    let found: BTreeSet<&str> = names.collect();
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let list = |names: Vec<&str>| {
        let n_more = names.len().saturating_sub(NAMES_IN_MESSAGE);
        let shown = names[..names.len() - n_more].join(", ");
        if n_more > 0 {
            return format!("{shown} and {n_more} more");
        }
        shown
    };
    let missing: Vec<&str> = wanted.difference(&found).copied().collect();
    ensure!(
        missing.is_empty(),
        "{INDEX} says that it holds {}, and it does not",
        list(missing)
    );
    let extra: Vec<&str> = found.difference(&wanted).copied().collect();
    ensure!(
        extra.is_empty(),
        "it holds {}, and {INDEX} does not say so",
        list(extra)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        format!("{:#}", shards_of(text).expect_err("refused"))
    }

    #[test]
    fn an_index_leads_nowhere_else() {
        for name in [
            "../model.safetensors",
            "/model.safetensors",
            "a/model.safetensors",
            ".safetensors",
            "model.bin",
            "model.safetensors\\u0000",
            "",
        ] {
            let text = format!("{{\"weight_map\": {{\"a\": \"{name}\"}}}}");
            assert!(refused(&text).starts_with("it names the file"), "{name}");
        }
        assert!(refused("{\"weight_map\": {}}").starts_with("it names 0 files"));
        let many: Vec<String> = (0..=MAX_SHARDS)
            .map(|i| format!("\"t{i}\": \"{i}.safetensors\""))
            .collect();
        let many = format!("{{\"weight_map\": {{{}}}}}", many.join(","));
        assert!(refused(&many).starts_with("it names 257 files"));
        assert!(refused("{\"weight_map\": {\"a\": 1}}").starts_with("weight_map.a: "));
        assert!(refused("{}").contains("weight_map"));
    }

    #[test]
    fn what_lacks_and_what_is_too_much_is_named() {
        let text = r#"{"metadata": {}, "weight_map": {"a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors"}}"#;
        let shards = shards_of(text).expect("an index");
        let first = &shards["1.safetensors"];
        let check = |names: &[&str]| check_shard(first, names.iter().copied());
        check(&["b", "a"]).expect("it is whole");
        let missing = check(&["b"]).expect_err("a lacks").to_string();
        assert_eq!(
            missing,
            format!("{INDEX} says that it holds a, and it does not")
        );
        let extra = check(&["a", "b", "c"])
            .expect_err("c is too much")
            .to_string();
        assert_eq!(extra, format!("it holds c, and {INDEX} does not say so"));
    }
}
