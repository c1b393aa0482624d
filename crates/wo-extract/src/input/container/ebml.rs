//! The elements that Matroska and WebM are made of (RFC 8794).

use std::fs::File;
use std::io;

use super::bytes::{MAX_PARTS, read};

/// What each file starts with.
pub(super) const HEADER: u32 = 0x1a45_dfa3;

/// An element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    /// With its leading bits.
    pub(super) id: u32,
    pub(super) start: u64,
    pub(super) content: u64,
    /// `None` where it does not say, as in a live recording.
    pub(super) end: Option<u64>,
}

impl Element {
    /// The elements in it, of a file of `len` bytes.
    pub(super) fn children(self, file: &File, len: u64) -> impl Iterator<Item = Self> + use<'_> {
        let end = self.end.map_or(len, |end| end.min(len));
        elements(file, self.content, end)
    }

    /// Its content as a whole number.
    pub(super) fn number(self, file: &File) -> Option<u64> {
        let n_bytes = self.end?.checked_sub(self.content).filter(|&n| n <= 8)?;
        (0..n_bytes).try_fold(0, |number, at| {
            let [byte] = read(file, self.content + at).ok()?;
            Some(number << 8 | u64::from(byte))
        })
    }

    /// Its content as a number with a fraction.
    pub(super) fn float(self, file: &File) -> Option<f64> {
        match self.end?.checked_sub(self.content)? {
            0 => Some(0.0),
            4 => Some(f32::from_be_bytes(read(file, self.content).ok()?).into()),
            8 => Some(f64::from_be_bytes(read(file, self.content).ok()?)),
            _ => None,
        }
    }
}

/// The elements from `start` to `end`. Those of an element that does not say where it ends come behind it.
pub(super) fn elements(
    file: &File,
    start: u64,
    end: u64,
) -> impl Iterator<Item = Element> + use<'_> {
    let mut next = start;
    std::iter::from_fn(move || {
        let found = (next < end)
            .then(|| element_at(file, next).ok().flatten())
            .flatten()?;
        next = found.end.unwrap_or(found.content);
        Some(found)
    })
    .take(MAX_PARTS)
}

/// The number at `offset` in as many bytes as its leading zero bits say, and where it ends. The outer `None` is for more
/// than eight, the inner one for the number that means "not known".
pub(super) fn length_at(file: &File, offset: u64) -> io::Result<Option<(Option<u64>, u64)>> {
    let [first] = read(file, offset)?;
    let n_more = u64::from(first.leading_zeros());
    if n_more > 7 {
        return Ok(None);
    }
    let mut number = u64::from(first) & (0x7f >> n_more);
    for at in 0..n_more {
        let [byte] = read(file, offset + 1 + at)?;
        number = number << 8 | u64::from(byte);
    }
    let unknown = (1 << (7 * (n_more + 1))) - 1;
    Ok(Some((
        (number != unknown).then_some(number),
        offset + 1 + n_more,
    )))
}

fn element_at(file: &File, start: u64) -> io::Result<Option<Element>> {
    let [first] = read(file, start)?;
    let n_more = u64::from(first.leading_zeros());
    if n_more > 3 {
        return Ok(None);
    }
    let mut id = u32::from(first);
    for at in 0..n_more {
        let [byte] = read(file, start + 1 + at)?;
        id = id << 8 | u32::from(byte);
    }
    let Some((length, content)) = length_at(file, start + 1 + n_more)? else {
        return Ok(None);
    };
    let end = match length {
        Some(length) => match content.checked_add(length) {
            Some(end) => Some(end),
            None => return Ok(None),
        },
        None => None,
    };
    Ok(Some(Element {
        id,
        start,
        content,
        end,
    }))
}
