//! Records of frames that were never drawn, to see how the other tools grow with their number.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use wo_record::{Frame, Image, LabelOrigin, PerceptualHash, Quality, Record, Video, Writer};

use crate::plan::VideoSpec;
use crate::random::{Purpose, Stream};
use crate::stills::video_record;
use crate::truth;

/// The side that the images would have.
const SIDE: u32 = 256;
/// Names an image as `wo-extract` does: a file of the folder of its video.
const EXTENSION: &str = "jpg";

/// Writes the `video` record and `n_frames` `frame` records of each video. The files that they name do not exist, and the
/// numbers of their quality are drawn by chance.
pub(crate) fn write(
    specs: &[VideoSpec],
    n_frames: u32,
    output: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut writer = Writer::begin(output, "wo-synth", env!("CARGO_PKG_VERSION"), &[])?;
    for spec in specs {
        let video = Video {
            frame_rate_hz: None,
            ..video_record(spec, n_frames)
        };
        let folder = Path::new("frames").join(truth::name(spec));
        let folder = folder.to_str().context("a name in ASCII")?;
        let own = (spec.exercise as u64) << 32 | u64::from(spec.number);
        let mut stream = Stream::new(spec.seed, Purpose::Still, own);
        let frames = (0..n_frames).map(|index| frame(&video, folder, index, &mut stream));
        let frames: Vec<Frame> = frames.collect();
        writer.record(&Record::Video(video))?;
        for frame in frames {
            writer.record(&Record::Frame(Frame {
                faults: truth::faults(spec),
                ..frame
            }))?;
        }
    }
    writer.end()?;
    Ok(())
}

fn frame(video: &Video, folder: &str, index: u32, stream: &mut Stream) -> Frame {
    let share = f64::from(stream.within(0.0..1.0));
    let bits = [stream.within(0.0..1.0), stream.within(0.0..1.0)].map(f32::to_bits);
    let hash = PerceptualHash(u64::from(bits[0]) << 32 | u64::from(bits[1]));
    let step = video.duration_ms.unwrap_or_default() / f64::from(video.n_frames.unwrap_or(1));
    Frame {
        video_id: video.video_id.clone(),
        index,
        pts_ms: Some(step * f64::from(index)),
        width_px: Some(SIDE),
        height_px: Some(SIDE),
        image: Image::File {
            path: format!("{folder}/{index:04}.{EXTENSION}").into(),
            blake3: None,
        },
        exercise: video.exercise.clone(),
        label: video.label.clone(),
        label_origin: Some(LabelOrigin::Synth),
        faults: Vec::new(),
        description: None,
        quality: Some(Quality {
            sharpness: 900.0 * share,
            brightness: share,
            contrast: 0.25 * share,
            motion: (index > 0).then_some(0.1 * share),
            perceptual_hash: hash.to_string(),
        }),
        repetition: None,
        phase: None,
        shot: None,
    }
}
