//! Whether the disk of the cache has room for what is announced. Asked before a byte is written.

use std::path::Path;

use crate::Error;

/// Fails where `wanted` more bytes leave less than `margin` free on the disk of `path`, which need not exist.
pub(crate) fn check_room(path: &Path, wanted: u64, margin: u64) -> Result<(), Error> {
    let there = path.ancestors().find(|it| it.exists()).unwrap_or(path);
    let disk = rustix::fs::statvfs(there)
        .map_err(|errno| Error::io("ask for the room on the disk of", there, errno.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if wanted.saturating_add(margin) <= free {
        return Ok(());
    }
    Err(Error::Room {
        folder: there.to_owned(),
        wanted,
        free,
        margin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_both_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/yet");
        check_room(&path, 1, 0).expect("a byte has room");
        for (wanted, margin) in [(1 << 60, 0), (u64::MAX, 1), (1, u64::MAX)] {
            let error = check_room(&path, wanted, margin).unwrap_err();
            assert!(matches!(error, Error::Room { .. }), "{error}");
            let hint = error.hint().unwrap_or_default();
            assert!(hint.contains("HF_HUB_CACHE"), "{hint}");
        }
        assert!(!path.exists());
    }
}
