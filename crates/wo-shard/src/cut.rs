//! Cuts a list into shards.

use wo_record::{Group, Shard, components};

use crate::ShardNumber;

/// A thing of the whole, such as a video.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What it is called on each machine.
    pub name: String,
    /// What it has in common with others. Without a key it is a group of its own.
    pub keys: Vec<Group>,
}

/// Which items are in a shard, and what its stream says of itself. Items that share a key, directly or through others, are
/// in one shard.
pub fn cut(items: &[Item], number: ShardNumber) -> (Vec<bool>, Shard) {
    let keys: Vec<Vec<Group>> = items.iter().map(Item::keys_or_own).collect();
    let groups = components(&keys);
    let taken = groups.iter().map(|group| number.takes(group)).collect();
    (taken, number.of_whole(hash_of(items)))
}

impl Item {
    fn keys_or_own(&self) -> Vec<Group> {
        if self.keys.is_empty() {
            vec![Group::of_text(&self.name)]
        } else {
            self.keys.clone()
        }
    }
}

/// A hash over all items, in whatever order they come.
fn hash_of(items: &[Item]) -> String {
    let mut sorted: Vec<&Item> = items.iter().collect();
    sorted.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        // With its length, so that no two lists are one text.
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for item in sorted {
        text(&item.name);
        text(&item.keys.len().to_string());
        item.keys.iter().for_each(|key| text(key.as_str()));
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(lines: &[&str]) -> Vec<Item> {
        let item = |line: &&str| {
            let mut words = line.split(' ');
            Item {
                name: words.next().unwrap_or_default().to_owned(),
                keys: words.map(Group::of_text).collect(),
            }
        };
        lines.iter().map(item).collect()
    }

    #[test]
    fn no_shard_parts_a_person_or_a_gym() {
        // Anna was in both gyms, so all of both are one group.
        let items = items(&[
            "file:1 person:ben source:gym1",
            "file:2 person:anna source:gym1",
            "file:3 person:Anna source:gym2",
            "file:4 source:gym2",
            "file:5",
            "file:6",
        ]);
        for count in [2, 3, 8] {
            let mut n_taken = [0; 6];
            let mut wholes = Vec::new();
            for index in 1..=count {
                let number = format!("{index}/{count}").parse().expect("a shard");
                let (taken, shard) = cut(&items, number);
                assert!(taken[..4].iter().all(|it| *it == taken[0]), "{number}");
                for (n, taken) in n_taken.iter_mut().zip(taken) {
                    *n += usize::from(taken);
                }
                wholes.push(shard.whole);
            }
            assert_eq!(n_taken, [1; 6]);
            wholes.dedup();
            assert_eq!(wholes.len(), 1);
        }
    }

    #[test]
    fn another_whole_has_another_hash() {
        let number = "1/2".parse().expect("a shard");
        let hash = |lines: &[&str]| cut(&items(lines), number).1.whole;
        let one = hash(&["a person:p", "b"]);
        assert_eq!(one, hash(&["b", "a person:p"]), "in another order");
        for other in [
            hash(&["a person:p"]),
            hash(&["a person:p", "b", "b"]),
            hash(&["a person:q", "b"]),
            hash(&["a", "person:p b"]),
            hash(&[]),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one.len(), 32);
    }
}
