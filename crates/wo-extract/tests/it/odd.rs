//! Odd files of the real world, where they are at hand.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::extract;

/// Its content is that of another file of the folder, and content is taken once.
const TWIN: &str = "sf_name'with quote.mov";
/// Its last packet is cut in the middle; GStreamer does not hand half a packet to the decoder, ffmpeg does.
const CUT_PACKET: &str = "mb_annexb.mp4";
/// Its last frame is cut in the middle.
const DAMAGED: &str = "sf_weird_aspect_interlaced.mpg";

#[test]
fn odd_files_give_what_is_expected_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/clips/odd");
    let Ok(table) = std::fs::read_to_string(folder.join("EXPECT.tsv")) else {
        wo_testkit::skip::not_available("the shared folder of odd clips");
        return;
    };
    let stream = extract(&folder, &[".", "-q"], 3);
    let name =
        |path: &serde_json::Value| path.as_str().unwrap().trim_start_matches("./").to_owned();
    let videos: BTreeMap<_, _> = stream
        .videos
        .iter()
        .map(|video| (name(&video.path), video))
        .collect();
    let errors: Vec<_> = stream
        .errors
        .iter()
        .map(|error| name(error.path.as_ref().unwrap()))
        .collect();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, codec, _, _, rotation, n_frames, expect] = columns[..] else {
            panic!("{line}")
        };
        if file == TWIN {
            continue;
        }
        let Some(video) = videos.get(file) else {
            assert_eq!(
                (expect, errors.iter().filter(|name| *name == file).count()),
                ("error", 1),
                "{file}"
            );
            continue;
        };
        assert_ne!(expect, "error", "{file}");
        assert_eq!(
            errors.contains(&file.to_owned()),
            expect == "partial",
            "{file}"
        );
        let n_frames: u32 = n_frames.parse().unwrap();
        let n_frames = if file == CUT_PACKET {
            n_frames - 1
        } else {
            n_frames
        };
        assert_eq!(video.n_frames, Some(n_frames.min(10)), "{file}");
        assert_eq!(video.codec, codec, "{file}");
        let n_damaged = (file == DAMAGED).then_some(1);
        assert_eq!(video.n_damaged, n_damaged, "{file}");
        assert_eq!(
            video.rotation_deg,
            if rotation == "-90" { 90 } else { 0 },
            "{file}"
        );
        let (width, height) = displayed(file, &columns);
        assert_eq!((video.width_px, video.height_px), (width, height), "{file}");
        assert!(
            stream
                .frames
                .iter()
                .filter(|f| f.video_id == video.video_id)
                .all(|f| f.width_px.min(f.height_px) == 512)
        );
    }
}

/// The stored size of a row, turned, and with the two pixel shapes that are not square.
fn displayed(file: &str, columns: &[&str]) -> (u32, u32) {
    let (width, height) = (columns[2].parse().unwrap(), columns[3].parse().unwrap());
    match file {
        "sf_weird_aspect_interlaced.mpg" => (501, height),
        "tc_non_zero_start.mp4" => (199, height),
        _ if columns[4].is_empty() => (width, height),
        _ => (height, width),
    }
}

/// Files whose frames must look as ffmpeg's do: ordinary ones with 8 bits, and some that are not.
const COMPARED: [&str; 14] = [
    "gym/squat.mp4",
    "gym/push_up.mp4",
    "gym/plank.mp4",
    "odd/der_mjpeg.mov",
    "odd/der_prores.mov",
    "odd/mb_rotate_metadata.mp4",
    "odd/sf_ios9_phone.mov",
    "odd/tc_av1_in_mkv.mkv",
    "odd/tc_bt709_full_range.mp4",
    "odd/tc_h264_10bit.mp4",
    "odd/tc_mpeg4part2.avi",
    "odd/tc_odd_wh_444.mp4",
    "odd/tc_vp8.webm",
    "odd/tc_vp9.webm",
];
/// In decibels. What JPEG alone leaves of these is 38 and more.
const LEAST_PSNR: f64 = 36.0;

/// The frame that ffmpeg shows at `seconds`. It is told what it does not guess: that colours lie to the left of pairs of
/// pixels in nearly all videos, and that large ones without a matrix have that of HD.
fn by_ffmpeg(file: &Path, seconds: f64, width: u32, height: u32) -> Option<Vec<u8>> {
    let name = file.file_name()?.to_str()?;
    let site = if name.contains("mjpeg") { 128 } else { 0 };
    let is_hd = ["squat", "push_up", "plank", "tc_vp", "mpeg4part2"].iter();
    let matrix = if is_hd.clone().any(|part| name.contains(part)) {
        "bt709"
    } else {
        "auto"
    };
    let sites = if name.contains("444") {
        String::new()
    } else {
        format!(":in_h_chr_pos={site}:in_v_chr_pos=128")
    };
    let filters = format!(
        "setpts=PTS-STARTPTS,select='gte(t,{})',scale={width}:{height}:in_color_matrix={matrix}{sites}\
         :flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24",
        seconds - 0.0005
    );
    let output = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args([
            "-map",
            "0:v:0",
            "-vf",
            &filters,
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-",
        ])
        .output();
    output.ok().map(|output| output.stdout)
}

#[test]
fn frames_look_as_those_of_ffmpeg_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/clips");
    if !folder.exists() {
        wo_testkit::skip::not_available("the shared folder of clips");
        return;
    }
    let ffmpeg = std::process::Command::new("ffmpeg")
        .arg("-version")
        .output();
    if ffmpeg.is_err() {
        wo_testkit::skip::not_available("ffmpeg");
        return;
    }
    for file in COMPARED {
        let args = [file, "--exact", "--frames-per-video=2", "--size=240", "-q"];
        for frame in extract(&folder, &args, 0).frames {
            let ours = frame.image();
            let (width, height) = ours.dimensions();
            let theirs =
                by_ffmpeg(&folder.join(file), frame.pts_ms / 1000.0, width, height).unwrap();
            assert_eq!(theirs.len(), ours.len(), "{file}");
            let differences = ours.iter().zip(&theirs);
            let squares: f64 = differences
                .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2))
                .sum();
            let psnr = 10.0 * (255.0f64.powi(2) * ours.len() as f64 / squares.max(1.0)).log10();
            assert!(
                psnr >= LEAST_PSNR,
                "{file} at {} ms: {psnr:.1} dB",
                frame.pts_ms
            );
        }
    }
}
