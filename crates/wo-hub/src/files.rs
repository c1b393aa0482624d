//! Which files of a repository are taken.

/// What each file is for; of each line the first name that a repository has is taken. The last names of the second line
/// are `open_clip`'s.
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

/// What a model of Hugging Face's consists of.
pub(crate) const USUAL: [&str; 4] = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "preprocessor_config.json",
];

/// The files to take of those that a repository has, in the order of the table above.
pub(crate) fn choose(has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    WANTED
        .iter()
        .filter_map(|names| names.iter().copied().find(|name| has(name)))
        .collect()
}

/// True for a file that may be fetched at all.
pub(crate) fn is_wanted(name: &str) -> bool {
    WANTED.iter().any(|names| names.contains(&name))
}

/// True for weights.
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
