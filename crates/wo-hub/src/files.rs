//! Which files of a repository are fetched.

use crate::shards::{INDEX, is_shard};

/// Alternatives: from each line the first set of files that the repository has as a whole is fetched. The index has the
/// names of the files that the weights are split into. The last ones of its line are `open_clip`'s and `peft`'s.
const WANTED: [&[&[&str]]; 6] = [
    &[&["config.json"]],
    &[
        &["model.safetensors"],
        &[INDEX],
        &["open_clip_model.safetensors"],
        &["open_clip_pytorch_model.safetensors"],
        &["adapter_model.safetensors", "adapter_config.json"],
    ],
    &[&["tokenizer.json"], &["vocab.json", "merges.txt"]],
    // transformers reads both of them.
    &[&["preprocessor_config.json"]],
    &[&["processor_config.json"]],
    &[&["open_clip_config.json"]],
];

/// The files of a Hugging Face model.
pub(crate) const USUAL: [&str; 4] = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "preprocessor_config.json",
];

/// The files to fetch among those of a repository, in the order of the table above.
pub(crate) fn choose(has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let is_whole = |names: &&&[&str]| names.iter().all(|name| has(name));
    let chosen = WANTED.iter().filter_map(|sets| sets.iter().find(is_whole));
    chosen.copied().flatten().copied().collect()
}

/// Whether a file may be fetched at all.
pub(crate) fn is_wanted(name: &str) -> bool {
    WANTED
        .iter()
        .any(|sets| sets.iter().any(|names| names.contains(&name)))
        || is_shard(name)
}

/// Whether a file holds weights.
pub(crate) fn is_weights(name: &str) -> bool {
    is_wanted(name) && name.ends_with(".safetensors")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Vec<&'static str> {
        choose(|name| names.contains(&name))
    }

    #[test]
    fn one_file_of_each_kind_and_no_pickle() {
        let everything = [
            "pytorch_model.bin",
            "open_clip_pytorch_model.bin",
            "open_clip_model.safetensors",
            "preprocessor_config.json",
            "vocab.json",
            "merges.txt",
            "tokenizer.json",
            INDEX,
            "model.safetensors",
            "config.json",
        ];
        assert_eq!(chosen(&everything), USUAL);
        assert_eq!(chosen(&everything[..3]), ["open_clip_model.safetensors"]);
        assert!(chosen(&everything[..2]).is_empty());
        assert!(!is_wanted("pytorch_model.bin") && !is_wanted("../config.json"));
        assert!(is_weights("model-00001-of-00002.safetensors") && !is_weights(INDEX));
    }

    #[test]
    fn what_transformers_5_writes_is_fetched_and_halves_are_not() {
        let names = [INDEX, "vocab.json", "merges.txt", "processor_config.json"];
        assert_eq!(chosen(&names), names);
        assert_eq!(chosen(&names[..2]), [INDEX]);
        assert!(chosen(&["adapter_model.safetensors"]).is_empty());
    }
}
