//! The videos of a folder, with all that is said of each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::WalkDir;
use wo_cli::{Exit, ExitWith, Hint, Message};
use wo_folder::{GROUP_COLUMNS, MEDIA_ENDINGS, WrittenLabel, has_ending};
use wo_record::{Failure, Name, Video, same_id};

use crate::check::probed::{Probed, place_of};
use crate::check::provided::{Provenance, Provided};
use crate::cli::config::CheckConfig;
use crate::groups::{GroupsTable, tables_below};
use crate::video_files::hash_of;

/// A video.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckedVideo {
    /// Its path from the folder of videos.
    pub(crate) path: String,
    /// BLAKE3 of its bytes.
    pub(crate) id: String,
    pub(crate) exercise: Option<Name>,
    pub(crate) label: Option<Name>,
    /// The label that the name of a folder may mean.
    pub(crate) meant: Option<&'static str>,
    pub(crate) person: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) angle: Option<Name>,
    pub(crate) provenance: Option<Provenance>,
    pub(crate) probed: Option<Video>,
    pub(crate) failure: Option<Failure>,
}

impl CheckedVideo {
    /// Its exercise and label, if it has both.
    pub(crate) fn class(&self) -> Option<(&Name, &Name)> {
        self.exercise.as_ref().zip(self.label.as_ref())
    }

    /// Whether it is of this exercise and label.
    pub(crate) fn is_of(&self, exercise: &Name, label: &str) -> bool {
        self.class()
            .is_some_and(|(own, its)| own == exercise && its.as_str() == label)
    }

    /// Its person in the spelling that all have in common.
    pub(crate) fn person_key(&self) -> Option<String> {
        self.person.as_deref().map(same_id)
    }

    /// Its source, likewise.
    pub(crate) fn source_key(&self) -> Option<String> {
        self.source.as_deref().map(same_id)
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    pub(crate) videos: Vec<CheckedVideo>,
    /// Exercises that have a folder.
    pub(crate) exercises: BTreeSet<Name>,
    pub(crate) groups: Vec<GroupsTable>,
    /// What is odd about the columns of tables.
    pub(crate) troubles: Vec<(PathBuf, Message)>,
    pub(crate) provided: Provided,
    /// Whether somebody looked at the videos themselves.
    pub(crate) is_probed: bool,
}

impl Collection {
    /// Reads a folder and what is said of it.
    pub(crate) fn read(config: &CheckConfig, probed: &Probed) -> anyhow::Result<Self> {
        let root = &config.places.videos;
        wo_cli::check_folder(root)
            .hint("wo-collect init DIR makes a workspace; --videos names another folder")?;
        let (groups, provided) = (tables_below(root)?, Provided::read(&config.places)?);
        let of_groups = groups.iter().flat_map(|table| {
            let troubles = table.sheet.troubles(&GROUP_COLUMNS).into_iter();
            troubles.map(|trouble| (table.path.clone(), trouble))
        });
        let of_sources = provided.troubles.iter().cloned();
        let of_sources = of_sources.map(|it| (config.places.sources.clone(), it));
        let mut collection = Self {
            troubles: of_groups.chain(of_sources).collect(),
            groups,
            provided,
            is_probed: probed.is_given,
            ..Self::default()
        };
        let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
        let walk = WalkDir::new(root).follow_links(true).sort_by_file_name();
        let walk = walk
            .into_iter()
            .filter_entry(|it| it.depth() == 0 || !is_hidden(it.file_name()));
        for entry in walk {
            let entry = entry
                .with_context(|| format!("read {}", root.display()))
                .exit_with(Exit::Io)?;
            let path = entry.path();
            if entry.file_type().is_dir() {
                collection.exercises.extend(exercise_of_folder(path, root));
            } else if has_ending(path, &MEDIA_ENDINGS) {
                let video = collection.video(path, root, probed)?;
                collection
                    .exercises
                    .extend(video.class().map(|(exercise, _)| exercise.clone()));
                collection.videos.push(video);
            }
        }
        Ok(collection)
    }

    fn video(&self, path: &Path, root: &Path, probed: &Probed) -> anyhow::Result<CheckedVideo> {
        let place = place_of(path);
        let seen = probed.videos.get(&place);
        let id = match seen {
            Some(video) => video.video_id.clone(),
            None => hash_of(path)?,
        };
        let mut video = CheckedVideo {
            path: path
                .strip_prefix(root)
                .unwrap_or(path)
                .display()
                .to_string(),
            provenance: self.provided.of(&id, path),
            id,
            probed: seen.cloned(),
            failure: probed.failures.get(&place).cloned(),
            ..CheckedVideo::default()
        };
        name_class(&mut video, path, root);
        self.fill_groups(&mut video, path);
        Ok(video)
    }

    /// Who is in it: the nearest table wins, and one further up fills what is open.
    fn fill_groups(&self, video: &mut CheckedVideo, path: &Path) {
        let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut tables: Vec<&GroupsTable> = self.groups.iter().collect();
        let depth = |table: &&GroupsTable| table.path.components().count();
        tables.sort_by_key(|table| std::cmp::Reverse(depth(table)));
        for table in tables {
            let mut rows = table.rows.iter();
            let Some(row) = rows.find(|row| row.is_there && row.file == place) else {
                continue;
            };
            video.person = video.person.take().or_else(|| row.person.clone());
            video.source = video.source.take().or_else(|| row.source.clone());
            let angle = row.angle.as_deref().map(Name::new);
            video.angle = video.angle.take().or(angle);
        }
    }
}

/// The exercise of a folder `<exercise>/<label>`.
fn exercise_of_folder(folder: &Path, root: &Path) -> Option<Name> {
    let label = Name::label(&folder.file_name()?.to_string_lossy());
    let exercise = folder
        .parent()
        .filter(|it| *it != root && it.starts_with(root))?;
    let exercise = Name::new(&exercise.file_name()?.to_string_lossy());
    (label.is_known_label() && !exercise.is_empty()).then_some(exercise)
}

/// Reads exercise and label from the folders of a video: the innermost one that is named as a label counts.
fn name_class(video: &mut CheckedVideo, path: &Path, root: &Path) {
    let folders = path.ancestors().skip(1).take_while(|it| *it != root);
    let folders: Vec<PathBuf> = folders.map(Path::to_owned).collect();
    let name = |folder: &Path| {
        folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    for folder in &folders {
        let label = Name::label(&name(folder));
        if label.is_known_label() {
            let exercise = folder.parent().filter(|it| *it != root);
            video.exercise = exercise.map(|it| Name::new(&name(it)));
            video.label = Some(label);
            return;
        }
    }
    for folder in &folders {
        if let WrittenLabel::Misspelt { meant, .. } = WrittenLabel::of(&name(folder)) {
            video.meant = Some(meant);
            return;
        }
    }
    // Another label counts exactly two folders below the root.
    if let [label, exercise] = folders.as_slice() {
        video.exercise = Some(Name::new(&name(exercise)));
        video.label = Some(Name::label(&name(label)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &str) -> (Option<String>, Option<String>, Option<&'static str>) {
        let mut video = CheckedVideo::default();
        name_class(&mut video, &Path::new("/v").join(path), Path::new("/v"));
        let text = |name: Option<Name>| name.map(|it| it.to_string());
        (text(video.exercise), text(video.label), video.meant)
    }

    #[test]
    fn folders_say_exercise_and_label() {
        let some = |text: &str| Some(text.to_owned());
        for (path, expected) in [
            (
                "squat/good_form/a.mp4",
                (some("squat"), some("good_form"), None),
            ),
            (
                "Squat/Bad/knees_cave/a.mp4",
                (some("squat"), some("bad_form"), None),
            ),
            ("squat/god_form/a.mp4", (None, None, Some("good_form"))),
            ("squat/wobbly/a.mp4", (some("squat"), some("wobbly"), None)),
            ("squat/a.mp4", (None, None, None)),
            ("good_form/a.mp4", (None, some("good_form"), None)),
        ] {
            assert_eq!(class(path), expected, "{path}");
        }
        let folder = |path: &str| exercise_of_folder(&Path::new("/v").join(path), Path::new("/v"));
        assert_eq!(folder("squat/unclear"), Some(Name::new("squat")));
        assert_eq!(folder("good_form"), None);
    }
}
