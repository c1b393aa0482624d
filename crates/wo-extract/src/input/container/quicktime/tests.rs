use std::io::Write;

use super::*;

const IDENTITY: [i32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];
/// The anti-transpose: mirrored about the diagonal from the bottom left to the top right.
const ANTI: [i32; 9] = [0, -(1 << 16), 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];
const QUARTER: [i32; 9] = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];
const ENABLED: u8 = 1;

/// A track as a person thinks of one.
#[derive(Clone, Copy)]
struct Made {
    id: u32,
    version: u8,
    flags: u8,
    kind: &'static [u8; 4],
    matrix: [i32; 9],
    n_frames: u32,
    seconds: u32,
    chapters: u32,
}

const VIDEO: Made = Made {
    id: 1,
    version: 0,
    flags: ENABLED,
    kind: b"vide",
    matrix: IDENTITY,
    n_frames: 50,
    seconds: 2,
    chapters: 0,
};

fn atom(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let size = (8 + content.len() as u32).to_be_bytes();
    [&size[..], kind, content].concat()
}

fn numbers(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|it| it.to_be_bytes()).collect()
}

fn track(made: Made) -> Vec<u8> {
    let n_before = if made.version == 1 { 52 } else { 40 };
    let mut header = vec![0; n_before];
    header[0] = made.version;
    header[3] = made.flags;
    let id = if made.version == 1 { 20 } else { 12 };
    header[id..id + 4].copy_from_slice(&made.id.to_be_bytes());
    header.extend(numbers(&made.matrix));
    header.extend([0; 8]);
    let media = [
        atom(
            b"mdhd",
            &numbers(&[0, 0, 0, 1000, made.seconds as i32 * 1000, 0]),
        ),
        atom(b"hdlr", &[&[0; 8], &made.kind[..], &[0; 13]].concat()),
        atom(
            b"minf",
            &atom(
                b"stbl",
                &atom(b"stsz", &numbers(&[0, 0, made.n_frames as i32])),
            ),
        ),
    ];
    let chapters = atom(b"tref", &atom(b"chap", &made.chapters.to_be_bytes()));
    let parts = [
        atom(b"tkhd", &header),
        atom(b"mdia", &media.concat()),
        if made.chapters > 0 {
            chapters
        } else {
            Vec::new()
        },
    ];
    atom(b"trak", &parts.concat())
}

/// A file of tracks, and a whole that is so long and lies so.
fn movie(seconds: i32, matrix: [i32; 9], tracks: &[Made]) -> Vec<u8> {
    let header = [
        numbers(&[0, 0, 0, 600, seconds * 600, 0, 0, 0, 0]),
        numbers(&matrix),
    ];
    let tracks: Vec<u8> = tracks.iter().flat_map(|made| track(*made)).collect();
    let whole = [atom(b"mvhd", &header.concat()), tracks].concat();
    [atom(b"ftyp", b"isom\0\0\0\0"), atom(b"moov", &whole)].concat()
}

fn choice(bytes: &[u8]) -> Option<TrackChoice> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    choose_track(&file, bytes.len() as u64)
}

/// The tracks that are still there when the patches are applied, and the duration of the whole.
fn left(bytes: &[u8]) -> (Vec<u8>, u32) {
    let mut bytes = bytes.to_vec();
    for patch in choice(&bytes).unwrap().patches {
        bytes[patch.offset as usize..][..patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    let starts = (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == b"trak");
    let ids = starts.map(|at| bytes[at + 4 + 8 + 15]).collect();
    let header = bytes.windows(4).position(|it| it == b"mvhd").unwrap();
    let duration = *bytes[header + 20..].first_chunk().unwrap();
    (ids, u32::from_be_bytes(duration))
}

fn turn(bytes: &[u8]) -> (u32, (u32, u32)) {
    let turn = choice(bytes).unwrap().turn.unwrap();
    (turn.degrees(), turn.shown(4, 3))
}

#[test]
fn the_enabled_track_is_taken_whatever_lies_before_it() {
    let second = Made { id: 2, ..VIDEO };
    let off = Made { flags: 0, ..VIDEO };
    let sound = Made {
        id: 3,
        kind: b"soun",
        ..VIDEO
    };
    let left = |tracks: &[Made]| left(&movie(2, IDENTITY, tracks)).0;
    assert_eq!(left(&[sound, VIDEO, second]), [1]);
    assert_eq!(left(&[off, sound, second]), [2]);
    assert_eq!(left(&[off, Made { flags: 0, ..second }]), [1]);
    assert_eq!(choice(&movie(2, IDENTITY, &[sound])), None);
}

#[test]
fn pictures_of_covers_and_chapters_are_not_the_video() {
    let second = Made { id: 2, ..VIDEO };
    let cover = Made {
        n_frames: 1,
        ..VIDEO
    };
    let sound = Made {
        id: 3,
        kind: b"soun",
        chapters: 1,
        ..VIDEO
    };
    let left = |tracks: &[Made]| left(&movie(2, IDENTITY, tracks)).0;
    assert_eq!(left(&[cover, second]), [2]);
    assert_eq!(left(&[VIDEO, second, sound]), [2]);
    assert_eq!(left(&[cover]), [1]);
}

#[test]
fn a_whole_that_is_far_longer_than_its_video_does_not_say_so() {
    let duration = |seconds| left(&movie(seconds, IDENTITY, &[VIDEO])).1;
    assert_eq!((duration(2), duration(7)), (1200, 4200));
    assert_eq!((duration(9), duration(20)), (0, 0));
}

#[test]
fn one_that_does_not_say_how_long_it_is_is_not_measured_by_the_whole() {
    let unknown = Made {
        seconds: 0,
        ..VIDEO
    };
    assert_eq!(left(&movie(20, IDENTITY, &[unknown])).1, 0);
}

#[test]
fn fragments_keep_the_sound_that_says_where_they_are() {
    let sound = Made {
        id: 3,
        kind: b"soun",
        ..VIDEO
    };
    let second = Made { id: 2, ..VIDEO };
    let fragmented = |seconds| {
        let mut bytes = movie(seconds, IDENTITY, &[sound, VIDEO, second]);
        let start = bytes.windows(4).position(|it| it == b"moov").unwrap() - 4;
        bytes.extend(atom(b"mvex", &[]));
        let size = (bytes.len() - start) as u32;
        bytes[start..start + 4].copy_from_slice(&size.to_be_bytes());
        bytes
    };
    assert_eq!(left(&fragmented(0)), (vec![3, 1], 0));
    // The length of the first part is none of the whole.
    assert_eq!(left(&fragmented(2)), (vec![3, 1], u32::MAX));
}

#[test]
fn the_matrices_of_the_track_and_of_the_whole_are_applied_one_after_the_other() {
    let of = |matrix, version| Made {
        version,
        matrix,
        ..VIDEO
    };
    assert_eq!(turn(&movie(2, IDENTITY, &[VIDEO])), (0, (4, 3)));
    assert_eq!(turn(&movie(2, IDENTITY, &[of(ANTI, 0)])), (270, (3, 4)));
    assert_eq!(turn(&movie(2, IDENTITY, &[of(ANTI, 1)])), (270, (3, 4)));
    assert_eq!(turn(&movie(2, QUARTER, &[VIDEO])), (90, (3, 4)));
    assert_eq!(turn(&movie(2, QUARTER, &[of(QUARTER, 0)])), (180, (4, 3)));
    let moved = [0, 1 << 16, 0, -(1 << 16), 0, 0, 1080 << 16, 0, 1 << 30];
    assert_eq!(turn(&movie(2, IDENTITY, &[of(moved, 0)])), (90, (3, 4)));
}

#[test]
fn what_cannot_be_applied_is_named() {
    let note = |matrix: [i32; 9]| {
        let made = Made { matrix, ..VIDEO };
        choice(&movie(2, IDENTITY, &[made])).unwrap().notes.concat()
    };
    assert!(note([0; 9]).contains("its determinant is zero"));
    let mut sheared = IDENTITY;
    sheared[3] = 1 << 15;
    assert!(note(sheared).contains("shears the image"));
    let mut deep = IDENTITY;
    deep[2] = 5;
    assert!(note(deep).contains("perspective"));
    assert_eq!(note(IDENTITY), "");
}

#[test]
fn cut_and_odd_files_end_quietly() {
    let bytes = movie(2, ANTI, &[VIDEO, Made { id: 2, ..VIDEO }]);
    for n in 0..bytes.len() {
        choice(&bytes[..n]);
    }
}
