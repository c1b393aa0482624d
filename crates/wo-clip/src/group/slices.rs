//! Which part of things is the one of a process.

use std::ops::Range;

/// Which part of things is the one of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slices {
    pub(crate) rank: usize,
    pub(crate) world: usize,
}

impl Slices {
    /// All things, for a process that is alone.
    pub const WHOLE: Self = Self { rank: 0, world: 1 };

    /// The part of `n` things: as equal as can be, and empty where there are fewer things than processes.
    pub fn of(self, n: usize) -> Range<usize> {
        n * self.rank / self.world..n * (self.rank + 1) / self.world
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_all_once_and_may_be_empty() {
        for (n, world) in [(17, 4), (16, 4), (3, 4), (0, 2), (5, 1)] {
            let slice = |rank| Slices { rank, world }.of(n);
            let slices: Vec<_> = (0..world).map(slice).collect();
            let all: Vec<usize> = slices.iter().flat_map(Clone::clone).collect();
            assert_eq!(all, (0..n).collect::<Vec<_>>(), "{n} over {world}");
            let sizes = slices.iter().map(ExactSizeIterator::len);
            let (least, most) = (sizes.clone().min(), sizes.max());
            assert!(most <= least.map(|it| it + 1), "{slices:?}");
        }
        assert_eq!(Slices { rank: 0, world: 4 }.of(3), 0..0);
        assert_eq!(Slices::WHOLE.of(3), 0..3);
    }
}
