//! Repository names.

use std::fmt;
use std::path::Path;

/// The longest name, in characters; the Hub's own limit.
const MAX_LENGTH: usize = 96;

/// File extensions of models.
const ENDINGS: [&str; 16] = [
    "pt",
    "pth",
    "bin",
    "ckpt",
    "safetensors",
    "onnx",
    "h5",
    "msgpack",
    "gguf",
    "npz",
    "pkl",
    "json",
    "zip",
    "tar",
    "gz",
    "tgz",
];

/// Repositories whose `main` holds only pickles, and the revision in which Hugging Face's converter added safetensors. candle's
/// CLIP example uses the same one.
const CONVERTED: [(&str, &str); 1] = [("openai/clip-vit-base-patch32", "refs/pr/15")];

/// Whether a text has the form `owner/name` of a repository on the Hub.
pub fn is_repository(name: &str) -> bool {
    Repository::parse(name).is_some()
}

/// The default revision of a repository; `None` if the name is none.
pub fn default_revision(name: &str) -> Option<&'static str> {
    Repository::parse(name).map(|it| it.default_revision())
}

/// Whether a text is a path, existing or not, rather than a repository. Repository names have one slash and no extension of a
/// model file.
pub fn is_path(name: &str) -> bool {
    let starts = ["/", "./", "../", "~", "\\"];
    let has_ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| {
            ENDINGS
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        });
    let is_below_a_folder = name
        .split_once('/')
        .is_some_and(|(folder, _)| !folder.is_empty() && Path::new(folder).is_dir());
    starts.iter().any(|start| name.starts_with(start))
        || [".", ".."].contains(&name)
        || name.ends_with('/')
        || name.contains('\\')
        || name.matches('/').count() > 1
        || has_ending
        || is_below_a_folder
}

/// The name of a repository on the Hub. It is safe in paths and URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    owner: String,
    name: String,
}

impl Repository {
    /// Parses `owner/name`, each of letters, digits, `-`, `_` and `.`, as on the Hub.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let is_safe = |part: &str| {
            let is_outside = |c: char| c == '-' || c == '.';
            let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || is_outside(c);
            !part.is_empty()
                && part.chars().all(is_inside)
                && !part.starts_with(is_outside)
                && !part.ends_with(is_outside)
                // The cache joins owner and name with two hyphens.
                && !part.contains("--")
                && !part.contains("..")
        };
        let is_name = text.len() <= MAX_LENGTH && is_safe(owner) && is_safe(name);
        is_name.then(|| Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The default revision.
    pub(crate) fn default_revision(&self) -> &'static str {
        let own = self.to_string();
        CONVERTED
            .iter()
            .find(|(repository, _)| *repository == own)
            .map_or("main", |(_, revision)| revision)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Whether a text is a git revision that is safe in paths: `main`, `v1.0`, `refs/pr/15`, a commit.
pub(crate) fn is_revision(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(is_inside)
    };
    text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_slash_and_no_way_out_of_the_cache() {
        for name in [
            "openai/clip-vit-base-patch32",
            "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            "facebook/metaclip-b32-400m",
            "a/b_c.d",
        ] {
            assert!(is_repository(name), "{name}");
        }
        let long = format!("a/{}", "b".repeat(MAX_LENGTH));
        for name in [
            "tiny",
            "a/b/c",
            "/b",
            "a/",
            "../b",
            "a/..",
            "./models",
            "a/.b",
            "a--b/c",
            "a b/c",
            "a/b?c",
            "ä/b",
            long.as_str(),
        ] {
            assert!(!is_repository(name), "{name}");
        }
    }

    #[test]
    fn a_place_on_this_disk_is_no_repository() {
        let folder = tempfile::tempdir().unwrap();
        let below = format!("{}/clip", folder.path().display());
        for name in [
            "./models",
            "../clip",
            "~/clip",
            "/models/clip",
            "models/old/clip",
            "models/",
            "clip.pt",
            "owner/clip.safetensors",
            "owner/CLIP.PT",
            r"models\clip",
            ".",
            // Tests run in the folder of their crate.
            "src/clip",
            below.as_str(),
        ] {
            assert!(is_path(name), "{name}");
        }
        for name in [
            "tiny",
            "openai/clip-vit-base-patch32",
            "timm/vit_base_patch16_clip_224.openai",
            "a/b_c.d",
        ] {
            assert!(!is_path(name), "{name}");
        }
    }

    #[test]
    fn the_default_model_is_taken_where_its_safetensors_are() {
        let revision = |name: &str| Repository::parse(name).unwrap().default_revision();
        assert_eq!(revision("openai/clip-vit-base-patch32"), "refs/pr/15");
        assert_eq!(revision("openai/clip-vit-large-patch14"), "main");
    }

    #[test]
    fn a_revision_does_not_lead_out_of_the_cache() {
        for revision in ["main", "v1.0", "refs/pr/15", "0a1b"] {
            assert!(is_revision(revision), "{revision}");
        }
        for revision in ["", "/main", "../main", "a/../b", "a//b", "a b", "a/"] {
            assert!(!is_revision(revision), "{revision}");
        }
    }
}
