//! Facts about a video that need no model: file, image quality, and fields to slice by.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use image::RgbImage;
use serde_json::Value;
use wo_input::FrameItem;
use wo_picture::{Fingerprint, median};
use wo_record::{Quality, Video};

use crate::judge::handed_over;

/// Fields of a video record that are not sliced: identifiers, and what is predicted.
const NOT_SLICED: [&str; 9] = [
    "video_id",
    "path",
    "label",
    "duration_ms",
    "n_frames",
    "n_frames_wanted",
    "repetitions",
    "cuts_ms",
    "near_duplicate_of",
];
/// Below this mean brightness a video counts as dark, above the other as bright.
const DARK: f64 = 0.3;
const BRIGHT: f64 = 0.6;

/// Numbers and words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Bytes a second, bit rate, frame rate, width and height: logarithms.
    #[serde(with = "handed_over::unknown_numbers")]
    pub(crate) container: Vec<f64>,
    /// Codec and container.
    pub(crate) format: String,
    /// Medians over frames.
    pub(crate) sharpness: Option<f64>,
    pub(crate) brightness: Option<f64>,
    pub(crate) contrast: Option<f64>,
    /// Perceptual hashes of its frames.
    pub(crate) hashes: Vec<u64>,
    /// What its frames are recognized by; `None` if none is there.
    #[serde(with = "handed_over::fingerprint")]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The fields to slice by.
    pub(crate) fields: BTreeMap<String, String>,
    /// Those of the fields that are numbers.
    pub(crate) numbers: BTreeMap<String, f64>,
    /// Where repetitions were found.
    pub(crate) times: Option<RepetitionTimes>,
}

/// What the length of a video is made of, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RepetitionTimes {
    /// The mean length of a repetition: a slow one may be form.
    pub(crate) tempo_ms: f64,
    /// The time outside of all repetitions, which shows no form.
    pub(crate) padding_ms: f64,
}

impl RepetitionTimes {
    fn of(video: &Video) -> Option<Self> {
        let repetitions = video.repetitions.as_ref().filter(|it| !it.is_empty())?;
        let length = |it: &wo_record::Rep| (it.end_ms - it.start_ms).max(0.0);
        let inside_ms: f64 = repetitions.iter().map(length).sum();
        Some(Self {
            tempo_ms: inside_ms / repetitions.len() as f64,
            padding_ms: (video.duration_ms? - inside_ms).max(0.0),
        })
    }
}

impl Facts {
    /// Of a video and those of its frames that load.
    pub(crate) fn of(video: &Video, frames: &[&FrameItem], images: &[RgbImage]) -> Self {
        let qualities: Vec<&Quality> = frames
            .iter()
            .filter_map(|item| item.frame.quality.as_ref())
            .collect();
        let known = |number: fn(&Quality) -> Option<f64>| {
            median(qualities.iter().filter_map(|quality| number(quality)))
        };
        let sharpness = known(|it| Some(it.sharpness))
            .or_else(|| median(images.iter().map(wo_picture::sharpness)));
        let brightness = known(|it| Some(it.brightness))
            .or_else(|| median(images.iter().map(wo_picture::brightness)));
        let hash = |it: &&Quality| Some(it.hash()?.0);
        let mut hashes: Vec<u64> = qualities.iter().filter_map(hash).collect();
        if hashes.is_empty() {
            let hash = |it: &RgbImage| wo_picture::perceptual_hash(&wo_picture::luma(it));
            hashes = images.iter().map(hash).collect();
        }
        let (mut fields, numbers) = fields_of(video);
        if let Some(brightness) = brightness {
            fields.insert("lighting".to_owned(), lighting(brightness).to_owned());
        }
        Self {
            container: container_of(video),
            format: format!("{:?} {:?}", video.codec, video.container),
            sharpness,
            brightness,
            contrast: known(|it| Some(it.contrast)),
            hashes,
            fingerprint: Fingerprint::of(images),
            fields,
            numbers,
            times: RepetitionTimes::of(video),
        }
    }

    /// Of a video of which only the record is known.
    pub(crate) fn of_record(video: &Video) -> Self {
        Self::of(video, &[], &[])
    }
}

/// When the first repetition starts, where repetitions were found.
pub(crate) fn first_start_ms(video: &Video) -> Option<f64> {
    Some(video.repetitions.as_ref()?.first()?.start_ms)
}

/// Unknown numbers are NaN: a probe replaces them by the mean.
fn container_of(video: &Video) -> Vec<f64> {
    // The size of the file would tell the length, which has a probe of its own and may be tempo.
    let seconds = video.duration_ms.map(|it| (it / 1000.0).max(1e-3));
    let bytes_a_second = video.size_bytes.zip(seconds);
    let numbers = [
        bytes_a_second.map(|(bytes, seconds)| bytes as f64 / seconds),
        video.bitrate_bps.map(|it| it as f64),
        video.frame_rate_hz,
        video.width_px.map(f64::from),
        video.height_px.map(f64::from),
    ];
    let logarithm = |it: Option<f64>| it.map_or(f64::NAN, f64::ln_1p);
    numbers.map(logarithm).to_vec()
}

/// The fields as words, and those of them that are numbers.
fn fields_of(video: &Video) -> (BTreeMap<String, String>, BTreeMap<String, f64>) {
    let Ok(Value::Object(fields)) = serde_json::to_value(video) else {
        return Default::default();
    };
    let number = |(name, value): (&String, &Value)| Some((name.clone(), value.as_f64()?));
    let numbers = fields.iter().filter_map(number).collect();
    let mut words: BTreeMap<String, String> = fields
        .into_iter()
        .filter(|(name, _)| !NOT_SLICED.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            let word = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(is_so) => is_so.to_string(),
                _ => return None,
            };
            Some((name, word))
        })
        .collect();
    if let (Some(width), Some(height)) = (video.width_px, video.height_px) {
        words.insert(
            "resolution".to_owned(),
            resolution(width.min(height)).to_owned(),
        );
    }
    (words, numbers)
}

fn resolution(short_side_px: u32) -> &'static str {
    match short_side_px {
        0..480 => "below 480",
        480..720 => "480 to 719",
        720..1080 => "720 to 1079",
        _ => "1080 and more",
    }
}

fn lighting(brightness: f64) -> &'static str {
    if brightness < DARK {
        "dark"
    } else if brightness > BRIGHT {
        "bright"
    } else {
        "medium"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_becomes_words_and_numbers() {
        let video = Video {
            source_id: Some("gym".to_owned()),
            width_px: Some(1920),
            height_px: Some(1080),
            label: Some("bad_form".into()),
            ..Video::default()
        };
        let facts = Facts::of_record(&video);
        let field = |name: &str| facts.fields.get(name).map(String::as_str);
        assert_eq!(field("source_id"), Some("gym"));
        assert_eq!(field("resolution"), Some("1080 and more"));
        assert_eq!(field("label"), None, "it is what is to be told");
        assert_eq!(facts.numbers.get("width_px"), Some(&1920.0));
        assert!(facts.container[0].is_nan() && facts.container[3] > 7.0);
        assert_eq!(facts.sharpness, None);
    }

    #[test]
    fn a_length_is_tempo_and_padding() {
        let rep = |start_ms: f64, end_ms: f64| wo_record::Rep {
            start_ms,
            far_ms: f64::midpoint(start_ms, end_ms),
            end_ms,
        };
        let mut video = Video {
            duration_ms: Some(10_000.0),
            repetitions: Some(vec![rep(1000.0, 3000.0), rep(4000.0, 8000.0)]),
            ..Video::default()
        };
        let expected = RepetitionTimes {
            tempo_ms: 3000.0,
            padding_ms: 4000.0,
        };
        assert_eq!(Facts::of_record(&video).times, Some(expected));
        // None were found: all of it may be a slow repetition.
        video.repetitions = Some(Vec::new());
        assert_eq!(Facts::of_record(&video).times, None);
    }

    #[test]
    fn quality_is_measured_where_frames_came_without() {
        let dark = RgbImage::from_pixel(64, 64, image::Rgb([10, 10, 10]));
        let facts = Facts::of(&Video::default(), &[], &[dark]);
        assert!(facts.brightness.is_some_and(|it| it < 0.1));
        assert_eq!((facts.sharpness, facts.hashes.len()), (Some(0.0), 1));
        assert_eq!(
            facts.fields.get("lighting").map(String::as_str),
            Some("dark")
        );
    }
}
