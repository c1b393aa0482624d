//! Contact sheet: an image with a row of frames for each verdict, wrong ones first.

use std::io::Cursor;
use std::path::Path;

use anyhow::Context;
use image::imageops::{FilterType, overlay, resize};
use image::{ImageFormat, Rgb, RgbImage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_cli::{Exit, ExitWith, write_file};
use wo_record::{Name, Verdict};

use crate::judge::predict::Judged;
use crate::render::font::{CHARACTER_WIDTH, LINE_HEIGHT, write};

/// How many frames of a video are shown.
const MAX_FRAMES: usize = 8;
/// The height of a frame, in pixels.
const FRAME_HEIGHT: u32 = 112;
/// The greatest width of a frame, in pixels: 16:9 fits, anything wider gets lower.
const MAX_FRAME_WIDTH: u32 = 200;
/// The space around things, in pixels.
const GAP: u32 = 6;
/// The width of the bar that marks right or wrong, in pixels.
const BAR_WIDTH: u32 = 12;
/// The thickness of the line around the evidence frame, in pixels.
const EVIDENCE_LINE: u32 = 4;
/// Two lines of text fit a caption.
const CAPTION_HEIGHT: u32 = 2 * LINE_HEIGHT;
/// One line of text and space around it.
const LEGEND_HEIGHT: u32 = LINE_HEIGHT + 2 * GAP;
/// The narrowest sheet, in pixels: 120 characters, so that upright videos do not cut their captions short.
const MIN_WIDTH: u32 = 120 * CHARACTER_WIDTH;
const BACKGROUND: Rgb<u8> = Rgb([250, 250, 248]);
const INK: Rgb<u8> = Rgb([24, 24, 24]);
const EVIDENCE: Rgb<u8> = Rgb([255, 176, 0]);
// Green and red of Okabe and Ito's palette, which people with colour-blindness can tell apart.
const RIGHT: Rgb<u8> = Rgb([0, 158, 115]);
const WRONG: Rgb<u8> = Rgb([213, 60, 0]);
const UNSCORED: Rgb<u8> = Rgb([140, 140, 140]);

/// A sheet in the making. It holds no more rows than it will show.
#[derive(Debug)]
pub(crate) struct ContactSheet {
    n_videos: usize,
    n_offered: usize,
    random: ChaCha8Rng,
    rows: Vec<Row>,
}

/// A row of the sheet.
#[derive(Debug)]
struct Row {
    /// Wrong ones first, then as the seed has it.
    rank: (bool, u64),
    colour: Rgb<u8>,
    caption: [String; 2],
    frames: Vec<RgbImage>,
}

impl ContactSheet {
    /// A sheet of up to `n_videos`.
    pub(crate) fn new(n_videos: usize, seed: u64) -> Self {
        Self {
            n_videos,
            n_offered: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
            rows: Vec::new(),
        }
    }

    /// Adds a video; the lowest-ranked row is dropped if there are too many.
    pub(crate) fn add(&mut self, judged: &Judged) {
        self.n_offered += 1;
        let is_right = judged.is_right();
        let rank = (is_right != Some(false), self.random.random());
        let place = self.rows.partition_point(|row| row.rank < rank);
        if place >= self.n_videos {
            return;
        }
        let (colour, word) = match is_right {
            Some(true) => (RIGHT, "right"),
            Some(false) => (WRONG, "WRONG"),
            None if judged.verdict.leaning.is_some() => (UNSCORED, "unclear"),
            None => (UNSCORED, "not scored"),
        };
        let shown = frames_to_show(judged.images.len(), judged.evidence_idx);
        let frames = shown.into_iter().filter_map(|idx| {
            let frame = thumbnail(judged.images.get(idx)?);
            Some(if idx == judged.evidence_idx {
                framed(frame)
            } else {
                frame
            })
        });
        let row = Row {
            rank,
            colour,
            caption: caption(&judged.verdict, word),
            frames: frames.collect(),
        };
        self.rows.insert(place, row);
        self.rows.truncate(self.n_videos);
    }

    /// Whether there is nothing to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The sheet as an image.
    pub(crate) fn draw(&self) -> RgbImage {
        let width_of = |row: &Row| {
            row.frames
                .iter()
                .map(|frame| frame.width() + GAP)
                .sum::<u32>()
        };
        let left = GAP + BAR_WIDTH + GAP;
        let width = left + self.rows.iter().map(width_of).max().unwrap_or(0);
        let row_height = CAPTION_HEIGHT + FRAME_HEIGHT + 2 * GAP;
        let height = LEGEND_HEIGHT + row_height * self.rows.len() as u32;
        let mut sheet = RgbImage::from_pixel(width.max(MIN_WIDTH), height, BACKGROUND);
        let legend = format!(
            "{} of {}, wrong ones first. Bar: green right, red wrong, grey not scored. Framed: evidence frame.",
            self.rows.len(),
            wo_cli::count(self.n_offered, "video")
        );
        write(&mut sheet, &legend, GAP, GAP, INK);
        for (row, top) in self
            .rows
            .iter()
            .zip((LEGEND_HEIGHT..).step_by(row_height as usize))
        {
            let bar = RgbImage::from_pixel(BAR_WIDTH, row_height - 2 * GAP, row.colour);
            overlay(&mut sheet, &bar, i64::from(GAP), i64::from(top));
            for (line, y) in row
                .caption
                .iter()
                .zip((top..).step_by(LINE_HEIGHT as usize))
            {
                write(&mut sheet, line, left, y, INK);
            }
            let mut x = left;
            for frame in &row.frames {
                overlay(
                    &mut sheet,
                    frame,
                    i64::from(x),
                    i64::from(top + CAPTION_HEIGHT),
                );
                x += frame.width() + GAP;
            }
        }
        sheet
    }

    /// Writes the sheet as a PNG, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut png = Vec::new();
        self.draw()
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .context("encode the contact sheet")?;
        let written = || format!("write {}", path.display());
        write_file(path, &png)
            .with_context(written)
            .exit_with(Exit::Io)
    }
}

/// `squat bad_form`, or a dash for what is not known.
fn pair(exercise: Option<&Name>, label: Option<&Name>) -> String {
    let word = |name: Option<&Name>| name.map_or("-", Name::as_str).to_owned();
    format!("{} {}", word(exercise), word(label))
}

fn caption(verdict: &Verdict, word: &str) -> [String; 2] {
    // The last parts of a path say more than the first, and the folder often has the true label.
    let name = verdict.path.as_ref().map_or_else(
        || format!("video {}", verdict.video_id),
        |path| {
            let parts: Vec<_> = path
                .as_path()
                .iter()
                .map(|part| part.to_string_lossy())
                .collect();
            parts
                .get(parts.len().saturating_sub(3)..)
                .unwrap_or_default()
                .join("/")
        },
    );
    let faults: Vec<&str> = verdict.faults.iter().map(Name::as_str).collect();
    let faults = if faults.is_empty() {
        String::new()
    } else {
        format!(": {}", faults.join(", "))
    };
    let predicted = format!(
        "true: {}   model: {} {:.2}, {} {:.2}{faults}",
        pair(verdict.true_exercise.as_ref(), verdict.true_label.as_ref()),
        verdict.exercise,
        verdict.exercise_probability,
        verdict.label,
        verdict.probability,
    );
    let seen = if verdict.seen {
        " (seen in training)"
    } else {
        ""
    };
    [format!("{word}: {name}{seen}"), predicted]
}

/// Up to [`MAX_FRAMES`] of `n`, evenly spread, the evidence in the place of the one nearest to it.
fn frames_to_show(n: usize, evidence_idx: usize) -> Vec<usize> {
    if n <= MAX_FRAMES {
        return (0..n).collect();
    }
    let mut shown: Vec<usize> = (0..MAX_FRAMES)
        .map(|i| i * (n - 1) / (MAX_FRAMES - 1))
        .collect();
    if let Some(nearest) = shown
        .iter_mut()
        .min_by_key(|idx| idx.abs_diff(evidence_idx))
    {
        *nearest = evidence_idx;
    }
    shown
}

fn thumbnail(image: &RgbImage) -> RgbImage {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let scale = (f64::from(FRAME_HEIGHT) / height).min(f64::from(MAX_FRAME_WIDTH) / width);
    let side = |length: f64| ((length * scale).round() as u32).max(1);
    resize(image, side(width), side(height), FilterType::Triangle)
}

/// The frame with a line along its edges.
fn framed(mut frame: RgbImage) -> RgbImage {
    let (width, height) = frame.dimensions();
    for (x, y, pixel) in frame.enumerate_pixels_mut() {
        let to_edge = x.min(y).min(width - 1 - x).min(height - 1 - y);
        if to_edge < EVIDENCE_LINE {
            *pixel = EVIDENCE;
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use wo_record::Evidence;

    use wo_clip::tch::{Device, Kind, Tensor};

    use super::*;
    use crate::fixtures::squat;
    use crate::judge::evidence::EvidenceFrame;
    use crate::judge::prediction::GroundTruth;

    fn judged(number: u8, truth: usize, predicted: usize) -> Judged {
        let prediction = squat(usize::from(number), truth, predicted, 1000.0);
        let label = |idx: usize| Name::new(if idx == 0 { "bad_form" } else { "good_form" });
        let verdict = Verdict {
            video_id: number.to_string(),
            path: Some(format!("data/squat/{}/{number:03}.mp4", label(truth)).into()),
            label: label(predicted),
            probability: 0.75,
            exercise: "squat".into(),
            exercise_probability: 0.5,
            faults: if predicted == 0 {
                vec!["knees_cave".into()]
            } else {
                Vec::new()
            },
            evidence: Evidence {
                index: 5,
                pts_ms: Some(500.0),
                probability: 0.9,
                phase: None,
            },
            n_frames: 12,
            true_label: Some(label(truth)),
            true_exercise: Some("squat".into()),
            seen: false,
            ..Verdict::default()
        };
        let (width, height) = if number.is_multiple_of(2) {
            (320, 240)
        } else {
            (360, 640)
        };
        let images = (0..12)
            .map(|i| RgbImage::from_pixel(width, height, Rgb([20 * i, 90, 160])))
            .collect();
        Judged {
            verdict,
            prediction,
            evidence: EvidenceFrame {
                features: Tensor::zeros([2], (Kind::Float, Device::Cpu)),
                phase: None,
            },
            times_ms: vec![None; 12],
            images,
            evidence_idx: 5,
            n_bad_frames: 0,
            warning: None,
        }
    }

    fn first_words(sheet: &ContactSheet) -> Vec<&str> {
        sheet
            .rows
            .iter()
            .filter_map(|row| row.caption[0].split(':').next())
            .collect()
    }

    #[test]
    fn wrong_ones_come_first_and_the_rest_is_a_seeded_mix() {
        let sheet = |seed| {
            let mut sheet = ContactSheet::new(4, seed);
            for number in 0..20 {
                sheet.add(&judged(number, usize::from(number % 10 == 3), 0));
            }
            let captions: Vec<String> = sheet
                .rows
                .iter()
                .map(|row| row.caption[0].clone())
                .collect();
            assert_eq!(first_words(&sheet), ["WRONG", "WRONG", "right", "right"]);
            captions
        };
        assert_eq!(sheet(1), sheet(1));
        assert_ne!(sheet(1), sheet(2));
    }

    #[test]
    fn a_verdict_that_is_unclear_is_not_wrong() {
        let mut judged = judged(1, 1, 0);
        assert_eq!(judged.is_right(), Some(false));
        judged.verdict.leaning = Some("bad_form".into());
        judged.verdict.label = "unclear".into();
        assert_eq!(judged.is_right(), None);
        let mut sheet = ContactSheet::new(4, 0);
        sheet.add(&judged);
        assert_eq!(first_words(&sheet), ["unclear"]);
        assert_eq!(sheet.rows[0].colour, UNSCORED);
        let mut worst = crate::render::worst::Worst::keeping();
        worst.add(&judged);
        assert_eq!((worst.n_wrong, worst.videos.len()), (0, 0));
    }

    #[test]
    fn the_sheet_shows_bar_frames_and_evidence() {
        let mut sheet = ContactSheet::new(24, 0);
        let mut unlabelled = judged(2, 0, 1);
        unlabelled.prediction.ground_truth = GroundTruth::Unlabelled;
        unlabelled.verdict.true_label = None;
        for video in [judged(0, 0, 0), judged(1, 1, 0), unlabelled] {
            sheet.add(&video);
        }
        let image = sheet.draw();
        for colour in [RIGHT, WRONG, UNSCORED, EVIDENCE, INK] {
            assert!(image.pixels().any(|pixel| *pixel == colour), "{colour:?}");
        }
        assert_eq!(
            image.height(),
            LEGEND_HEIGHT + 3 * (CAPTION_HEIGHT + FRAME_HEIGHT + 2 * GAP)
        );
        assert_eq!(*image.get_pixel(GAP, LEGEND_HEIGHT), WRONG);
    }

    #[test]
    fn frames_are_spread_and_the_evidence_is_among_them() {
        assert_eq!(frames_to_show(3, 1), [0, 1, 2]);
        assert_eq!(frames_to_show(16, 15), [0, 2, 4, 6, 8, 10, 12, 15]);
        assert_eq!(frames_to_show(16, 7), [0, 2, 4, 7, 8, 10, 12, 15]);
    }

    #[test]
    fn captions_tell_truth_and_verdict() {
        assert_eq!(
            caption(&judged(3, 1, 0).verdict, "WRONG"),
            [
                "WRONG: squat/good_form/003.mp4".to_owned(),
                "true: squat good_form   model: squat 0.50, bad_form 0.75: knees_cave".to_owned(),
            ]
        );
    }
}
