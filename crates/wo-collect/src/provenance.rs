//! The entries of `data/ledger.ndjson`: where each video came from, what failed, and that something was forgotten.
//!
//! What was forgotten is recognised by marks, from which neither an address nor a hash can be read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wo_record::{Name, Producer};

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
    /// BLAKE3 of its bytes: 64 hexadecimal digits, which are the `video_id` of records.
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

/// Something was forgotten. It says when, why and how much, and not what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Random digits, so that a run that was killed says it once.
    pub(crate) id: String,
    /// Why, as the person said who asked for it.
    pub(crate) why: Option<String>,
    /// How many videos.
    pub(crate) n_videos: u64,
    /// Random digits that go into each mark.
    pub(crate) salt: String,
    /// Marks of the videos' hashes; see [`crate::deny_list::DenyList`].
    pub(crate) bytes: BTreeSet<String>,
    /// Marks of their addresses.
    pub(crate) addresses: BTreeSet<String>,
}

impl StoredFile {
    /// The `video_id` of records.
    pub(crate) fn video_id(&self) -> &str {
        &self.blake3
    }
}

/// An address without the part that is wanted of its video.
pub(crate) fn base_of(address: &str) -> &str {
    match address.rsplit_once("#t=") {
        Some((base, _)) => base,
        None => address,
    }
}
