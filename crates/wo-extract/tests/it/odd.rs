//! Odd files of the real world, where they are at hand.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::extract;

/// Its content is that of another file of the folder, and content is taken once.
const TWIN: &str = "sf_name'with quote.mov";
/// Its last packet is cut in the middle; GStreamer does not hand half a packet to the decoder, ffmpeg does.
const CUT_PACKET: &str = "mb_annexb.mp4";

#[test]
fn odd_files_give_what_is_expected_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/clips/odd");
    let Ok(table) = std::fs::read_to_string(folder.join("EXPECT.tsv")) else {
        println!("skipped: {} is not here", folder.display());
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
