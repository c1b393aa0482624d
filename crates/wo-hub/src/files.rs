//! Which files of a repository are fetched.

/// Alternative names: from each line the first that the repository has is fetched. The last names of the second line are
/// `open_clip`'s.
const WANTED: [&[&str]; 5] = [
    &["config.json"],
    &[
        "model.safetensors",
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.safetensors",
    ],
    &["tokenizer.json"],
    &["preprocessor_config.json"],
    &["open_clip_config.json"],
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
    WANTED
        .iter()
        .filter_map(|names| names.iter().copied().find(|name| has(name)))
        .collect()
}

/// Whether a file may be fetched at all.
pub(crate) fn is_wanted(name: &str) -> bool {
    WANTED.iter().any(|names| names.contains(&name))
}

/// Whether a file holds weights.
pub(crate) fn is_weights(name: &str) -> bool {
    WANTED[1].contains(&name)
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
            "tokenizer.json",
            "model.safetensors",
            "config.json",
        ];
        assert_eq!(chosen(&everything), USUAL);
        assert_eq!(chosen(&everything[..3]), ["open_clip_model.safetensors"]);
        assert!(chosen(&everything[..2]).is_empty());
        assert!(!is_wanted("pytorch_model.bin") && !is_wanted("../config.json"));
    }
}
