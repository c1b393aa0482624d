//! What is refused, since somebody asked for it to be forgotten.
//!
//! The ledger keeps marks of it, from which nobody can read what it was. An address can be guessed, so its mark is made by
//! Argon2id: each guess costs time and memory, and counts for one entry only, since each has its own salt. The hash of a
//! video cannot be guessed by who has not got the video, so a keyed BLAKE3 is enough, and thousands of videos are looked
//! up in no time.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, anyhow};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::provenance::Forgotten;
use crate::spelling::{normal, with_part};

/// What a guess of an address costs: 19 MiB of memory, gone over twice, as OWASP recommends for passwords.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of a mark, and of a salt.
const MARK_BYTES: usize = 16;
const SALT_BYTES: usize = 16;
/// Random bytes of an id.
const ID_BYTES: usize = 4;
/// What the key of hashes is derived for, so that it is no other key of the same salt.
const KEY_CONTEXT: &str = "wo-collect 2026-12 marks of forgotten videos";

/// All that was forgotten.
#[derive(Debug, Default)]
pub(crate) struct DenyList(Vec<Forgotten>);

impl DenyList {
    /// Of the entries of a ledger that say that something was forgotten.
    pub(crate) fn of(entries: impl IntoIterator<Item = Forgotten>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// Takes in another entry.
    pub(crate) fn add(&mut self, entry: Forgotten) {
        self.0.push(entry);
    }

    /// Whether a video with this BLAKE3 was forgotten.
    pub(crate) fn has_bytes(&self, blake3: &str) -> bool {
        let mut entries = self.0.iter();
        entries.any(|it| it.bytes.contains(&mark_of_bytes(&it.salt, blake3)))
    }

    /// Whether this address was forgotten, in any of its spellings; or the part of the video that stands behind it.
    pub(crate) fn has_address(&self, address: &str) -> anyhow::Result<bool> {
        let spellings = [normal(address), with_part(address)];
        for entry in self.0.iter().filter(|it| !it.addresses.is_empty()) {
            for spelling in &spellings[..if spellings[0] == spellings[1] { 1 } else { 2 }] {
                if entry
                    .addresses
                    .contains(&mark_of_address(&entry.salt, spelling)?)
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl Forgotten {
    /// An entry with marks of hashes and of addresses as [`normal`] and [`with_part`] spell them. `id` tells it from others,
    /// and says nothing.
    pub(crate) fn new<'a>(
        at: String,
        id: &str,
        why: Option<String>,
        hashes: impl IntoIterator<Item = &'a str>,
        addresses: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<Self> {
        let salt = random(SALT_BYTES)?;
        let bytes: BTreeSet<String> = hashes
            .into_iter()
            .map(|hash| mark_of_bytes(&salt, hash))
            .collect();
        let marks = addresses.into_iter().map(|it| mark_of_address(&salt, it));
        let addresses: BTreeSet<String> = marks.collect::<anyhow::Result<_>>()?;
        Ok(Self {
            at,
            id: id.to_owned(),
            why,
            n_videos: bytes.len() as u64,
            salt,
            bytes,
            addresses,
        })
    }
}

/// Random digits that tell an entry from others.
pub(crate) fn random_id() -> anyhow::Result<String> {
    random(ID_BYTES)
}

/// So many random bytes, in hexadecimal.
fn random(n_bytes: usize) -> anyhow::Result<String> {
    let mut bytes = vec![0; n_bytes];
    getrandom::fill(&mut bytes).context("draw random bytes")?;
    Ok(hexadecimal(&bytes))
}

fn mark_of_bytes(salt: &str, blake3: &str) -> String {
    let key = blake3::derive_key(KEY_CONTEXT, salt.as_bytes());
    let mark = blake3::keyed_hash(&key, blake3.to_ascii_lowercase().as_bytes());
    hexadecimal(mark.as_bytes().get(..MARK_BYTES).unwrap_or_default())
}

/// The mark of an address in its common spelling.
fn mark_of_address(salt: &str, address: &str) -> anyhow::Result<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(MARK_BYTES));
    let params = params.map_err(|error| anyhow!("set up Argon2: {error}"))?;
    let mut mark = [0; MARK_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(address.as_bytes(), salt.as_bytes(), &mut mark)
        .map_err(|error| anyhow!("make the mark of an address: {error}"))?;
    Ok(hexadecimal(&mark))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://www.example.org/watch?v=anna";

    fn forgotten(hash: &str) -> Forgotten {
        let address = normal(ADDRESS);
        Forgotten::new(String::new(), "id", None, [hash], [address.as_str()]).unwrap()
    }

    #[test]
    fn what_was_forgotten_is_known_again_and_nothing_else_is() {
        let hash = blake3::hash(b"a video").to_hex().to_string();
        let other = blake3::hash(b"another").to_hex().to_string();
        let list = DenyList::of([forgotten(&other), forgotten(&hash)]);
        assert!(list.has_bytes(&hash) && list.has_bytes(&hash.to_uppercase()));
        assert!(!list.has_bytes(&blake3::hash(b"a third").to_hex()));
        assert!(
            list.has_address("http://EXAMPLE.org/watch?v=anna#t=3")
                .unwrap()
        );
        assert!(
            !list
                .has_address("https://www.example.org/watch?v=ben")
                .unwrap()
        );
        assert!(!DenyList::default().has_address(ADDRESS).unwrap());
    }

    #[test]
    fn a_part_of_a_video_is_refused_and_other_parts_are_not() {
        let part = with_part("https://www.example.org/watch?v=both#t=5,9");
        let entry = Forgotten::new(String::new(), "id", None, [], [part.as_str()]).unwrap();
        let list = DenyList::of([entry]);
        assert!(
            list.has_address("http://example.org/watch?v=both#t=5,9")
                .unwrap()
        );
        assert!(
            !list
                .has_address("https://example.org/watch?v=both#t=10,20")
                .unwrap()
        );
        assert!(
            !list
                .has_address("https://example.org/watch?v=both")
                .unwrap()
        );
    }

    #[test]
    fn an_entry_says_nothing_of_what_it_marks() {
        let hash = blake3::hash(b"a video").to_hex().to_string();
        let (one, other) = (forgotten(&hash), forgotten(&hash));
        let text = serde_json::to_string(&one).unwrap();
        for part in [&hash[..16], "example", "anna", "watch"] {
            assert!(!text.contains(part), "{part}: {text}");
        }
        // Who compares two ledgers does not learn that they forgot the same.
        assert!(one.bytes.is_disjoint(&other.bytes));
        assert!(one.addresses.is_disjoint(&other.addresses));
    }
}
