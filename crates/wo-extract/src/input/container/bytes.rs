//! Numbers at a place in a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A file with more parts than this is read no further; real ones have a handful, fragmented ones thousands.
pub(super) const MAX_PARTS: usize = 100_000;

pub(super) fn read<const N: usize>(file: &File, offset: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

pub(super) fn read_u32(file: &File, offset: u64) -> Option<u32> {
    read(file, offset).ok().map(u32::from_be_bytes)
}

pub(super) fn read_u64(file: &File, offset: u64) -> Option<u64> {
    read(file, offset).ok().map(u64::from_be_bytes)
}
