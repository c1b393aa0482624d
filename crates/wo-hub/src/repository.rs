//! Names of repositories.

use std::fmt;

/// A name of at most this many characters; the Hub's own limit.
const MAX_LENGTH: usize = 96;

/// Repositories whose `main` holds only pickles, and the revision in which Hugging Face's converter put safetensors
/// beside them. candle's example of CLIP takes the same one.
const CONVERTED: [(&str, &str); 1] = [("openai/clip-vit-base-patch32", "refs/pr/15")];

/// True for `owner/name`: what may name a repository on the Hub.
pub fn is_repository(name: &str) -> bool {
    Repository::parse(name).is_some()
}

/// The name of a repository on the Hub. It is safe to be part of a path and of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    owner: String,
    name: String,
}

impl Repository {
    /// `owner/name`, each of letters, digits, `-`, `_` and `.`, as the Hub has it.
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

    /// The revision to take where none is asked for.
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

/// True for what git may call a revision and what is safe to be part of a path: `main`, `v1.0`, `refs/pr/15`, a
/// commit.
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
