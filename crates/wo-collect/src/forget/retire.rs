//! Sets models aside that were trained on forgotten videos.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The folder in the folder of models.
pub(crate) const RETIRED: &str = "retired";
/// A link to the model in use.
const CURRENT: &str = "current";
/// The notes beside a model that is one file.
const NOTES: [&str; 3] = ["README.md", "learning_curve.svg", "out_of_fold.ndjson"];

/// Moves models into `models/retired`. Returns where each went.
pub(crate) fn retire(
    models: &Path,
    trained: &BTreeSet<PathBuf>,
) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
    let mut moved = Vec::new();
    // Of one model within the folder of another the inner one first.
    for model in trained.iter().rev().filter(|it| it.exists()) {
        let aside = models.join(RETIRED);
        fs::create_dir_all(&aside).with_context(|| format!("make {}", aside.display()))?;
        let to = free_name(&aside, models, model);
        rename(model, &to)?;
        for note in NOTES.iter().filter(|_| to.is_file()) {
            let (from, to) = (beside(model, note), beside(&to, note));
            if from.exists() {
                rename(&from, &to)?;
            }
        }
        moved.push((model.clone(), to));
    }
    Ok(moved)
}

/// Whether the model in use is one of these, or gone.
pub(crate) fn is_in_use(models: &Path, trained: &BTreeSet<PathBuf>) -> bool {
    let link = models.join(CURRENT);
    let Ok(target) = fs::canonicalize(&link) else {
        return link.symlink_metadata().is_ok();
    };
    let mut places = trained.iter().flat_map(fs::canonicalize);
    places.any(|place| place == target)
}

fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::rename(from, to).with_context(|| format!("move {} to {}", from.display(), to.display()))
}

/// `versions/3` is `versions_3` there, with a number behind it where that is taken.
fn free_name(aside: &Path, models: &Path, model: &Path) -> PathBuf {
    let root = fs::canonicalize(models).unwrap_or_default();
    let place = fs::canonicalize(model).unwrap_or_else(|_| model.to_owned());
    let place = place.strip_prefix(&root).unwrap_or(&place);
    let parts = place
        .iter()
        .map(|it| it.to_string_lossy().trim_matches('/').to_owned());
    let parts: Vec<String> = parts.filter(|it| !it.is_empty()).collect();
    let name = parts.join("_");
    let names = (1..).map(|number| match number {
        1 => aside.join(&name),
        number => aside.join(format!("{name}_{number}")),
    });
    let mut free = names.filter(|path| path.symlink_metadata().is_err());
    free.next().unwrap_or_else(|| aside.join(&name))
}

fn beside(model: &Path, note: &str) -> PathBuf {
    let mut name = model.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(note);
    model.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_move_with_their_notes_and_the_one_in_use_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let models = dir.path().join("models");
        for version in ["versions/1", "versions/2"] {
            fs::create_dir_all(models.join(version)).unwrap();
        }
        for file in ["m.pt", "m.pt.README.md", "m.pt.bak"] {
            fs::write(models.join(file), file).unwrap();
        }
        std::os::unix::fs::symlink("versions/2", models.join("current")).unwrap();
        let trained = |names: &[&str]| -> BTreeSet<PathBuf> {
            names.iter().map(|name| models.join(name)).collect()
        };
        assert!(!is_in_use(&models, &trained(&["versions/1", "m.pt"])));
        assert!(is_in_use(&models, &trained(&["versions/2"])));
        let moved = retire(&models, &trained(&["versions/2", "m.pt"])).unwrap();
        assert_eq!(moved.len(), 2);
        for name in ["versions_2", "m.pt", "m.pt.README.md"] {
            assert!(models.join(RETIRED).join(name).exists(), "{name}");
        }
        assert!(models.join("m.pt.bak").exists() && models.join("versions/1").exists());
        assert!(is_in_use(&models, &trained(&[])), "the link leads nowhere");
        fs::create_dir_all(models.join("versions/2")).unwrap();
        retire(&models, &trained(&["versions/2"])).unwrap();
        assert!(models.join(RETIRED).join("versions_2_2").exists());
    }
}
