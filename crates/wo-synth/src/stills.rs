//! Stills of a video that is never encoded, with the records that the extractor would write of it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jpeg_encoder::{ColorType, Encoder, EncodingError};
use wo_record::{Frame, Image, Joint, LabelOrigin, Name, Pose, Record, Video};

use crate::frame::Renderer;
use crate::new_file::NewFile;
use crate::plan::VideoSpec;
use crate::random::{Purpose, Stream};
use crate::skeleton::{LEFT, RIGHT};
use crate::truth;
use crate::vector::Vec3;

/// From a phone's hard squeeze to a camera's best.
const QUALITY: std::ops::Range<f32> = 60.0..93.0;

/// How many stills of a video, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StillOptions {
    /// How many of each video, at least 1.
    pub n_stills: u32,
    /// Their side in pixels.
    pub side: u32,
}

/// Draws the stills of one video below `folder` and returns its `video` record and its `frame` records.
pub fn write_stills(
    spec: &VideoSpec,
    folder: &Path,
    options: StillOptions,
) -> io::Result<Vec<Record>> {
    let renderer = Renderer::square(spec, options.side);
    let own = (spec.exercise as u64) << 32 | u64::from(spec.number);
    let mut stream = Stream::new(spec.seed, Purpose::Still, own);
    let mut records = vec![Record::Video(video_record(spec, options.n_stills))];
    for index in 0..options.n_stills {
        let t_s = spec.tempo.duration_s * (index as f32 + stream.within(0.0..1.0))
            / options.n_stills as f32;
        let quality = stream.within(QUALITY) as u8;
        let picture = renderer.picture(t_s);
        let jpeg = jpeg(&picture.rgba, options.side, quality)?;
        let path = still_path(spec, index);
        let mut file = NewFile::begin(&folder.join(&path))?;
        file.write_all(&jpeg)?;
        file.commit()?;
        records.push(Record::Frame(Frame {
            video_id: video_id(spec),
            index,
            pts_ms: Some(f64::from(t_s) * 1000.0),
            width_px: Some(options.side),
            height_px: Some(options.side),
            image: Image::File {
                path: path.into(),
                blake3: Some(blake3::hash(&jpeg).to_hex().to_string()),
            },
            exercise: Some(spec.exercise.name().into()),
            label: Some(spec.label().into()),
            label_origin: Some(LabelOrigin::Synth),
            faults: truth::faults(spec),
            description: None,
            quality: None,
            repetition: None,
            phase: None,
            shot: None,
        }));
        records.push(Record::Pose(pose(spec, t_s, index)));
    }
    Ok(records)
}

/// Where the joints are at a moment. The shake of the hand, a pixel or two, is left out.
fn pose(spec: &VideoSpec, t_s: f32, index: u32) -> Pose {
    /// Any side will do: places are parts of it.
    const SIDE: u32 = 1000;
    let skeleton = spec.skeleton_at(t_s);
    let lens = spec.lens(SIDE, SIDE);
    let joint = |name: &str, at: Vec3| {
        let spot = lens.project(at);
        Joint {
            name: Name::new(name),
            u: f64::from(spot.x) / f64::from(SIDE),
            v: f64::from(spot.y) / f64::from(SIDE),
            x_m: f64::from(at.x),
            y_m: f64::from(at.y),
            z_m: f64::from(at.z),
        }
    };
    let mut joints = vec![joint("head", skeleton.head)];
    for (i, &point) in skeleton.spine.points.iter().enumerate() {
        joints.push(joint(&format!("spine_{i}"), point));
    }
    for (name, pair) in [
        ("hip", skeleton.hips),
        ("knee", skeleton.knees),
        ("ankle", skeleton.ankles),
        ("toe", skeleton.toes),
        ("shoulder", skeleton.shoulders),
        ("elbow", skeleton.elbows),
        ("hand", skeleton.hands),
    ] {
        joints.push(joint(&format!("left_{name}"), pair[LEFT]));
        joints.push(joint(&format!("right_{name}"), pair[RIGHT]));
    }
    Pose {
        video_id: video_id(spec),
        index,
        joints,
    }
}

/// `frames_<exercise>_<good|bad>/<name>_<index>.jpg`.
fn still_path(spec: &VideoSpec, index: u32) -> PathBuf {
    let label = if spec.fault().is_some() {
        "bad"
    } else {
        "good"
    };
    let folder = format!("frames_{}_{label}", spec.exercise.name());
    Path::new(&folder).join(format!("{}_{index}.jpg", truth::name(spec)))
}

/// The id of a video that has no file: of the seed and the place in the plan.
fn video_id(spec: &VideoSpec) -> String {
    blake3::hash(format!("{}/{}", spec.seed, spec.index).as_bytes())
        .to_hex()
        .to_string()
}

/// The record of a video of which so many frames are there.
pub(crate) fn video_record(spec: &VideoSpec, n_frames: u32) -> Video {
    Video {
        video_id: video_id(spec),
        path: Some(truth::relative_path(spec).into()),
        duration_ms: Some(truth::duration_ms(spec)),
        width_px: Some(spec.width),
        height_px: Some(spec.height),
        frame_rate_hz: Some(f64::from(crate::tempo::FRAME_RATE_HZ)),
        exercise: Some(spec.exercise.name().into()),
        label: Some(spec.label().into()),
        source_id: Some(spec.scene.id.clone()),
        person_id: Some(spec.person.id.clone()),
        angle: Some(spec.camera.angle.name().into()),
        n_frames: Some(n_frames),
        n_frames_wanted: Some(n_frames),
        ..Video::default()
    }
}

fn jpeg(rgba: &[u8], side: u32, quality: u8) -> io::Result<Vec<u8>> {
    let mut jpeg = Vec::new();
    let side = u16::try_from(side).map_err(io::Error::other)?;
    match Encoder::new(&mut jpeg, quality).encode(rgba, side, side, ColorType::Rgba) {
        Ok(()) => Ok(jpeg),
        Err(EncodingError::IoError(error)) => Err(error),
        Err(other) => Err(io::Error::other(other.to_string())),
    }
}
