//! A file that is there only when it is whole: written under another name beside its own, then renamed.

use std::fs::{Permissions, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A file that has not yet got its name. Dropped before [`NewFile::commit`] it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl NewFile {
    /// Begins the file, and makes its folder if need be.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        create_dir_all(folder)?;
        let file = Builder::new()
            .prefix(".wo-synth-")
            .suffix(".part")
            // What other files get; the umask takes away from it. A temporary file would be its owner's alone.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)?;
        Ok(Self {
            file: BufWriter::new(file),
            path: path.to_owned(),
        })
    }

    /// The name until the end, for somebody else to write to.
    pub(crate) fn temporary_path(&self) -> &Path {
        self.file.get_ref().path()
    }

    /// Gives the file its name, in the place of what had it before.
    pub(crate) fn commit(self) -> io::Result<()> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
