//! Writes, for each video of a folder of frames, a sheet for people: its first and middle frame, the change, the mask,
//! the background. And a table on stdout; where the folder's records hold poses, with how many of the joints the mask
//! covers.
//!
//! `masks FOLDER OUT`: FOLDER is what `wo-extract --out` or `wo-synth --stills` wrote, or a folder of the JPEGs of one
//! video.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use image::{DynamicImage, RgbImage};
use wo_picture::{Background, CutOff, MovingPerson, background, moving_person};
use wo_record::{Image, Joint, Reader, Record};

/// Height of an image on a sheet, in pixels.
const HEIGHT: u32 = 320;

/// A video of the folder.
#[derive(Default)]
struct Video {
    name: String,
    frames: Vec<PathBuf>,
    joints: Vec<Vec<Joint>>,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, out] = arguments.as_slice() else {
        bail!("usage: masks FOLDER OUT");
    };
    std::fs::create_dir_all(out)?;
    let records = folder.join("records.ndjson");
    let videos = if records.exists() {
        of_records(&records, folder)?
    } else {
        vec![of_folder(folder)?]
    };
    let mut table = std::io::stdout().lock();
    writeln!(
        table,
        "{:<44} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7} {:>6}",
        "video", "share", "body", "hole", "sure", "in mask", "in body", "in hole", "cut"
    )?;
    for video in videos {
        let frames: Vec<RgbImage> = video
            .frames
            .iter()
            .map(|path| {
                Ok(image::open(path)
                    .with_context(|| path.display().to_string())?
                    .into_rgb8())
            })
            .collect::<anyhow::Result<_>>()?;
        match moving_person(&frames) {
            Err(why) => writeln!(table, "{:<44} {why:?}", video.name)?,
            Ok(person) => {
                let behind = background(&frames, &person);
                writeln!(
                    table,
                    "{:<44} {}",
                    video.name,
                    figures(&person, behind.as_ref(), &video)
                )?;
                let sheet = sheet(&frames, &person, behind.as_ref());
                sheet.save(out.join(format!("{}.png", video.name.replace('/', "_"))))?;
            }
        }
    }
    Ok(())
}

fn of_folder(folder: &Path) -> anyhow::Result<Video> {
    let mut frames: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<_>>()?;
    frames.retain(|path| path.extension().is_some_and(|it| it == "jpg"));
    frames.sort();
    Ok(Video {
        name: folder.display().to_string(),
        frames,
        joints: Vec::new(),
    })
}

fn of_records(path: &Path, folder: &Path) -> anyhow::Result<Vec<Video>> {
    let mut input = BufReader::new(File::open(path)?);
    let mut reader = Reader::new(&mut input, wo_record::DEFAULT_MAX_LINE);
    let mut videos: BTreeMap<String, Video> = BTreeMap::new();
    while let Some(line) = reader.next_line()? {
        match line.record {
            Ok(Record::Video(it)) => {
                let name = it.path.map_or_else(
                    || it.video_id.clone(),
                    |path| path.as_path().display().to_string(),
                );
                videos.entry(it.video_id).or_default().name = name;
            }
            Ok(Record::Frame(it)) => {
                if let Image::File { path, .. } = it.image {
                    let video = videos.entry(it.video_id).or_default();
                    video.frames.push(folder.join(path.as_path()));
                }
            }
            Ok(Record::Pose(it)) => {
                videos
                    .entry(it.video_id)
                    .or_default()
                    .joints
                    .push(it.joints);
            }
            _ => {}
        }
    }
    let mut videos: Vec<Video> = videos.into_values().collect();
    videos.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(videos)
}

fn figures(person: &MovingPerson, behind: Option<&Background>, video: &Video) -> String {
    // A joint of a frame lies where the camera had moved to.
    let places = || {
        let frames = video.joints.iter().zip(&person.shifts);
        frames.flat_map(|(joints, shift)| {
            joints
                .iter()
                .map(move |joint| (joint.u - shift.right, joint.v - shift.down))
        })
    };
    let part = |is_in: &dyn Fn(f64, f64) -> bool| {
        let n = places().filter(|&(u, v)| is_in(u, v)).count();
        n as f64 / places().count() as f64
    };
    let cut = CutOff::of(&person.moved).map_or(0.0, |cut| cut.worst());
    format!(
        "{:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>7.3} {:>7.3} {:>7.3} {:>6.2}  {:.3} {:.3} {:.3} {:.3}",
        person.share,
        person.body.share(),
        behind.map_or(1.0, |it| it.removed.share()),
        person.confidence,
        part(&|u, v| person.mask.contains(u, v)),
        part(&|u, v| person.body.contains(u, v)),
        part(&|u, v| behind.is_none_or(|it| it.removed.contains(u, v))),
        cut,
        person.bounds.left,
        person.bounds.top,
        person.bounds.right,
        person.bounds.bottom,
    )
}

fn sheet(frames: &[RgbImage], person: &MovingPerson, behind: Option<&Background>) -> RgbImage {
    let middle = &frames[frames.len() / 2];
    let mut masked = middle.clone();
    let (width, height) = middle.dimensions();
    for (x, y, pixel) in masked.enumerate_pixels_mut() {
        let (u, v) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        if person.mask.contains(u, v) {
            pixel.0[0] = pixel.0[0].saturating_add(90);
        }
    }
    let energy = DynamicImage::ImageLuma8(person.energy.clone()).into_rgb8();
    let images = [&frames[0], middle, &energy, &masked];
    let images = images.into_iter().chain(behind.map(|it| &it.image));
    let images: Vec<RgbImage> = images
        .map(|it| {
            let width = it.width() * HEIGHT / it.height().max(1);
            image::imageops::resize(it, width, HEIGHT, image::imageops::FilterType::Triangle)
        })
        .collect();
    let mut sheet = RgbImage::new(images.iter().map(RgbImage::width).sum(), HEIGHT);
    let mut left = 0;
    for image in &images {
        image::imageops::replace(&mut sheet, image, left, 0);
        left += i64::from(image.width());
    }
    sheet
}
