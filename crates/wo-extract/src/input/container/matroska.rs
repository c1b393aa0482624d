//! The tracks of Matroska and WebM (RFC 9559).

use std::fs::File;
use std::io;

use super::bytes::read;
use super::ebml::{Element, elements, length_at};
use super::track::{MAX_TRACKS, Patch, TrackChoice, ignored};
use crate::input::turn::{Matrix, Turn};

pub(super) const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const FLAG_ENABLED: u32 = 0xb9;
const FLAG_DEFAULT: u32 = 0x88;
const VIDEO: u32 = 0xe0;
const ALPHA_MODE: u32 = 0x53c0;
const PROJECTION: u32 = 0x7670;
const PROJECTION_TYPE: u32 = 0x7671;
const POSE_YAW: u32 = 0x7673;
const POSE_PITCH: u32 = 0x7674;
const POSE_ROLL: u32 = 0x7675;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const BLOCK_ADDITIONS: u32 = 0x75a1;
/// What readers pass over. Its id is as long as that of a track.
const VOID: u8 = 0xec;
/// The type of a track with images.
const IS_VIDEO: u64 = 1;
/// The type of projection that is none.
const RECTANGULAR: u64 = 0;
/// Angles are written with as few as four bytes.
const ANGLE_TOLERANCE_DEG: f64 = 0.01;

/// A track.
#[derive(Debug)]
struct Track {
    start: u64,
    number: u64,
    is_video: bool,
    is_enabled: bool,
    is_default: bool,
    /// Where it says that its images are transparent in places.
    alpha: Option<Element>,
    projection: Option<Projection>,
}

/// How an image hangs in space.
#[derive(Debug, Default, Clone, Copy)]
struct Projection {
    kind: u64,
    /// In degrees.
    yaw: f64,
    pitch: f64,
    roll: f64,
}

/// Where the file ends by its own words.
pub(super) fn end(file: &File) -> io::Result<Option<u64>> {
    let Some((Some(header_size), header)) = length_at(file, 4)? else {
        return Ok(None);
    };
    let start = header.saturating_add(header_size);
    if read::<4>(file, start)? != SEGMENT.to_be_bytes() {
        return Ok(None);
    }
    let length = length_at(file, start + 4)?;
    Ok(length.and_then(|(size, content)| content.checked_add(size?)))
}

/// The video track that is on and the default one, or else the first; `None` where there is none.
pub(super) fn choose_track(file: &File, len: u64) -> Option<TrackChoice> {
    let segment = elements(file, 0, len).find(|it| it.id == SEGMENT)?;
    let list = segment.children(file, len).find(|it| it.id == TRACKS)?;
    let entries = list.children(file, len).filter(|it| it.id == TRACK_ENTRY);
    let tracks: Vec<Track> = entries
        .take(MAX_TRACKS)
        .map(|entry| Track::read(file, len, entry))
        .collect();
    let videos = tracks.iter().filter(|track| track.is_video);
    let chosen = videos.min_by_key(|track| (!track.is_enabled, !track.is_default))?;
    let others = tracks.iter().filter(|track| track.start != chosen.start);
    let mut choice = TrackChoice {
        patches: others
            .map(|track| Patch {
                offset: track.start,
                bytes: vec![VOID],
            })
            .collect(),
        is_alone: tracks.len() == 1,
        ..TrackChoice::default()
    };
    // Browsers announce what they do not record, and no decoder starts on a first frame without it.
    if let Some(alpha) = chosen.alpha
        && let Some(end) = alpha.end
        && !is_first_frame_transparent(file, len, segment, chosen.number)
    {
        choice.patches.push(Patch {
            offset: alpha.content,
            bytes: vec![0; (end - alpha.content) as usize],
        });
    }
    if let Some(projection) = chosen.projection {
        match projection.turn() {
            Ok(turn) => choice.turn = Some(turn),
            Err(note) => choice.notes.push(note),
        }
    }
    Some(choice)
}

impl Track {
    fn read(file: &File, len: u64, entry: Element) -> Self {
        let mut track = Self {
            start: entry.start,
            number: 0,
            is_video: false,
            is_enabled: true,
            is_default: true,
            alpha: None,
            projection: None,
        };
        for part in entry.children(file, len) {
            let number = || part.number(file);
            match part.id {
                TRACK_NUMBER => track.number = number().unwrap_or(0),
                TRACK_TYPE => track.is_video = number() == Some(IS_VIDEO),
                FLAG_ENABLED => track.is_enabled = number() != Some(0),
                FLAG_DEFAULT => track.is_default = number() != Some(0),
                VIDEO => track.read_video(file, len, part),
                _ => {}
            }
        }
        track
    }

    fn read_video(&mut self, file: &File, len: u64, video: Element) {
        for part in video.children(file, len) {
            match part.id {
                ALPHA_MODE => self.alpha = Some(part).filter(|it| it.number(file) > Some(0)),
                PROJECTION => self.projection = Some(Projection::read(file, len, part)),
                _ => {}
            }
        }
    }
}

impl Projection {
    fn read(file: &File, len: u64, projection: Element) -> Self {
        let mut read = Self::default();
        for part in projection.children(file, len) {
            let angle = || part.float(file).unwrap_or(0.0);
            match part.id {
                PROJECTION_TYPE => read.kind = part.number(file).unwrap_or(RECTANGULAR),
                POSE_YAW => read.yaw = angle(),
                POSE_PITCH => read.pitch = angle(),
                POSE_ROLL => read.roll = angle(),
                _ => {}
            }
        }
        read
    }

    /// The turn that it holds: half a turn about an axis that lies in the image mirrors it, and the roll turns it
    /// against the clock.
    fn turn(self) -> Result<Turn, String> {
        let is_near = |a: f64, b: f64| (a - b).abs() <= ANGLE_TOLERANCE_DEG;
        if self.kind != RECTANGULAR {
            // A sphere that is turned is still the same image.
            return if [self.yaw, self.pitch, self.roll]
                .iter()
                .all(|it| is_near(*it, 0.0))
            {
                Ok(Turn::NONE)
            } else {
                Err("it is a 360° video, whose rotation is ignored: the frames are as they are stored".to_owned())
            };
        }
        let mirrors = |angle: f64| match angle.abs() {
            it if is_near(it, 0.0) || is_near(it, 360.0) => Some(1.0),
            it if is_near(it, 180.0) => Some(-1.0),
            _ => None,
        };
        let (Some(across), Some(along)) = (mirrors(self.yaw), mirrors(self.pitch)) else {
            return Err("its projection tilts the image out of the screen, which is ignored: the frames are as they are stored".to_owned());
        };
        let mirrored = Matrix {
            a: across,
            d: along,
            ..Matrix::IDENTITY
        };
        Turn::of(mirrored.then(Matrix::turning(-self.roll))).map_err(ignored)
    }
}

/// Whether the first frame of the track says how transparent it is.
fn is_first_frame_transparent(file: &File, len: u64, segment: Element, track: u64) -> bool {
    let is_of_track = |block: Element| {
        let number = length_at(file, block.content).ok().flatten();
        number.is_some_and(|(number, _)| number == Some(track))
    };
    // `None` for what is no frame of the track.
    let is_transparent = |part: Element| match part.id {
        SIMPLE_BLOCK => is_of_track(part).then_some(false),
        BLOCK_GROUP => {
            let mut parts = part.children(file, len);
            let is_ours = parts.any(|it| it.id == BLOCK && is_of_track(it));
            let has = || part.children(file, len).any(|it| it.id == BLOCK_ADDITIONS);
            is_ours.then(has)
        }
        _ => None,
    };
    let first = segment.children(file, len).find_map(|part| match part.id {
        // One that does not say where it ends is followed by its blocks.
        CLUSTER if part.end.is_some() => part.children(file, len).find_map(is_transparent),
        _ => is_transparent(part),
    });
    first.unwrap_or(false)
}

#[cfg(test)]
mod tests;
