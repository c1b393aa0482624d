//! The boxes that the files of the QuickTime family are made of.

use std::fs::File;
use std::io;

use super::bytes::{MAX_PARTS, read};

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mp4Box {
    pub(super) kind: [u8; 4],
    /// Where its size is, and behind that its kind.
    pub(super) start: u64,
    /// Behind the size and the kind.
    pub(super) content: u64,
    pub(super) end: u64,
}

impl Mp4Box {
    /// The boxes in it.
    pub(super) fn children(self, file: &File) -> impl Iterator<Item = Self> + use<'_> {
        boxes(file, self.content, self.end).map(move |child| Self {
            end: child.end.min(self.end),
            ..child
        })
    }

    /// The first box of this kind in it.
    pub(super) fn child(self, file: &File, kind: [u8; 4]) -> Option<Self> {
        self.children(file).find(|child| child.kind == kind)
    }

    /// Whether `n_bytes` of its content from `offset` on are there.
    pub(super) fn has(self, offset: u64, n_bytes: u64) -> bool {
        self.content + offset + n_bytes <= self.end
    }
}

/// The boxes from `start` on, up to and with the first that reaches beyond `end`.
pub(super) fn boxes(file: &File, start: u64, end: u64) -> impl Iterator<Item = Mp4Box> + use<'_> {
    let mut next = start;
    std::iter::from_fn(move || {
        let found = (next < end)
            .then(|| box_at(file, next, end).ok().flatten())
            .flatten()?;
        next = found.end;
        Some(found)
    })
    .take(MAX_PARTS)
}

fn box_at(file: &File, start: u64, end_of_all: u64) -> io::Result<Option<Mp4Box>> {
    let [s0, s1, s2, s3, kind @ ..] = read::<8>(file, start)?;
    let (size, n_header) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        0 => (end_of_all - start, 8),
        1 => (u64::from_be_bytes(read(file, start + 8)?), 16),
        size => (u64::from(size), 8),
    };
    let end = start.checked_add(size).filter(|_| size >= n_header);
    Ok(end.map(|end| Mp4Box {
        kind,
        start,
        content: start + n_header,
        end,
    }))
}
