//! Finds the frame of a task: by video and index, which our own tasks have, and by the path of its image.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use wo_folder::{BaseFolder, Files, most_alike};
use wo_label::is_same_time;

use super::address::{is_image, paths_of};
use super::quote::short;
use crate::folder::Folder;

/// No file has a longer path. A longer address contains the image itself.
const MAX_PATH_BYTES: usize = 4096;
/// No similar path is suggested for longer ones, since the search would be slow.
const MAX_SEARCHED_BYTES: usize = 300;

/// FrameLookup by the paths of their images.
#[derive(Debug)]
pub(super) struct FrameLookup {
    /// `None` if two frames share an image.
    by_path: HashMap<String, Option<u32>>,
    /// How many parts the longest path has.
    n_parts: usize,
    /// Other spellings; made when first needed.
    spellings: Option<Spellings>,
}

#[derive(Debug)]
struct Spellings {
    files: Files,
    by_key: HashMap<PathBuf, u32>,
}

/// Why a task matches no frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NoFrame {
    /// It names no image.
    NoImage,
    /// No frame has this image.
    Unknown(String),
    /// Its video has another frame at this index now.
    Other(String),
    /// Its path and its video and index name different frames.
    Two,
}

impl FrameLookup {
    pub(super) fn of(folder: &Folder) -> Self {
        let mut by_path: HashMap<String, Option<u32>> = HashMap::with_capacity(folder.frames.len());
        let mut n_parts = 0;
        for (id, path) in paths(folder) {
            n_parts = n_parts.max(path.split('/').count());
            by_path
                .entry(path.to_owned())
                .and_modify(|old| *old = None)
                .or_insert(Some(id));
        }
        Self {
            by_path,
            n_parts,
            spellings: None,
        }
    }

    /// The frame that a task is about.
    pub(super) fn find(
        &mut self,
        folder: &Folder,
        data: &Map<String, Value>,
    ) -> anyhow::Result<Result<u32, NoFrame>> {
        let by_place = at_place(folder, data);
        let written = addresses(data);
        let mut by_path = None;
        for address in &written {
            by_path = self.at_address(folder, address)?;
            if by_path.is_some() {
                break;
            }
        }
        Ok(match (by_path, by_place) {
            (Some(path), Some(Ok(place))) if path != place && folder.has_records => {
                Err(NoFrame::Two)
            }
            (Some(id), _) => Ok(id),
            // In a table the path identifies a frame, since indexes change with its rows.
            (None, Some(Ok(id))) if folder.has_records || written.is_empty() => Ok(id),
            (None, Some(Err(other))) => Err(other),
            (None, _) => Err(written
                .into_iter()
                .next()
                .map_or(NoFrame::NoImage, |it| NoFrame::Unknown(it.to_owned()))),
        })
    }

    fn at_address(&mut self, folder: &Folder, address: &str) -> anyhow::Result<Option<u32>> {
        if address.len() > MAX_PATH_BYTES {
            return Ok(None);
        }
        let paths = paths_of(address);
        // An exact path wins over all other spellings.
        if let Some(id) = paths.iter().find_map(|path| self.at_path(path)) {
            return Ok(Some(id));
        }
        let spellings = self.spellings(folder)?;
        Ok(paths.iter().find_map(|path| spellings.find(path)))
    }

    /// By its path, or the end of it, since Label Studio may prepend a folder.
    fn at_path(&self, path: &str) -> Option<u32> {
        let starts = path.match_indices('/').map(|(at, _)| at + 1);
        let n_starts = starts.clone().count();
        let ends = starts
            .skip(n_starts.saturating_sub(self.n_parts))
            .filter_map(|at| path.get(at..));
        std::iter::once(path)
            .chain(ends)
            .find_map(|end| self.by_path.get(end).copied().flatten())
    }

    fn spellings(&mut self, folder: &Folder) -> anyhow::Result<&Spellings> {
        if self.spellings.is_none() {
            self.spellings = Some(Spellings::of(folder)?);
        }
        self.spellings
            .as_ref()
            .ok_or_else(|| anyhow::anyhow!("the spellings were just made"))
    }
}

impl Spellings {
    fn of(folder: &Folder) -> anyhow::Result<Self> {
        let place = BaseFolder::of_folder(&folder.dir)?;
        let full = |path: &str| place.resolve(Path::new(path));
        let all: Vec<PathBuf> = paths(folder).map(|(_, path)| full(path)).collect();
        let files = Files::given(place.clone(), all)?;
        let by_key = paths(folder).map(|(id, path)| (files.key(Path::new(path)), id));
        Ok(Self {
            by_key: by_key.collect(),
            files,
        })
    }

    fn find(&self, path: &str) -> Option<u32> {
        let meant = self.files.meant(path);
        meant
            .is_there
            .then(|| self.by_key.get(&meant.key).copied())?
    }
}

impl NoFrame {
    /// The message, with a similar path if there is one.
    pub(super) fn words(&self, folder: &Folder) -> String {
        match self {
            Self::NoImage => "it has no image".to_owned(),
            Self::Unknown(written) => {
                let near = (written.len() <= MAX_SEARCHED_BYTES)
                    .then(|| most_alike(written, paths(folder).map(|(_, path)| path)))
                    .flatten();
                let near = near.map_or_else(String::new, |near| format!("; the nearest is {near}"));
                format!("no frame has the image {}{near}", short(written))
            }
            Self::Other(place) => format!("{place} is a different frame now"),
            Self::Two => {
                "its path and its video_id and index name different frames; remove the wrong ones from its data"
                    .to_owned()
            }
        }
    }
}

fn paths(folder: &Folder) -> impl Iterator<Item = (u32, &str)> {
    (0..)
        .zip(&folder.frames)
        .filter_map(|(id, frame)| Some((id, frame.path.as_ref()?.to_str()?)))
}

/// By video and index. An error if that frame has another time.
fn at_place(folder: &Folder, data: &Map<String, Value>) -> Option<Result<u32, NoFrame>> {
    let video_id = data.get("video_id")?.as_str()?;
    let index = u32::try_from(data.get("index")?.as_u64()?).ok()?;
    let id = folder.find(video_id, index)?;
    let here = folder.frame(id)?.pts_ms;
    let there = data.get("pts_ms").and_then(Value::as_f64);
    let is_other = here
        .zip(there)
        .is_some_and(|(here, there)| !is_same_time(here, there));
    Some(if is_other {
        Err(NoFrame::Other(format!(
            "frame {index} of the video {}",
            short(video_id)
        )))
    } else {
        Ok(id)
    })
}

/// The image addresses of a task, the most reliable first.
fn addresses(data: &Map<String, Value>) -> Vec<&str> {
    let named = ["path", "image"];
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let mut addresses: Vec<&str> = named.into_iter().filter_map(text).collect();
    if addresses.is_empty() {
        let others = data.values().filter_map(Value::as_str);
        addresses.extend(others.filter(|text| is_image(text)));
    }
    addresses
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wo_record::{Frame, Image};

    use super::*;
    use crate::folder::FrameItem;

    fn folder(paths: &[&str]) -> Folder {
        let mut folder = Folder::default();
        folder.dir = "/data/frames".into();
        folder.has_records = true;
        for (index, path) in (0..).zip(paths) {
            let frame = json!({"video_id": "v", "index": index, "pts_ms": 1000 * index, "image": {"file": {"path": path}}});
            let frame: Frame = serde_json::from_value(frame).unwrap();
            assert!(matches!(frame.image, Image::File { .. }));
            folder.add_frame("v", FrameItem::new(frame));
        }
        folder
    }

    #[test]
    fn a_frame_is_found_by_every_spelling_of_its_path() {
        let folder = folder(&[
            "a/x 1.jpg",
            "b/M\u{fc}ller.jpg",
            "b/%41.jpg",
            "a/0.jpg",
            "b/0.jpg",
        ]);
        let mut frames = FrameLookup::of(&folder);
        let mut find = |data: Value| {
            let data = data.as_object().unwrap().clone();
            frames.find(&folder, &data).unwrap()
        };
        for (image, id) in [
            ("a/x 1.jpg", 0),
            ("/data/local-files/?d=a/x%201.jpg", 0),
            ("/data/local-files/?d=a/x+1.jpg", 0),
            ("/data/local-files/?d=mount/frames/a/x%201.jpg", 0),
            ("/data/frames/a/x 1.jpg", 0),
            ("C:\\frames\\A\\X 1.JPG", 0),
            ("b/Mu\u{308}ller.jpg", 1),
            ("/data/local-files/?d=b/Mu%CC%88ller.jpg", 1),
            ("/data/local-files/?d=b/%2541.jpg", 2),
            ("/data/local-files/?d=b/%41.jpg", 2),
            ("s3://bucket/deep/a/0.jpg", 3),
            ("/data/upload/3/0a1b2c3d-x 1.jpg", 0),
        ] {
            assert_eq!(find(json!({"image": image})), Ok(id), "{image}");
            assert_eq!(find(json!({"url": image, "n": 1})), Ok(id), "{image}");
        }
        for none in ["0.jpg", "left.jpg", &"a/".repeat(200_000)] {
            let found = find(json!({"image": none}));
            assert_eq!(found, Err(NoFrame::Unknown(none.to_owned())));
        }
        assert_eq!(find(json!({"url": "left"})), Err(NoFrame::NoImage));
    }

    #[test]
    fn video_and_index_count_with_the_path_or_without_and_not_against_it() {
        let mut folder = folder(&["a/0.jpg", "a/1.jpg"]);
        let mut frames = FrameLookup::of(&folder);
        let mut find = |folder: &Folder, path: Option<&str>, index: u32, pts_ms: f64| {
            let data = json!({"video_id": "v", "index": index, "pts_ms": pts_ms, "path": path});
            frames.find(folder, data.as_object().unwrap()).unwrap()
        };
        assert_eq!(find(&folder, None, 1, 1000.0), Ok(1));
        assert_eq!(find(&folder, Some("moved.jpg"), 1, 1000.0), Ok(1));
        let other = Err(NoFrame::Other("frame 1 of the video v".to_owned()));
        assert_eq!(find(&folder, Some("moved.jpg"), 1, 500.0), other);
        assert_eq!(find(&folder, Some("a/1.jpg"), 1, 500.0), Ok(1));
        assert_eq!(find(&folder, Some("a/0.jpg"), 1, 1000.0), Err(NoFrame::Two));
        folder.has_records = false;
        assert_eq!(find(&folder, Some("a/0.jpg"), 1, 1000.0), Ok(0));
        let unknown = Err(NoFrame::Unknown("moved.jpg".to_owned()));
        assert_eq!(find(&folder, Some("moved.jpg"), 1, 1000.0), unknown);
    }
}
