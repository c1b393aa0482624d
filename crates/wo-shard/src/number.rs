//! The number of a shard, and which groups are in it.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use wo_record::{Group, Shard};

/// The flag of every tool that can take a part of its input.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ShardFlag {
    /// Take only part I of N, counted from 1: all videos of a person or source are in one part, and all parts together are
    /// the whole
    #[arg(long, value_name = "I/N")]
    pub shard: Option<ShardNumber>,
}

/// A shard: which one, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardNumber {
    index: NonZeroU32,
    count: NonZeroU32,
}

impl ShardNumber {
    /// Whether a group is in this shard.
    pub fn takes(self, group: &Group) -> bool {
        index_of(group, self.count) == self.index.get()
    }

    /// Whether the other is the same part of the same number of parts.
    pub fn is(self, other: &Shard) -> bool {
        self.index.get() == other.index && self.count.get() == other.count
    }

    /// What a stream of it says of itself. `whole` is a hash over all that was cut.
    pub fn of_whole(self, whole: String) -> Shard {
        Shard {
            index: self.index.get(),
            count: self.count.get(),
            whole,
        }
    }
}

/// The shard that a group is in, from 1: the first eight bytes of the BLAKE3 hash of its name, as a number with the
/// largest byte first, modulo the count, plus 1. Other versions and other machines must say the same.
fn index_of(group: &Group, count: NonZeroU32) -> u32 {
    let hash = blake3::hash(group.as_str().as_bytes());
    let [first, ..] = hash.as_bytes().as_chunks::<8>().0 else {
        unreachable!("a hash has 32 bytes")
    };
    let index = u64::from_be_bytes(*first) % u64::from(count.get());
    u32::try_from(index).map_or(u32::MAX, |index| index + 1)
}

impl fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for ShardNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            let number = |text: &str| text.parse::<u32>().ok();
            number(index).zip(number(count))
        });
        let Some((index, count)) = numbers else {
            return Err("take two numbers, such as 1/8 for the first of 8 shards".to_owned());
        };
        let Some(count) = NonZeroU32::new(count) else {
            return Err("there must be at least one shard, such as 1/1".to_owned());
        };
        match NonZeroU32::new(index) {
            None => Err(format!("shards are counted from 1: the first is 1/{count}")),
            Some(index) if index > count => Err(format!(
                "there are only {count}: the last is {count}/{count}"
            )),
            Some(index) => Ok(Self { index, count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_group_goes_never_changes() {
        // Written by Python: int.from_bytes(blake3(name).digest()[:8], "big") % count + 1.
        for (name, expected) in GOLDEN {
            let group = Group::of_text(name);
            let found = [2, 3, 8, 1000].map(|count| {
                let count = NonZeroU32::new(count).expect("not zero");
                index_of(&group, count)
            });
            assert_eq!(found, expected, "{name}");
        }
    }

    const GOLDEN: [(&str, [u32; 4]); 5] = [
        ("person:anna", [2, 2, 6, 566]),
        ("person:ben", [2, 3, 4, 924]),
        ("source:gyma", [1, 2, 5, 789]),
        ("video:af1349b9f5f9a1a6a0404dea36dcc949", [2, 1, 6, 502]),
        ("file:squat/bad_form/knees_cave_003.mp4", [2, 1, 4, 172]),
    ];

    #[test]
    fn a_group_is_in_one_shard() {
        for count in 1..20_u32 {
            let shards: Vec<ShardNumber> = (1..=count)
                .map(|index| format!("{index}/{count}").parse().expect("a shard"))
                .collect();
            let mut n_groups = vec![0; shards.len()];
            for number in 0..400 {
                let group = Group::of_text(&format!("person:{number}"));
                let taking: Vec<usize> = (0..shards.len())
                    .filter(|place| shards[*place].takes(&group))
                    .collect();
                assert_eq!(taking.len(), 1, "{group} of {count}");
                n_groups[taking[0]] += 1;
            }
            let fewest = n_groups.iter().min().copied().unwrap_or(0);
            assert!(fewest * count >= 100, "{n_groups:?}");
        }
    }

    #[test]
    fn shards_are_counted_from_1() {
        let parse = |text: &str| text.parse::<ShardNumber>().map(|it| it.to_string());
        for good in ["1/1", "1/3", "3/3", "4294967295/4294967295"] {
            assert_eq!(parse(good).as_deref(), Ok(good));
        }
        for (bad, what) in [
            ("0/3", "counted from 1: the first is 1/3"),
            ("4/3", "only 3: the last is 3/3"),
            ("1/0", "at least one shard"),
            ("0/0", "at least one shard"),
            ("3", "two numbers"),
            ("1/3/3", "two numbers"),
            ("-1/3", "two numbers"),
            ("1 / 3", "two numbers"),
            ("hash:1/3", "two numbers"),
            ("", "two numbers"),
        ] {
            let said = parse(bad).expect_err(bad);
            assert!(said.contains(what), "{bad}: {said}");
        }
    }
}
