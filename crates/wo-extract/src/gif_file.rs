//! GIFs. They move, so they are videos; but their frames come from the `image` crate, with all that it limits.

use std::io::BufReader;

use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder, DynamicImage, ImageDecoder};
use wo_record::{Video, code};

use crate::extraction::{Place, Settings, Taken};
use crate::fault::Fault;
use crate::image_file;
use crate::media_file::MediaFile;
use crate::worker::Replies;
use crate::{sample, video_file};

/// A frame that asks for less time than this is not that fast; it is made for players that did not care.
const MIN_DELAY_MS: u64 = 20;
/// What players give such a frame.
const USUAL_DELAY_MS: u64 = 100;
const NS_PER_MS: u64 = 1_000_000;

/// When the frames of a GIF are shown.
#[derive(Debug, Default)]
struct Timeline {
    times_ns: Vec<u64>,
    duration_ns: u64,
    fault: Option<Fault>,
}

/// Takes the frames of `file`, in two passes: where the segments lie is known only at the end.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    replies: &Replies<'_>,
) -> Result<Taken, Fault> {
    let (width, height) = decoder(file)?.dimensions();
    let timeline = timeline(file, replies)?;
    let chosen = settings.choose(sample::Timeline {
        times_ns: &timeline.times_ns,
        duration_ns: timeline.duration_ns,
        // All are decoded on the way to the next.
        is_key: &|_| true,
        video_id: &file.id,
        repetitions: &[],
    })?;
    let times_ns = chosen.iter().map(|&index| timeline.times_ns[index]);
    let places = times_ns.map(|time| (time, Place::default())).collect();
    let mut wanted = chosen.into_iter().peekable();
    for (index, (frame, &time_ns)) in decoder(file)?
        .into_frames()
        .zip(&timeline.times_ns)
        .enumerate()
    {
        replies.beat()?;
        if wanted.next_if_eq(&index).is_some() {
            let frame = frame.map_err(|e| image_file::bad(&e))?.into_buffer();
            let picture = image_file::scaled(DynamicImage::ImageRgba8(frame), settings.size)?;
            replies.still(time_ns, &picture)?;
        }
        if wanted.peek().is_none() {
            break;
        }
    }
    let gaps = timeline
        .times_ns
        .iter()
        .zip(timeline.times_ns.iter().skip(1))
        .map(|(a, b)| b - a);
    let is_variable = gaps.clone().max() != gaps.min();
    let rate = timeline.times_ns.len() as f64 * 1e9 / timeline.duration_ns as f64;
    let video = Video {
        duration_ms: Some(video_file::ms(timeline.duration_ns)),
        width_px: Some(width),
        height_px: Some(height),
        rotation_deg: Some(0),
        frame_rate_hz: Some((rate * 1e3).round() / 1e3),
        variable_frame_rate: (timeline.times_ns.len() > 1).then_some(is_variable),
        codec: Some("gif".to_owned()),
        container: Some("gif".to_owned()),
        bitrate_bps: video_file::bitrate(file, timeline.duration_ns),
        ..Video::default()
    };
    Ok(Taken {
        video,
        places,
        fault: timeline.fault,
    })
}

fn decoder(file: &MediaFile) -> Result<GifDecoder<BufReader<&std::fs::File>>, Fault> {
    let mut decoder =
        GifDecoder::new(BufReader::new(file.reader()?)).map_err(|e| image_file::bad(&e))?;
    decoder
        .set_limits(image_file::limits())
        .map_err(|e| image_file::bad(&e))?;
    let (width, height) = decoder.dimensions();
    image_file::check_size(width, height)?;
    Ok(decoder)
}

fn timeline(file: &MediaFile, replies: &Replies<'_>) -> Result<Timeline, Fault> {
    let mut timeline = Timeline::default();
    for frame in decoder(file)?.into_frames() {
        replies.beat()?;
        match frame {
            Ok(frame) => {
                let (numer, denom) = frame.delay().numer_denom_ms();
                let delay_ms = u64::from(numer) / u64::from(denom.max(1));
                timeline.times_ns.push(timeline.duration_ns);
                let shown_ms = if delay_ms < MIN_DELAY_MS {
                    USUAL_DELAY_MS
                } else {
                    delay_ms
                };
                timeline.duration_ns += shown_ms * NS_PER_MS;
            }
            Err(e) if timeline.times_ns.is_empty() => return Err(image_file::bad(&e)),
            Err(e) => {
                timeline.fault = Some(Fault::new(code::TRUNCATED, e.to_string()));
                break;
            }
        }
    }
    if timeline.times_ns.is_empty() {
        return Err(Fault::new(code::BAD_IMAGE, "a GIF without a frame"));
    }
    Ok(timeline)
}
