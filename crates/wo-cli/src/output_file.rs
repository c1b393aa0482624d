//! The file that an output option names. It appears whole or not at all; what is no regular file is written through.

use std::fs::{self, File};
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::open_file::not_a_file;

/// A chain of more links is a circle.
const MAX_LINKS: usize = 40;

/// An output that is being written. Dropped before [`OutputFile::commit`] it leaves a file as it was.
#[derive(Debug)]
pub struct OutputFile(Target);

#[derive(Debug)]
enum Target {
    /// A file beside its place, which it takes when it is whole.
    Whole(BufWriter<AtomicWriteFile>),
    /// A FIFO, a device or an open file of this process, which keeps its place and gets the bytes as they come.
    Through(BufWriter<File>),
}

impl OutputFile {
    /// Begins the output at `path`. A link is followed, so that the file at its end is replaced and the link stays. Opening
    /// a FIFO waits for its reader.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (place, is_of_process) = end_of_links(path)?;
        let target = match fs::metadata(&place) {
            Ok(facts) if facts.is_dir() => return Err(not_a_file(facts.file_type())),
            Ok(facts) if !facts.is_file() || is_of_process => {
                // Appending changes nothing for a FIFO or a device, and keeps what a file of the shell's `>>` has.
                let file = File::options().append(true).open(&place)?;
                Target::Through(BufWriter::new(file))
            }
            _ => Target::Whole(BufWriter::new(AtomicWriteFile::open(&place)?)),
        };
        Ok(Self(target))
    }

    /// Lets a file take its place.
    pub fn commit(self) -> io::Result<()> {
        match self.0 {
            Target::Whole(output) => output
                .into_inner()
                .map_err(IntoInnerError::into_error)?
                .commit(),
            Target::Through(mut output) => output.flush(),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Target::Whole(output) => output.write(bytes),
            Target::Through(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Target::Whole(output) => output.flush(),
            Target::Through(output) => output.flush(),
        }
    }
}

/// Writes a file as [`OutputFile`] does.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OutputFile::open(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Where the links at `path` end, and whether that is an open file of a process, as `/dev/stdout` is.
fn end_of_links(path: &Path) -> io::Result<(PathBuf, bool)> {
    // Without a slash at the end: behind what is no folder it would hide what is there.
    let mut path: PathBuf = path.components().collect();
    for _ in 0..MAX_LINKS {
        let Ok(link) = fs::read_link(&path) else {
            return Ok((path, false));
        };
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // The target of such a link is a name to be looked at, and may be none.
        if folder.canonicalize()?.starts_with("/proc") {
            return Ok((path, true));
        }
        path = folder.join(link);
    }
    Err(io::Error::other("too many links"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_when_it_is_whole_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut file = OutputFile::open(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let mut file = OutputFile::open(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        write_file(&path, b"newer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("there")).unwrap();
        let link = folder.path().join("link");
        symlink("there/a", &link).unwrap();
        for text in ["first", "second"] {
            write_file(&link, text.as_bytes()).unwrap();
            assert!(link.symlink_metadata().unwrap().is_symlink());
            assert_eq!(
                fs::read_to_string(folder.path().join("there/a")).unwrap(),
                text
            );
        }
        let circle = folder.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(OutputFile::open(&circle).is_err());
    }

    #[test]
    fn what_is_no_file_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, mode).unwrap();
        let link = folder.path().join("link");
        symlink(&fifo, &link).unwrap();
        // A slash at the end does not hide it.
        for path in [&fifo, &link, &fifo.join(""), &fifo.join(".")] {
            let read = std::thread::spawn({
                let fifo = fifo.clone();
                move || {
                    let mut text = String::new();
                    File::open(fifo)
                        .and_then(|mut file| file.read_to_string(&mut text))
                        .unwrap();
                    text
                }
            });
            write_file(path, b"through").unwrap();
            assert_eq!(read.join().unwrap(), "through");
            assert!(fifo.symlink_metadata().unwrap().file_type().is_fifo());
        }
        let error = OutputFile::open(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "it is a folder, not a file");
    }

    #[test]
    fn an_open_file_of_the_process_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "before\n").unwrap();
        let file = File::options().append(true).open(&path).unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&file);
        write_file(Path::new(&format!("/dev/fd/{number}")), b"after\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nafter\n");
    }
}
