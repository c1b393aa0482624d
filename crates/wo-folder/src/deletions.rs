//! Which frames of the records a person deleted: the image is gone, or the row.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use wo_record::Frame;

use crate::files::Files;
use crate::names::{STATE, own_image, table_name};
use crate::place::Place;

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
    /// The images that `wo-extract` wrote; read when it is needed.
    written: OnceLock<HashSet<PathBuf>>,
}

impl Deletions {
    /// Of a folder.
    pub fn of(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            files: Files::of(Place::of_folder(dir)?)?,
            written: OnceLock::new(),
        })
    }

    /// How a frame of the records was deleted, if it was. A table that is gone as a whole deletes nothing: it is made anew.
    pub fn of_frame(&self, frame: &Frame, has_row: bool) -> Option<Deleted> {
        let image = own_image(frame)?;
        if !self.files.exists(image) {
            return self.wrote(image).then_some(Deleted::Image);
        }
        if has_row {
            return None;
        }
        let table = table_name(frame)?;
        (self.dir.join(table).is_file() && self.wrote(image)).then_some(Deleted::Row)
    }

    fn wrote(&self, image: &Path) -> bool {
        let written = self.written.get_or_init(|| written_images(&self.dir));
        written.contains(image)
    }
}

/// The images of all frames that `wo-extract` finished. What is no line of it says nothing.
fn written_images(dir: &Path) -> HashSet<PathBuf> {
    let mut images = HashSet::new();
    let Ok(file) = File::open(dir.join(STATE)) else {
        return images;
    };
    for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
        let entry: Value = serde_json::from_slice(&line).unwrap_or_default();
        let frames = entry["frames"].as_array().into_iter().flatten();
        let paths = frames.filter_map(|frame| frame["image"]["file"]["path"].as_str());
        images.extend(paths.map(PathBuf::from));
    }
    images
}
