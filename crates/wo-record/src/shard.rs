//! Shards: parts of a whole that several runs work on, each on its own.
//!
//! Where the streams of shards are read one after the other, none may be missing and none may come twice.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};

/// How many missing shards a message names.
const MAX_NAMED: usize = 8;

/// Which part of a whole a stream holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shard {
    /// Which one it is, from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// A hash over all that was cut into shards: that of another whole differs.
    pub whole: String,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Why streams do not make a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotWhole {
    /// What is wrong.
    pub(crate) cause: String,
    /// What the user can do about it.
    pub(crate) hint: &'static str,
}

const CUT_ALIKE: &str =
    "give each run the same videos, paths and tables, and its own --shard I/N of the same N";
const EACH_ONCE: &str =
    "give the output of each shard once: of a run that was repeated only the last, whole one";
const ALL: &str =
    "run the missing shards, or give their output as well; one shard alone may be read by itself";

/// The shards so far.
#[derive(Debug, Default)]
pub(crate) struct Shards {
    /// How many streams came, shards or not.
    n_streams: u64,
    first: Option<Shard>,
    /// The line of the `begin` of each.
    lines: BTreeMap<u32, u64>,
    /// That of the stream that is read now.
    current: Option<u32>,
    /// In which shard each video was, by a hash of its id.
    of_video: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Shards {
    /// A stream begins on line `line`.
    pub(crate) fn begin(&mut self, shard: Option<&Shard>, line: u64) -> Result<(), NotWhole> {
        self.n_streams += 1;
        self.current = shard.map(|it| it.index);
        let Some(shard) = shard else {
            return Ok(());
        };
        let not_whole = |cause, hint| Err(NotWhole { cause, hint });
        if shard.index == 0 || shard.index > shard.count {
            return not_whole(format!("there is no shard {shard}"), CUT_ALIKE);
        }
        let first = self.first.get_or_insert_with(|| shard.clone());
        if first.count != shard.count {
            let cause = format!(
                "shard {shard} comes after shard {first}: one whole is cut into one number of shards"
            );
            return not_whole(cause, CUT_ALIKE);
        }
        if first.whole != shard.whole {
            let cause = format!(
                "shard {shard} is not of the same whole as shard {first} before it: they were cut from other videos, paths or groups"
            );
            return not_whole(cause, CUT_ALIKE);
        }
        if let Some(earlier) = self.lines.insert(shard.index, line) {
            let cause = format!("shard {shard} comes twice: it began on line {earlier} already");
            return not_whole(cause, EACH_ONCE);
        }
        Ok(())
    }

    /// A video of the stream that is read now.
    pub(crate) fn video(&mut self, id: &str) -> Result<(), NotWhole> {
        let (Some(current), Some(first)) = (self.current, &self.first) else {
            return Ok(());
        };
        match self.of_video.insert(self.hasher.hash_one(id), current) {
            Some(other) if other != current => Err(NotWhole {
                cause: format!(
                    "video {id} is in shard {current}/{count} and in shard {other}/{count}",
                    count = first.count
                ),
                hint: CUT_ALIKE,
            }),
            _ => Ok(()),
        }
    }

    /// The input has ended. A shard may be read alone; beside others none may be missing.
    pub(crate) fn end(&self) -> Result<(), NotWhole> {
        if self.n_streams < 2 || self.is_whole() {
            return Ok(());
        }
        Err(NotWhole {
            cause: self.missing().unwrap_or_default(),
            hint: ALL,
        })
    }

    /// The only shard so far, which is not the whole.
    pub(crate) fn lone(&self) -> Option<&Shard> {
        self.first
            .as_ref()
            .filter(|_| self.n_streams == 1 && !self.is_whole())
    }

    fn is_whole(&self) -> bool {
        let first = self.first.as_ref();
        first.is_none_or(|first| self.lines.len() as u64 == u64::from(first.count))
    }

    /// That shards are missing, in words; `None` where none are.
    pub(crate) fn missing(&self) -> Option<String> {
        let count = self.first.as_ref().filter(|_| !self.is_whole())?.count;
        let missing = (1..=count).filter(|index| !self.lines.contains_key(index));
        let named: Vec<String> = missing
            .take(MAX_NAMED)
            .map(|index| format!("{index}/{count}"))
            .collect();
        // Not by counting: a count of billions is one number in a file.
        let n_more = u64::from(count) - self.lines.len() as u64 - named.len() as u64;
        let (noun, verb) = if named.len() == 1 {
            ("shard", "is")
        } else {
            ("shards", "are")
        };
        let more = if n_more > 0 {
            format!(" and {n_more} more")
        } else {
            String::new()
        };
        Some(format!("{noun} {}{more} {verb} missing", named.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(text: &str, whole: &str) -> Shard {
        let (index, count) = text.split_once('/').expect("two numbers");
        Shard {
            index: index.parse().expect("a number"),
            count: count.parse().expect("a number"),
            whole: whole.to_owned(),
        }
    }

    /// What is said of streams, each with the videos in it. `-` is no shard.
    fn said(streams: &[(&str, &[&str])]) -> Option<String> {
        let mut shards = Shards::default();
        for ((text, videos), line) in streams.iter().zip(1..) {
            let (text, whole) = text.split_once(' ').unwrap_or((text, "w"));
            let shard = (text != "-").then(|| shard(text, whole));
            if let Err(error) = shards.begin(shard.as_ref(), line) {
                return Some(error.cause);
            }
            if let Some(error) = videos.iter().find_map(|id| shards.video(id).err()) {
                return Some(error.cause);
            }
        }
        shards.end().err().map(|error| error.cause)
    }

    #[test]
    fn shards_make_a_whole_in_any_order() {
        assert_eq!(said(&[("2/2", &["a"]), ("1/2", &["b", "b"])]), None);
        assert_eq!(said(&[("1/1", &[])]), None);
        assert_eq!(said(&[("1/3", &["a"])]), None, "one alone");
        assert_eq!(said(&[("-", &["a"]), ("-", &["a"])]), None, "no shards");
        assert_eq!(
            said(&[("1/2", &["a"]), ("-", &["a"]), ("2/2", &["b"])]),
            None
        );
    }

    #[test]
    fn what_is_missing_or_comes_twice_is_named() {
        let check = |streams: &[(&str, &[&str])], expected: &str| {
            assert_eq!(said(streams).as_deref(), Some(expected));
        };
        check(&[("1/3", &[]), ("3/3", &[])], "shard 2/3 is missing");
        check(&[("1/3", &[]), ("-", &[])], "shards 2/3, 3/3 are missing");
        check(
            &[("1/20", &[]), ("-", &[])],
            "shards 2/20, 3/20, 4/20, 5/20, 6/20, 7/20, 8/20, 9/20 and 11 more are missing",
        );
        check(
            &[("1/2", &[]), ("2/2", &[]), ("1/2", &[])],
            "shard 1/2 comes twice: it began on line 1 already",
        );
        check(
            &[("1/2", &[]), ("2/3", &[])],
            "shard 2/3 comes after shard 1/2: one whole is cut into one number of shards",
        );
        check(
            &[("1/2 x", &[]), ("2/2 y", &[])],
            "shard 2/2 is not of the same whole as shard 1/2 before it: they were cut from other videos, paths or groups",
        );
        check(
            &[("1/2", &["a"]), ("2/2", &["a"])],
            "video a is in shard 2/2 and in shard 1/2",
        );
        for none in ["0/3", "4/3"] {
            check(&[(none, &[])], &format!("there is no shard {none}"));
        }
    }

    #[test]
    fn one_shard_is_told_from_the_whole() {
        let mut shards = Shards::default();
        let first = shard("1/2", "w");
        assert_eq!(shards.lone(), None);
        shards.begin(Some(&first), 1).expect("a shard");
        assert_eq!(shards.lone(), Some(&first));
        shards
            .begin(Some(&shard("2/2", "w")), 9)
            .expect("the other");
        assert_eq!(shards.lone(), None);
    }
}
