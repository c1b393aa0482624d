//! The folder `models` of a workspace: where its files lie.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The folder of models, from the working directory.
pub(crate) const MODELS: &str = "models";

/// The folder of models.
#[derive(Debug, Clone)]
pub(crate) struct ModelsFolder(PathBuf);

impl ModelsFolder {
    /// That of the workspace in which the tool runs.
    pub(crate) fn here() -> Self {
        Self(MODELS.into())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What happened.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.0.join("ledger.ndjson")
    }

    /// A link to the model in use.
    pub(crate) fn current(&self) -> PathBuf {
        self.0.join("current")
    }

    /// The models that were promoted.
    pub(crate) fn versions(&self) -> PathBuf {
        self.0.join("versions")
    }

    /// One of them.
    pub(crate) fn version(&self, name: &str) -> PathBuf {
        self.versions().join(name)
    }

    /// The names in that folder which a promotion gave. Whatever else lies there belongs to a person.
    pub(crate) fn names_of_versions(&self) -> anyhow::Result<Vec<String>> {
        let reading = || format!("read the folder {}", self.versions().display());
        let mut names = Vec::new();
        for entry in fs::read_dir(self.versions()).with_context(reading)? {
            let name = entry.with_context(reading)?.file_name();
            names.extend(name.into_string().ok().filter(|it| is_name_of_version(it)));
        }
        names.sort();
        Ok(names)
    }

    /// How the last run went.
    pub(crate) fn last_run(&self) -> PathBuf {
        self.0.join("last-run.json")
    }

    /// The reports of comparisons.
    pub(crate) fn reports(&self) -> PathBuf {
        self.0.join("reports")
    }

    /// The hashes of files by their size and times.
    pub(crate) fn hash_cache(&self) -> PathBuf {
        self.0.join(".hashes.json")
    }

    /// Makes it where it is missing, and waits until no other run of this tool changes it.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let what = || format!("lock {}", self.0.display());
        fs::create_dir_all(self.versions())
            .with_context(|| format!("create the folder {}", self.versions().display()))?;
        let folder = File::open(&self.0).with_context(what)?;
        folder.lock().with_context(what)?;
        Ok(folder)
    }
}

/// Makes names that were changed in a folder last through a power cut.
pub(crate) fn sync(folder: &Path) -> anyhow::Result<()> {
    let is_here = folder.as_os_str().is_empty();
    let folder = if is_here { Path::new(".") } else { folder };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("sync {}", folder.display()))
}

/// What a link points to; `None` where there is nothing.
pub(crate) fn target_of(link: &Path) -> anyhow::Result<Option<PathBuf>> {
    match fs::read_link(link) {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            wo_cli::bail!(
                wo_cli::Exit::Usage,
                "{} is no link to a model", link.display();
                "put it aside: mv {} {}", wo_cli::shell_word(link), wo_cli::shell_word(&link.with_file_name("aside"))
            )
        }
        Err(error) => Err(error).with_context(|| format!("read {}", link.display())),
    }
}

/// A number and the first digits of a hash.
pub(crate) fn is_name_of_version(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_hexdigit());
    name.split_once('-').is_some_and(|(number, hash)| {
        number.len() >= 6 && hash.len() == 8 && digits(number) && digits(hash)
    })
}
