//! Paths as people write them and as they are compared.

use std::path::{Component, Path, PathBuf};

/// `path` from the root of the file system on, without `.` and `..`. Links are left as they are: their names are
/// what the user sees and means.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .components()
    {
        if component == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    plain
}

/// `path` as somebody in the working directory would write it.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    if path == Path::new("") {
        ".".to_owned()
    } else {
        path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out_of_a_path() {
        assert_eq!(absolute(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert!(absolute(Path::new("a")).is_absolute());
    }
}
