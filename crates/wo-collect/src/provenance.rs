//! The entries of `data/ledger.ndjson`: where each video came from, what failed, and that something was forgotten.
//!
//! What was forgotten is recognised by marks: one-way digests from which neither an address nor a hash can be read.

use serde::{Deserialize, Serialize};
use wo_record::{Name, Producer};

/// What marks are derived for, so that no other digest of the same text equals one.
const MARK_CONTEXT: &str = "wo-collect 2026-12 marks of forgotten sources";
/// Hexadecimal digits of a mark that are kept: 128 bits.
const MARK_DIGITS: usize = 32;
/// How many digits of a hash are the `video_id` of records.
const VIDEO_ID_DIGITS: usize = 32;

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A video was fetched and lies in the folder of videos.
    Fetched(Fetched),
    /// What the row of a video says was changed since, and its file and its row of `groups.csv` with it.
    Changed(Fetched),
    /// What was fetched has the bytes of a video that is there already, and was not kept.
    Duplicate(Fetched),
    /// A source could not be fetched.
    Failed(Failed),
    /// Something was forgotten.
    Forgotten(Forgotten),
}

/// What a source gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fetched {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// What was fetched: the row's url, or the address of an entry of its playlist. Where only a part of the video is wanted,
    /// it stands behind it; see [`base_of`].
    pub(crate) address: String,
    /// What the row of the table said then.
    pub(crate) said: Said,
    pub(crate) origin: Origin,
    /// The file that is kept; of a duplicate the one that was there.
    pub(crate) file: StoredFile,
    /// The programs that had a hand in it.
    pub(crate) tools: Vec<Producer>,
}

/// What a row of the table of sources says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) url: String,
    pub(crate) exercise: Name,
    pub(crate) label: Name,
    pub(crate) faults: Vec<Name>,
    pub(crate) person: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) angle: Option<String>,
    /// Where the part of the video that is wanted begins.
    pub(crate) start_s: Option<f64>,
    /// Where it ends.
    pub(crate) end_s: Option<f64>,
    pub(crate) licence: Option<String>,
    pub(crate) consent: Option<String>,
    pub(crate) note: Option<String>,
}

/// What the site says of a video.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Where the bytes came from, after all redirects.
    pub(crate) final_url: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) uploader: Option<String>,
    /// The site and its id of the channel, such as `youtube_UCabc`: the source of a video whose row names none.
    pub(crate) channel: Option<String>,
    /// The day of its upload: `2026-05-31`.
    pub(crate) uploaded: Option<String>,
    /// The licence that the site gives.
    pub(crate) licence: Option<String>,
}

/// A file in the folder of videos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredFile {
    /// From the folder of videos.
    pub(crate) path: String,
    /// BLAKE3 of its bytes: 64 hexadecimal digits. The first 32 are the `video_id` of records.
    pub(crate) blake3: String,
    pub(crate) n_bytes: u64,
}

/// A source that could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// As in [`Fetched`].
    pub(crate) address: String,
    /// A stable word, as in an `error` record.
    pub(crate) code: String,
    /// What happened, for a person.
    pub(crate) what: String,
    /// How often it failed in a row.
    pub(crate) n_failures: u32,
    /// When it is tried again; absent where the source is gone.
    pub(crate) next_try: Option<String>,
    /// The host that asked to be left alone until `next_try`.
    pub(crate) busy_host: Option<String>,
}

/// Something was forgotten. It says how much and not what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// How many videos.
    pub(crate) n_videos: u64,
    /// Marks of addresses and of hashes that are refused from now on; see [`mark_of_address`] and [`mark_of_bytes`].
    pub(crate) marks: Vec<String>,
}

impl StoredFile {
    /// The `video_id` of records.
    pub(crate) fn video_id(&self) -> &str {
        self.blake3.get(..VIDEO_ID_DIGITS).unwrap_or(&self.blake3)
    }
}

/// An address without the part that is wanted of its video.
pub(crate) fn base_of(address: &str) -> &str {
    match address.rsplit_once("#t=") {
        Some((base, _)) => base,
        None => address,
    }
}

/// The mark of an address, without the part that is wanted of its video.
pub(crate) fn mark_of_address(address: &str) -> String {
    mark("address", base_of(address))
}

/// The mark of a file's bytes, by their BLAKE3 in 64 hexadecimal digits.
pub(crate) fn mark_of_bytes(blake3: &str) -> String {
    mark("bytes", blake3)
}

fn mark(kind: &str, text: &str) -> String {
    let text = format!("{kind}:{text}");
    let digest = blake3::derive_key(MARK_CONTEXT, text.as_bytes());
    let mut mark = blake3::Hash::from_bytes(digest).to_hex().to_string();
    mark.truncate(MARK_DIGITS);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_nothing_of_what_it_marks() {
        let hash = blake3::hash(b"a video").to_hex().to_string();
        assert_eq!(mark_of_bytes(&hash), mark_of_bytes(&hash));
        assert_ne!(mark_of_bytes(&hash), mark_of_address(&hash));
        assert!(!mark_of_bytes(&hash).contains(&hash[..8]));
    }
}
