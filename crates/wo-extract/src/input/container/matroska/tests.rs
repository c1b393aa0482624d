use std::io::Write;

use super::*;

/// An element of fewer than 16384 bytes.
fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let size = (0x4000 | content.len() as u16).to_be_bytes();
    let first = id.iter().position(|byte| *byte != 0).unwrap();
    [&id[first..], &size, content].concat()
}

fn track(number: u8, flags: &[(u32, u8)], video: &[u8]) -> Vec<u8> {
    let mut content = element(TRACK_NUMBER, &[number]);
    content.extend(element(TRACK_TYPE, &[1]));
    content.extend(flags.iter().flat_map(|(id, value)| element(*id, &[*value])));
    content.extend(element(VIDEO, video));
    element(TRACK_ENTRY, &content)
}

fn file(tracks: &[Vec<u8>], cluster: &[u8]) -> Vec<u8> {
    let body = [element(TRACKS, &tracks.concat()), cluster.to_vec()].concat();
    [
        element(super::super::ebml::HEADER, b"x"),
        element(SEGMENT, &body),
    ]
    .concat()
}

fn choice(bytes: &[u8]) -> TrackChoice {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    choose_track(&file, bytes.len() as u64).unwrap()
}

/// The numbers of the tracks that are still there when the patches are applied.
fn left(tracks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = file(tracks, &[]);
    for patch in choice(&bytes).patches {
        bytes[patch.offset as usize..][..patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    let starts = bytes.windows(4).enumerate();
    let starts = starts.filter(|(_, it)| it[0] == TRACK_ENTRY as u8 && it[3] == TRACK_NUMBER as u8);
    starts.map(|(at, _)| bytes[at + 6]).collect()
}

#[test]
fn the_default_track_that_is_on_is_taken() {
    let plain = |number| track(number, &[], &[]);
    let with = |number, flag| track(number, &[(flag, 0)], &[]);
    assert_eq!(left(&[plain(1), plain(2)]), [1]);
    assert_eq!(left(&[with(1, FLAG_DEFAULT), plain(2)]), [2]);
    assert_eq!(left(&[with(1, FLAG_ENABLED), with(2, FLAG_DEFAULT)]), [2]);
    assert_eq!(left(&[with(1, FLAG_DEFAULT), with(2, FLAG_DEFAULT)]), [1]);
}

fn turned(angles: &[(u32, f32)], kind: u8) -> TrackChoice {
    let mut projection = element(PROJECTION_TYPE, &[kind]);
    let angles = angles.iter();
    projection.extend(angles.flat_map(|(id, angle)| element(*id, &angle.to_be_bytes())));
    choice(&file(
        &[track(1, &[], &element(PROJECTION, &projection))],
        &[],
    ))
}

#[test]
fn a_roll_turns_against_the_clock_and_half_a_yaw_mirrors() {
    for (angles, degrees, mirrors) in [
        (&[][..], 0, false),
        (&[(POSE_ROLL, -90.0)], 90, false),
        (&[(POSE_ROLL, 90.0)], 270, false),
        (&[(POSE_ROLL, 180.0)], 180, false),
        (&[(POSE_YAW, 180.0)], 0, true),
        // Upside down in a mirror, which is turned by half and mirrored left to right.
        (&[(POSE_PITCH, 180.0)], 180, true),
        (&[(POSE_YAW, -180.0), (POSE_ROLL, 90.0)], 90, true),
        (&[(POSE_YAW, 180.0), (POSE_PITCH, 180.0)], 180, false),
    ] {
        let choice = turned(angles, 0);
        let turn = choice.turn.unwrap();
        let left_edge = image::RgbImage::from_fn(2, 2, |x, y| image::Rgb([(x + 2 * y) as u8; 3]));
        let unmirrored = Turn::of(Matrix::turning(f64::from(turn.degrees()))).unwrap();
        let is_turned = turn.upright(left_edge.clone()) == unmirrored.upright(left_edge);
        assert_eq!(
            (turn.degrees(), !is_turned),
            (degrees, mirrors),
            "{angles:?}"
        );
        assert_eq!(choice.notes.len(), 0);
    }
}

#[test]
fn what_is_no_turn_of_the_picture_is_named() {
    let note = |angles: &[(u32, f32)], kind| turned(angles, kind).notes.concat();
    assert!(note(&[(POSE_YAW, 30.0)], 0).contains("out of the screen"));
    assert!(note(&[(POSE_ROLL, 90.0)], 1).contains("360°"));
    assert_eq!(note(&[], 1), "");
}

#[test]
fn alpha_is_believed_where_the_first_frame_has_it() {
    let simple = element(SIMPLE_BLOCK, b"\x81\0\0\0x");
    let other = element(SIMPLE_BLOCK, b"\x82\0\0\0x");
    let block = element(BLOCK, b"\x81\0\0\0x");
    let plain = element(BLOCK_GROUP, &block);
    let clear = element(
        BLOCK_GROUP,
        &[block, element(BLOCK_ADDITIONS, b"")].concat(),
    );
    let announced = track(1, &[], &element(ALPHA_MODE, &[1]));
    let is_kept = |blocks: &[Vec<u8>]| {
        let closed = element(CLUSTER, &blocks.concat());
        // As a live recording has it: its end is not known.
        let open = [
            b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff",
            &blocks.concat()[..],
        ]
        .concat();
        let kept = [closed, open].map(|it| {
            choice(&file(std::slice::from_ref(&announced), &it))
                .patches
                .is_empty()
        });
        assert_eq!(kept[0], kept[1]);
        kept[0]
    };
    assert!(!is_kept(&[simple.clone(), clear.clone()]));
    assert!(!is_kept(&[plain]));
    assert!(is_kept(&[other, clear, simple]));
    assert!(!is_kept(&[]));
}

#[test]
fn cut_and_odd_files_end_quietly() {
    let bytes = file(&[track(1, &[], &element(ALPHA_MODE, &[1]))], &[0; 40]);
    for n in 0..bytes.len() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes[..n]).unwrap();
        choose_track(&file, n as u64);
    }
}
