//! Opens files of a folder without waiting: a pipe or a device in the place of one would never end.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};

/// Opens a file for reading. A pipe, a device and a folder are refused.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Without waiting for who writes into a pipe.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::openat(CWD, path, flags, Mode::empty())?);
    refuse_irregular(&file)?;
    Ok(file)
}

/// Fails unless it is a regular file.
pub fn refuse_irregular(file: &File) -> io::Result<()> {
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() {
        "it is a folder"
    } else {
        "it is a pipe or a device"
    };
    let error = format!("{what}, not a file");
    Err(io::Error::new(ErrorKind::InvalidInput, error))
}

/// The bytes of a file, likewise.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "text").unwrap();
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(CWD, at("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(read_regular(&at("file")).unwrap(), b"text");
        for (path, what) in [
            (at("pipe"), "pipe"),
            (at("."), "folder"),
            ("/dev/null".into(), "device"),
        ] {
            let error = open_regular(&path).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        let error = open_regular(&at("none")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
