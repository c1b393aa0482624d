//! The model that the new one replaces. It is kept beside the new one as `NAME.bak`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, Message, bail, message, shell_word};
use wo_clip::working_folder;

/// The notes beside a model that is one file.
pub(crate) const NOTES: [&str; 3] = ["README.md", "learning_curve.svg", "out_of_fold.ndjson"];
/// A folder with this file is a model.
const CONFIG: &str = "config.json";

/// A model that will be replaced.
#[derive(Debug)]
pub(crate) struct PreviousModel {
    model: PathBuf,
    kept: PathBuf,
}

impl PreviousModel {
    /// The model at `model`, if any. Anything that is no model is never replaced.
    pub(crate) fn of(model: &Path) -> anyhow::Result<Option<Self>> {
        let facts = match fs::metadata(model) {
            Ok(facts) => facts,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // Such as a slash behind the name of a device.
            Err(error) => {
                return Err(error).with_context(|| format!("look at {}", model.display()));
            }
        };
        let is_file = model.extension().is_some_and(|ending| ending == "pt");
        let reject = |why: &str| {
            bail!(
                Exit::Usage,
                "{} {why}", model.display();
                "give --output the name of a new folder or a new .pt file"
            )
        };
        if !facts.is_dir() && !facts.is_file() {
            return reject("is neither a file nor a folder, and a model is one of them");
        }
        if !facts.is_dir() && !is_file {
            return reject("is a file, and a model whose name does not end in .pt is a folder");
        }
        if facts.is_dir() {
            let is_empty = fs::read_dir(model)
                .with_context(|| format!("read the folder {}", model.display()))?
                .next()
                .is_none();
            if is_file {
                return reject("is a folder, and a model whose name ends in .pt is a file");
            }
            if is_empty {
                return Ok(None);
            }
            if !model.join(CONFIG).exists() {
                return reject("is a folder without a model, so it is not replaced");
            }
        }
        let kept = (1..=u32::MAX)
            .map(|number| match number {
                1 => beside(model, ".bak"),
                number => beside(model, &format!(".bak{number}")),
            })
            .find(|path| path.symlink_metadata().is_err())
            .context("a free name")?;
        Ok(Some(Self {
            model: model.to_owned(),
            kept,
        }))
    }

    /// Announces that it will be kept.
    pub(crate) fn announcement(&self) -> String {
        format!(
            "{} exists; it will be replaced, and kept as {}",
            self.model.display(),
            self.kept.display()
        )
    }

    /// Copies it to its new name. The original stays until the new model replaces it.
    pub(crate) fn keep(&self) -> anyhow::Result<()> {
        let doing = || format!("keep {} as {}", self.model.display(), self.kept.display());
        if self.model.is_dir() {
            let part = working_folder(&self.kept, "part").with_context(doing)?;
            copy_into(&self.model, part.path())
                .and_then(|()| fs::rename(part.keep(), &self.kept))
                .with_context(doing)?;
        } else {
            copy_file(&self.model, &self.kept).with_context(doing)?;
            // Notes of the old model must not pass for those of the new one.
            for note in NOTES {
                let ending = format!(".{note}");
                let (old, kept) = (beside(&self.model, &ending), beside(&self.kept, &ending));
                if old.exists() {
                    fs::rename(&old, &kept).with_context(doing)?;
                }
            }
        }
        Ok(())
    }

    /// How to restore it, once the new one is there.
    pub(crate) fn how_to_restore(&self) -> Message {
        let (model, kept) = (shell_word(&self.model), shell_word(&self.kept));
        let mut removed = vec![model.clone()];
        let mut moves = vec![format!("mv {kept} {model}")];
        let is_folder = self.model.is_dir();
        // The notes of a folder lie in it; those of a file move with it.
        for note in NOTES.iter().filter(|_| !is_folder) {
            let ending = format!(".{note}");
            let (new, old) = (beside(&self.model, &ending), beside(&self.kept, &ending));
            if new.exists() {
                removed.push(shell_word(&new));
            }
            if old.exists() {
                moves.push(format!("mv {} {}", shell_word(&old), shell_word(&new)));
            }
        }
        let remove = if is_folder { "rm -r" } else { "rm" };
        message!(
            "the previous model is kept as {}", self.kept.display();
            "to restore it: {remove} {} && {}", removed.join(" "), moves.join(" && ")
        )
    }
}

/// The path with `suffix` added to its file name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Copies a file, as a hard link where the file system has them, which takes no space. A link is safe, since models are
/// replaced and never changed in place.
fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

/// Copies the content of a folder into an existing one.
fn copy_into(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&to)?;
            copy_into(&entry.path(), &to)?;
        } else {
            copy_file(&entry.path(), &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_kept_under_a_name_that_is_free() {
        let dir = tempfile::tempdir().expect("a folder");
        let model = dir.path().join("m.pt");
        assert!(PreviousModel::of(&model).expect("nothing").is_none());
        for (content, kept) in [("1", "m.pt.bak"), ("2", "m.pt.bak2"), ("3", "m.pt.bak3")] {
            fs::write(&model, content).expect("a model");
            fs::write(beside(&model, ".README.md"), content).expect("a card");
            let old = PreviousModel::of(&model)
                .expect("a model")
                .expect("a model");
            assert!(old.announcement().contains(kept), "{}", old.announcement());
            old.keep().expect("kept");
            // As a new model does: another file takes the name.
            fs::write(beside(&model, ".new"), "new").expect("a model");
            fs::rename(beside(&model, ".new"), &model).expect("replaced");
            let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("a file");
            assert_eq!(read(kept), content);
            assert_eq!(read(&format!("{kept}.README.md")), content);
            assert!(!beside(&model, ".README.md").exists());
            assert!(
                old.how_to_restore().hints[0].contains("&& mv "),
                "{}",
                old.how_to_restore().shown()
            );
        }
    }

    #[test]
    fn restoring_takes_the_notes_along() {
        let dir = tempfile::tempdir().expect("a folder");
        let model = dir.path().join("my model.pt");
        let note = |of: &Path, name: &str| beside(of, &format!(".{name}"));
        fs::write(&model, "old").expect("a model");
        fs::write(note(&model, "README.md"), "old").expect("a card");
        let old = PreviousModel::of(&model)
            .expect("a model")
            .expect("a model");
        old.keep().expect("kept");
        fs::write(beside(&model, ".new"), "new").expect("a model");
        fs::rename(beside(&model, ".new"), &model).expect("replaced");
        for name in ["README.md", "learning_curve.svg"] {
            fs::write(note(&model, name), "new").expect("a note");
        }
        let how_to_restore = old.how_to_restore();
        let (_, command) = how_to_restore.hints[0]
            .split_once("to restore it: ")
            .expect("a command");
        let mut shell = std::process::Command::new("sh");
        assert!(shell.args(["-ec", command]).status().expect("sh").success());
        let mut files: Vec<(String, String)> = fs::read_dir(dir.path())
            .expect("a folder")
            .map(|entry| {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_string_lossy();
                (
                    name.into_owned(),
                    fs::read_to_string(&path).expect("a text"),
                )
            })
            .collect();
        files.sort();
        let expected = [("my model.pt", "old"), ("my model.pt.README.md", "old")];
        assert_eq!(files, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn a_folder_is_kept_whole() {
        let dir = tempfile::tempdir().expect("a folder");
        let model = dir.path().join("m");
        fs::create_dir_all(model.join("notes")).expect("a folder");
        fs::write(model.join("notes/mine.txt"), "mine").expect("a file");
        let error = PreviousModel::of(&model).expect_err("no model").to_string();
        assert!(error.contains("without a model"), "{error}");
        fs::write(model.join(CONFIG), "{}").expect("a file");
        let mine = dir.path().join("m.bak.part");
        fs::create_dir(&mine).expect("a folder of another program");
        let old = PreviousModel::of(&model)
            .expect("a model")
            .expect("a model");
        old.keep().expect("kept");
        let text = fs::read_to_string(dir.path().join("m.bak/notes/mine.txt"));
        assert_eq!(text.expect("a file"), "mine");
        assert!(mine.exists());
        assert!(model.join(CONFIG).exists(), "it stays until it is replaced");
    }

    #[test]
    fn what_is_no_model_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("m");
        fs::write(&file, "a text").expect("a file");
        assert!(PreviousModel::of(&file).is_err());
        assert!(PreviousModel::of(&file.join("")).is_err(), "with a slash");
        let folder = dir.path().join("m.pt");
        fs::create_dir(&folder).expect("a folder");
        assert!(PreviousModel::of(&folder).is_err());
        let empty = dir.path().join("empty");
        fs::create_dir(&empty).expect("a folder");
        assert!(PreviousModel::of(&empty).expect("nothing").is_none());
    }
}
