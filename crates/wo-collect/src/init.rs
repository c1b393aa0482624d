//! Makes a folder to begin with: where videos go, what each kind of video should show, and where to find some.

mod class_readme;
mod template;

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Outcome, count};
use wo_record::Name;

pub(crate) use self::class_readme::class_files;
use crate::cli::config::InitConfig;

/// Runs `wo-collect init`. What is there stays as it is.
pub(crate) fn init(config: &InitConfig) -> anyhow::Result<Outcome> {
    if config.dir.exists() && !config.dir.is_dir() {
        wo_cli::bail!(
            Exit::Usage,
            "{} is a file, and a workspace is a folder", config.dir.display();
            "name a folder; it is made where it is not there"
        );
    }
    let mut n_made = 0;
    for (path, text) in template::files() {
        n_made += u64::from(make(&config.dir.join(path), text.as_bytes())?);
    }
    let name = config.dir.display();
    match n_made {
        0 => wo_cli::say!("{name}: all of it is there already"),
        n => wo_cli::say!(
            "{name}: made {}; {name}/README.md says how to go on",
            count(n, "file")
        ),
    }
    Ok(Outcome::Done)
}

/// Makes the folders of an exercise, with their files. Returns how many files are new.
pub(crate) fn make_exercise(videos: &Path, exercise: &Name) -> anyhow::Result<u64> {
    let mut n_made = 0;
    for (path, text) in class_files(exercise) {
        n_made += u64::from(make(&videos.join(path), text.as_bytes())?);
    }
    Ok(n_made)
}

/// Makes a file with its folder, unless something has its name. True if it is new.
fn make(path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    let what = || format!("make {}", path.display());
    if fs::symlink_metadata(path).is_ok() {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .with_context(|| format!("make {}", folder.display()))
        .exit_with(Exit::Io)?;
    // Under another name first, so that a run that is killed leaves no half of a file that the next one would keep.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    // A link does not take the place of a file that somebody makes at the same moment.
    let linked = written.and_then(|()| fs::hard_link(&new, path));
    let removed = fs::remove_file(&new);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(what).exit_with(Exit::Io),
        Ok(()) => removed.map(|()| true).with_context(what),
    }
}
