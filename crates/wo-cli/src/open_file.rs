//! Files that are read by their path: only regular ones, so that no read waits for a FIFO or goes on for ever.

use std::fmt;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// A link that is not followed.
const LINK: &str = "a link";

/// Something that is there and is no file.
#[derive(Debug)]
struct NotAFile(&'static str);

impl fmt::Display for NotAFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is {}, not a file", self.0)?;
        if self.0 == LINK {
            f.write_str("; replace it by the file that it leads to")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotAFile {}

/// Opens a regular file to read it. Anything else, such as a FIFO or a device, is an error and is not waited for.
pub fn open_file(path: &Path) -> io::Result<File> {
    // Opening a device can do something to it.
    check(fs::metadata(path)?.file_type())?;
    let file = File::options()
        .read(true)
        // Another thing may have the name by now, and opening a FIFO waits for whoever writes to it.
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32)
        .open(path)?;
    ensure_file(&file)?;
    Ok(file)
}

/// Fails unless it is a regular file. For files that are opened in another way than by [`open_file`].
pub fn ensure_file(file: &File) -> io::Result<()> {
    check(file.metadata()?.file_type())
}

/// Opens, as `options` say, a file of a folder that others may have made and that only our tools write. Also a link in its
/// place is an error: it could lead to any file of the user. Nothing is waited for.
pub fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(there) => check(there.file_type())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // Another thing may have the name by now.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits() as i32).open(path)?;
    ensure_file(&file)?;
    Ok(file)
}

/// The bytes of a regular file.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of a file that a person names, who may mean what the shell hands over as `/dev/fd/63` or `/dev/stdin`.
pub fn read_given(path: &Path) -> io::Result<Vec<u8>> {
    if path.starts_with("/dev/fd") || path == Path::new("/dev/stdin") {
        return fs::read(path);
    }
    read_bytes(path)
}

/// The text of a regular file.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_file(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether an error says that something is there and is no file.
pub(crate) fn is_not_a_file(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<NotAFile>)
}

fn check(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    Err(not_a_file(kind))
}

/// The error that something of this kind is no file.
pub(crate) fn not_a_file(kind: FileType) -> io::Error {
    let (error, what) = if kind.is_dir() {
        (ErrorKind::IsADirectory, "a folder")
    } else if kind.is_symlink() {
        (ErrorKind::InvalidInput, LINK)
    } else if kind.is_fifo() {
        (ErrorKind::InvalidInput, "a FIFO")
    } else if kind.is_socket() {
        (ErrorKind::InvalidInput, "a socket")
    } else {
        (ErrorKind::InvalidInput, "a device")
    };
    io::Error::new(error, NotAFile(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "text").unwrap();
        assert_eq!(read_text(&file).unwrap(), "text");
        assert_eq!(read_bytes(&file).unwrap(), b"text");
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&fifo, &link).unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (fifo.as_path(), "it is a FIFO, not a file"),
            (&link, "it is a FIFO, not a file"),
            (&socket, "it is a socket, not a file"),
            (Path::new("/dev/zero"), "it is a device, not a file"),
            (folder.path(), "it is a folder, not a file"),
        ] {
            let error = open_file(path).unwrap_err();
            assert_eq!(error.to_string(), what);
            assert!(is_not_a_file(&error));
        }
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, folder.path().join("to come")).unwrap();
        for name in ["fifo", "link", "socket", "to come"] {
            let path = folder.path().join(name);
            let opened = open_own(&path, File::options().read(true).append(true).create(true));
            let error = opened.unwrap_err();
            assert!(is_not_a_file(&error), "{name}: {error}");
            let is_link = error
                .to_string()
                .contains("it is a link, not a file; replace");
            assert_eq!(is_link, path.is_symlink(), "{name}: {error}");
        }
        assert!(!target.exists());
        open_own(&file, File::options().append(true)).unwrap();
        let missing = open_file(&folder.path().join("none")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert!(!is_not_a_file(&missing));
    }
}
