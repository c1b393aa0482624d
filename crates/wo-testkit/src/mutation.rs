//! Samples with something done to them, the same in each run: what parsers of other people's bytes must stand.

/// A generator of random numbers whose sequence never changes (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence that this seed starts.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.number() % n as u64) as usize
    }
}

/// Breaks `bytes`, at least eight of them, in one of seven ways. Returns the name of the way.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) -> &'static str {
    let len = bytes.len();
    // The head of a file is where its structure is; half of the wounds go there.
    let place = |random: &mut Random| {
        if random.below(2) == 0 {
            random.below(len.min(1024))
        } else {
            random.below(len)
        }
    };
    match random.below(7) {
        0 => {
            for _ in 0..=random.below(16) {
                let at = place(random);
                bytes[at] ^= 1 << random.below(8);
            }
            "bits"
        }
        1 => {
            bytes.truncate(1 + random.below(len - 1));
            "truncated"
        }
        2 => {
            bytes.drain(..=random.below(len / 2));
            "headless"
        }
        3 => {
            let n_bytes = 1 + random.below(4096);
            bytes.extend((0..n_bytes).map(|_| random.number() as u8));
            "tail"
        }
        4 => {
            let start = place(random);
            let end = (start + 1 + random.below(2048)).min(len);
            bytes[start..end].fill(0);
            "zeros"
        }
        5 => {
            let at = place(random).min(len - 4);
            let sizes = [0, 1, 7, 0x7fff_ffff, 0xffff_ffff, random.number() as u32];
            let size = sizes[random.below(6)];
            bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
            "size"
        }
        _ => {
            let start = place(random);
            let end = (start + 1 + random.below(4096)).min(len);
            let block = bytes[start..end].to_vec();
            let at = place(random);
            bytes.splice(at..at, block);
            "doubled"
        }
    }
}

/// Hands each sample of a fuzz target to `body` as it is, and then `n` times with one to three things done to it.
/// The samples are the files of `fuzz/seeds/<target>`.
pub fn for_each_mutation(target: &str, n: usize, body: impl Fn(&[u8])) {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");
    let folder = std::path::Path::new(seeds).join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let mut random = Random::new(7);
    for file in files {
        let sample = std::fs::read(&file).expect("a sample can be read");
        body(&sample);
        for _ in 0..n {
            let mut bytes = sample.clone();
            for _ in 0..=random.below(3) {
                if bytes.len() >= 8 {
                    mutate(&mut bytes, &mut random);
                }
            }
            body(&bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutations_are_the_same_in_each_run() {
        let mutated = || {
            let mut random = Random::new(1);
            let mut bytes: Vec<u8> = (0..200).collect();
            let ways: Vec<_> = (0..20).map(|_| mutate(&mut bytes, &mut random)).collect();
            (bytes, ways)
        };
        assert_eq!(mutated(), mutated());
        assert_ne!(mutated().0, (0..200).collect::<Vec<u8>>());
    }
}
