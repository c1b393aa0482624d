//! A folder that is open, and files below it. The kernel refuses every path that leads out of it: `..`, absolute paths, and
//! links that point elsewhere, whoever put them there and whenever.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, mkdirat, openat2, renameat, unlinkat};
use rustix::io::Errno;

/// How often another name is tried for a file that is being written.
const N_TRIES: u32 = 100;

/// An open folder. Paths are meant from it, and nothing outside of it is reached.
#[derive(Debug)]
pub struct Beneath(OwnedFd);

impl Beneath {
    /// Opens the folder, which may be a link.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(dir, flags, Mode::empty())?))
    }

    /// Opens a regular file. Anything else is an error and is not waited for.
    pub fn open_file(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file: File = self.at(path, flags, Mode::empty())?.into();
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ))
    }

    /// The bytes of a regular file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open_file(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether something has this name. A link has it, wherever it points.
    pub fn has(&self, path: &Path) -> io::Result<bool> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        match self.at(path, flags, Mode::empty()) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder with those above it.
    pub fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut made = PathBuf::new();
        for part in path.components() {
            made.push(part);
            if part == Component::CurDir {
                continue;
            }
            let (folder, name) = self.folder_of(&made)?;
            match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                Err(Errno::EXIST) | Ok(()) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Writes a file whole or not at all. A link of its name is replaced, not followed.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (folder, name) = self.folder_of(path)?;
        let (part, mut file) = new_file(&folder, name)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let renamed = written.and_then(|()| Ok(renameat(&folder, &part, &folder, name)?));
        if renamed.is_err() {
            let _ = unlinkat(&folder, &part, AtFlags::empty());
        }
        renamed
    }

    /// Removes a file, or a link.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        let (folder, name) = self.folder_of(path)?;
        Ok(unlinkat(&folder, name, AtFlags::empty())?)
    }

    /// Gives a file another place.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_folder, from_name) = self.folder_of(from)?;
        let (to_folder, to_name) = self.folder_of(to)?;
        Ok(renameat(&from_folder, from_name, &to_folder, to_name)?)
    }

    fn at(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(
            &self.0,
            path,
            flags | OFlags::CLOEXEC,
            mode,
            resolve,
        )?)
    }

    /// The open folder that a path lies in, and its name there.
    fn folder_of<'a>(&self, path: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
        let name = path.file_name().filter(|_| !is_outside(path));
        let name = name.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path leads out of the folder",
            )
        })?;
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder = self.at(folder.unwrap_or(Path::new(".")), flags, Mode::empty())?;
        Ok((folder, name))
    }
}

fn is_outside(path: &Path) -> bool {
    let is_below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.components().all(is_below)
}

/// A new file in a folder, under a name beside that which it is to have.
fn new_file(folder: &OwnedFd, name: &OsStr) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    for _ in 0..N_TRIES {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let letters = (u64::from(std::process::id()) << 8) + u64::from(number);
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(format!(".{:06x}", letters & 0xff_ffff));
        match rustix::fs::openat(folder, &part, flags, mode) {
            Ok(file) => return Ok((part.into(), file.into())),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_below_a_folder_are_written_moved_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let beneath = Beneath::open(home.path()).unwrap();
        beneath.create_dir_all(Path::new("a/b")).unwrap();
        beneath.create_dir_all(Path::new("./a/b")).unwrap();
        for text in ["one", "two"] {
            beneath
                .write(Path::new("a/b/file"), text.as_bytes())
                .unwrap();
            assert_eq!(
                beneath.read(Path::new("a/b/file")).unwrap(),
                text.as_bytes()
            );
        }
        beneath
            .rename(Path::new("a/b/file"), Path::new("a/moved"))
            .unwrap();
        assert!(beneath.has(Path::new("a/moved")).unwrap());
        assert!(!beneath.has(Path::new("a/b/file")).unwrap());
        beneath.remove(Path::new("a/moved")).unwrap();
        assert_eq!(fs::read_dir(home.path().join("a/b")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(home.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn nothing_outside_is_reached() {
        let home = tempfile::tempdir().unwrap();
        let (dir, outside) = (home.path().join("dir"), home.path().join("outside"));
        for folder in [&dir, &outside] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(outside.join("secret"), "secret").unwrap();
        symlink("../outside", dir.join("out")).unwrap();
        symlink("../outside/secret", dir.join("link")).unwrap();
        let beneath = Beneath::open(&dir).unwrap();
        let absolute = outside.join("secret");
        for path in [
            Path::new("../outside/secret"),
            Path::new("x/../../outside/secret"),
            Path::new("out/secret"),
            &absolute,
        ] {
            assert!(beneath.read(path).is_err(), "{}", path.display());
            assert!(beneath.write(path, b"mine").is_err(), "{}", path.display());
            assert!(beneath.remove(path).is_err(), "{}", path.display());
            assert!(beneath.rename(path, Path::new("here")).is_err());
            assert!(!matches!(beneath.has(path), Ok(true)), "{}", path.display());
        }
        assert!(beneath.create_dir_all(Path::new("out/new")).is_err());
        assert!(beneath.create_dir_all(Path::new("../new")).is_err());
        assert!(beneath.read(Path::new("link")).is_err());
        // The link is replaced; what it pointed to stays.
        beneath.write(Path::new("link"), b"mine").unwrap();
        assert_eq!(fs::read_to_string(dir.join("link")).unwrap(), "mine");
        assert_eq!(
            fs::read_to_string(outside.join("secret")).unwrap(),
            "secret"
        );
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_fifo_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RUSR).unwrap();
        let beneath = Beneath::open(home.path()).unwrap();
        assert!(beneath.read(Path::new("fifo")).is_err());
        assert!(beneath.has(Path::new("fifo")).unwrap());
    }
}
