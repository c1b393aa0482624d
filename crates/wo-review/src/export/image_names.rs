//! Names for the pictures of an export: one for each, on every file system.

use std::collections::HashMap;

/// A hash of the content has as many digits at least. So many of them are in a name, as in those of `wo-extract`.
const MIN_HASH_DIGITS: usize = 32;
const HASH_DIGITS: usize = 16;
/// Longer names are cut. With the number and the ending a name stays below the 255 bytes that file systems take.
const MAX_CHARS: usize = 80;

/// The beginnings of the names of videos, one for each id. Ids that no file can be called by, or whose names would differ in
/// case alone, get a hash.
pub(super) fn stems<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let ids: Vec<&str> = ids.into_iter().collect();
    let plain: Vec<(String, bool)> = ids.iter().map(|id| plain(id)).collect();
    let mut n_alike: HashMap<String, usize> = HashMap::new();
    for (stem, _) in &plain {
        *n_alike.entry(stem.to_lowercase()).or_default() += 1;
    }
    let is_alone = |stem: &str| n_alike.get(&stem.to_lowercase()) == Some(&1);
    ids.iter()
        .zip(&plain)
        .map(|(id, (stem, is_whole))| {
            if *is_whole && is_alone(stem) {
                return stem.clone();
            }
            let mut hash = blake3::hash(id.as_bytes()).to_hex().to_string();
            hash.truncate(HASH_DIGITS);
            if stem.is_empty() {
                hash
            } else {
                format!("{stem}-{hash}")
            }
        })
        .collect()
}

/// What of an id every file system takes, and whether that tells it from others.
fn plain(id: &str) -> (String, bool) {
    let is_hash = id.len() >= MIN_HASH_DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash {
        return (id.chars().take(HASH_DIGITS).collect(), true);
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let stem: String = id
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .take(MAX_CHARS)
        .collect();
    // What begins with a dot or a line is hidden, also from Hugging Face datasets, and a hyphen begins a flag.
    let stem = stem.trim_start_matches(['.', '_', '-']).to_owned();
    let is_whole = stem == id;
    (stem, is_whole)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_video_has_a_name_of_its_own() {
        let hash = "0123456789abcdef".repeat(4);
        let other_hash = format!("{}{}", "0123456789abcdef", "f".repeat(48));
        let long = "x".repeat(300);
        let longer = "x".repeat(301);
        let mut ids: Vec<String> = (0..10).map(|i| format!("synthetic_video_000{i}")).collect();
        let strange = [
            "squat",
            "Squat",
            "a/b",
            "a b",
            "a_b",
            ".hidden",
            "_x",
            "x",
            "",
            "..",
            "Müller",
            "M_ller",
            "con",
            &hash,
            &other_hash,
            &long,
            &longer,
            "a\0b",
            "-rf",
        ];
        ids.extend(strange.map(str::to_owned));
        let stems = stems(ids.iter().map(String::as_str));
        let distinct: HashSet<String> = stems.iter().map(|stem| stem.to_lowercase()).collect();
        assert_eq!(distinct.len(), ids.len(), "{stems:?}");
        for stem in &stems {
            assert!(stem.len() < 120, "{stem}");
            let first = stem.chars().next().unwrap();
            assert!(first.is_ascii_alphanumeric(), "{stem}");
            assert!(
                !stem.contains(['/', ' ', '\0', '\\']) && stem.is_ascii(),
                "{stem}"
            );
        }
        assert_eq!(stems[3], "synthetic_video_0003");
    }

    #[test]
    fn a_hash_of_the_content_is_cut_as_it_was() {
        let hash = format!("{:064x}", 7);
        assert_eq!(stems([hash.as_str()]), ["0000000000000000"]);
    }
}
