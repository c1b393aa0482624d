//! Where a relative path starts: at the folder of the file that names it, and in a pipe at the working directory
//! (`docs/records.md`).

use std::io;
use std::path::{Component, Path, PathBuf};

/// A folder, absolute and without `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseFolder(PathBuf);

impl BaseFolder {
    /// The place of paths in `file`, or in a pipe. A file that exists but is no regular one, such as `/dev/fd/63`, is a
    /// pipe too.
    pub fn of(file: Option<&Path>) -> io::Result<Self> {
        let here = normal(&std::path::absolute(".")?);
        Ok(Self(normal(&here.join(folder_of_paths(file)))))
    }

    /// A folder as the place of what lies in it.
    pub fn of_folder(dir: &Path) -> io::Result<Self> {
        Ok(Self(normal(&std::path::absolute(".")?.join(dir))))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `path`, meant from here, as an absolute path.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        normal(&self.0.join(path))
    }

    /// `path`, meant from here, as it must be written to mean the same from `other`; `None` where it may stay.
    pub fn rebased(&self, path: &Path, other: &Self) -> Option<PathBuf> {
        // As texts: components of equal folders are compared for each record else.
        if path.is_absolute() || self.0.as_os_str() == other.0.as_os_str() {
            return None;
        }
        let absolute = self.resolve(path);
        Some(
            absolute
                .strip_prefix(&other.0)
                .map(Path::to_owned)
                .unwrap_or(absolute),
        )
    }
}

/// The same folder as a relative path, where `file` is one.
pub fn folder_of_paths(file: Option<&Path>) -> &Path {
    file.filter(|file| !is_pipe(file))
        .and_then(Path::parent)
        .unwrap_or(Path::new(""))
}

/// Whether a name is that of a pipe, or of what a shell hands over: `/dev/stdin` may lead to a file.
fn is_pipe(file: &Path) -> bool {
    file == Path::new("-")
        || file.starts_with("/dev")
        || file.starts_with("/proc")
        || file.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Without `.` and `..`, by the text alone: the file need not exist.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> BaseFolder {
        BaseFolder(path.into())
    }

    #[test]
    fn dots_go() {
        assert_eq!(
            place("/data").resolve(Path::new("./a/../b/x.jpg")),
            Path::new("/data/b/x.jpg")
        );
        assert_eq!(
            place("/data").resolve(Path::new("../../../x.jpg")),
            Path::new("/x.jpg")
        );
        assert_eq!(
            place("/data").resolve(Path::new("/abs/x.jpg")),
            Path::new("/abs/x.jpg")
        );
    }

    #[test]
    fn a_path_means_the_same_from_elsewhere() {
        let check = |from: &str, to: &str, path: &str, expected: Option<&str>| {
            let rebased = place(from).rebased(Path::new(path), &place(to));
            assert_eq!(
                rebased.as_deref(),
                expected.map(Path::new),
                "{from} {to} {path}"
            );
        };
        check("/w", "/w", "./a.jpg", None);
        check("/w/frames", "/w", "a.jpg", Some("frames/a.jpg"));
        check("/w", "/w/frames", "frames/a.jpg", Some("a.jpg"));
        check("/w", "/elsewhere", "a.jpg", Some("/w/a.jpg"));
        check("/w", "/elsewhere", "/abs/a.jpg", None);
    }
}
