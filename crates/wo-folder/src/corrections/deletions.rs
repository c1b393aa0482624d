//! Finds frames of the records that a person deleted: their image or their row is missing.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use wo_record::{Frame, Name};

use crate::names::{STATE, own_image, table_name, table_name_of};
use crate::paths::base_folder::BaseFolder;
use crate::paths::files::Files;
use crate::regular_file::open_regular;
use crate::tables::table::Row;

/// How a frame was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// Its image file is not there any more.
    Image,
    /// Its row was taken out of its table.
    Row,
}

/// Finds deletions in a folder that `wo-extract --out` made. In other folders nothing tells a deletion from a frame that
/// never had a row or an image here.
#[derive(Debug)]
pub struct Deletions {
    dir: PathBuf,
    files: Files,
    has_state: bool,
    /// How many rows the images of a folder have in tables whose names no tool gave.
    n_rows_elsewhere: HashMap<PathBuf, usize>,
    /// What `wo-extract` wrote; read when it is needed.
    written: OnceLock<Written>,
}

/// What became of a frame of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It has its image, and its row if it needs one.
    There,
    /// A person deleted it.
    Deleted(Deleted),
    /// It lacks its image or its row, and nothing tells whether a person deleted it: the folder was copied without what
    /// `wo-extract` knows of it, or that was changed.
    Untold,
    /// The folder of its image is missing as a whole or cannot be read, which deletes nothing.
    Unreachable(FolderTrouble),
}

/// A folder of images that cannot be looked into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FolderTrouble {
    /// The folder, from that of the frames.
    pub(crate) folder: PathBuf,
    /// What keeps one from looking into it.
    pub(crate) why: String,
    /// Another folder that such images lie in.
    pub(crate) elsewhere: Option<PathBuf>,
}

/// The images that `wo-extract` wrote.
#[derive(Debug, Default)]
struct Written {
    /// Each with the table that its row was written into.
    tables: HashMap<PathBuf, Option<String>>,
    /// How many lie in each folder.
    n_images: HashMap<PathBuf, usize>,
}

impl Deletions {
    /// Of a folder, of whose images so many rows are in tables whose names no tool gave.
    pub(crate) fn of(
        dir: &Path,
        n_rows_elsewhere: HashMap<PathBuf, usize>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            files: Files::of(BaseFolder::of_folder(dir)?)?,
            has_state: dir.join(STATE).is_file(),
            n_rows_elsewhere,
            written: OnceLock::new(),
        })
    }

    /// What became of a frame of the records, which has these rows.
    pub(crate) fn presence_of(&self, frame: &Frame, rows: &[&Row]) -> Presence {
        let Some(image) = own_image(frame) else {
            return Presence::There;
        };
        let is_there = |table: &str| self.dir.join(table).is_file();
        if !self.files.exists(image) {
            return match self.trouble_of_folder(image) {
                Some(trouble) => Presence::Unreachable(trouble),
                None if self.written_table(image).is_some() => Presence::Deleted(Deleted::Image),
                None => Presence::Untold,
            };
        }
        if !rows.is_empty() {
            return Presence::There;
        }
        let Some(first_table) = self.written_table(image) else {
            let has_table = table_name(frame).is_some_and(|table| is_there(&table));
            return if has_table {
                Presence::Untold
            } else {
                Presence::There
            };
        };
        // The row stays where it was written when a person gives another label in it. A table that is gone as a whole
        // deletes nothing: it is written again.
        let own_table = first_table.clone().or_else(|| table_name(frame));
        let has_table = own_table.is_some_and(|table| is_there(&table)) || self.has_stand_in(image);
        if frame.label.is_some() && has_table {
            Presence::Deleted(Deleted::Row)
        } else {
            Presence::There
        }
    }

    /// Whether most of the images beside this one have their rows in tables whose names no tool gave, as where a person
    /// saved a table by another name.
    fn has_stand_in(&self, image: &Path) -> bool {
        let Some(folder) = image.parent() else {
            return false;
        };
        let n_rows = self.n_rows_elsewhere.get(&self.files.key(folder));
        let n_images = self.written().n_images.get(folder);
        n_rows
            .zip(n_images)
            .is_some_and(|(n_rows, n_images)| n_rows * 2 >= *n_images)
    }

    /// The folder that an image should be in, and why it cannot be looked into.
    fn trouble_of_folder(&self, image: &Path) -> Option<FolderTrouble> {
        let why = self.files.trouble_of_folder(image)?;
        let folder = image.parent()?.to_owned();
        let elsewhere = self.files.meant(&image.to_string_lossy());
        let elsewhere = elsewhere.key.parent().filter(|_| elsewhere.is_there);
        Some(FolderTrouble {
            folder,
            why,
            elsewhere: elsewhere.map(|key| self.files.spelt(key)),
        })
    }

    /// The table that the row of an image was written into. `None` if nothing tells that `wo-extract` wrote the image.
    fn written_table(&self, image: &Path) -> Option<&Option<String>> {
        let written = self.has_state.then(|| self.written())?;
        written.tables.get(image)
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(|| Written::of(&self.dir))
    }
}

impl Written {
    /// The images of all frames that `wo-extract` finished. What is no line of it says nothing.
    fn of(dir: &Path) -> Self {
        let mut written = Self::default();
        let Ok(file) = open_regular(&dir.join(STATE)) else {
            return written;
        };
        for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
            let entry: Value = serde_json::from_slice(&line).unwrap_or_default();
            for frame in entry["frames"].as_array().into_iter().flatten() {
                if let Some(path) = frame["image"]["file"]["path"].as_str() {
                    written.add(Path::new(path), frame);
                }
            }
        }
        written
    }

    fn add(&mut self, path: &Path, frame: &Value) {
        let name = |field: &str| frame[field].as_str().map(Name::new);
        let table = name("label").map(|label| table_name_of(name("exercise").as_ref(), &label));
        let is_new = self.tables.insert(path.to_owned(), table).is_none();
        if let Some(folder) = path.parent().filter(|_| is_new) {
            *self.n_images.entry(folder.to_owned()).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::tables::rows::Rows;

    const ID: &str = "0123456789abcdef";

    fn path(index: u32) -> String {
        format!("frames_squat_bad/{ID}_{index:03}_0000000.jpg")
    }

    fn frame(index: u32, label: &str) -> Value {
        json!({"video_id": ID, "index": index, "exercise": "squat", "label": label,
            "image": {"file": {"path": path(index)}}})
    }

    /// How frame 0 of four was deleted, which has no row; the others have theirs in `table`.
    fn deleted(table: &str, n_rows: u32, label: &str, has_state: bool) -> Presence {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("frames_squat_bad")).unwrap();
        for index in 0..4 {
            fs::write(dir.path().join(path(index)), "x").unwrap();
        }
        if has_state {
            let frames: Vec<Value> = (0..4).map(|index| frame(index, "bad_form")).collect();
            let state = json!({"frames": frames}).to_string();
            fs::write(dir.path().join(STATE), state + "\n").unwrap();
        }
        let rows: String = (1..=n_rows).map(|it| path(it) + ",bad\n").collect();
        fs::write(dir.path().join(table), format!("frame_path,label\n{rows}")).unwrap();
        let elsewhere = Rows::of_folder(dir.path(), &[]).unwrap().n_rows_elsewhere();
        let deletions = Deletions::of(dir.path(), elsewhere).unwrap();
        let frame: Frame = serde_json::from_value(frame(0, label)).unwrap();
        deletions.presence_of(&frame, &[])
    }

    #[test]
    fn a_row_is_missed_in_whatever_table_the_others_are() {
        let row = Presence::Deleted(Deleted::Row);
        assert_eq!(deleted("squat_bad_form.csv", 3, "bad_form", true), row);
        // It was given another label, and its row stayed where it was.
        assert_eq!(deleted("squat_bad_form.csv", 3, "unclear", true), row);
        // The table was saved by another name.
        assert_eq!(
            deleted("squat_bad_form fixed.csv", 3, "bad_form", true),
            row
        );
        assert_eq!(deleted("labels.csv", 3, "unclear", true), row);
        // Its table is gone as a whole.
        let none = Presence::There;
        assert_eq!(deleted("squat_good_form.csv", 3, "bad_form", true), none);
        assert_eq!(deleted("labels.csv", 1, "bad_form", true), none);
        // Nothing is known of what was there.
        let untold = Presence::Untold;
        assert_eq!(deleted("squat_bad_form.csv", 3, "bad_form", false), untold);
    }
}
