//! The tracks of the QuickTime family: MOV, MP4, 3GP (ISO/IEC 14496-12 and Apple's QuickTime File Format).

use std::fs::File;

use super::boxes::{Mp4Box, boxes};
use super::bytes::{read, read_u32, read_u64};
use super::track::{MAX_TRACKS, Patch, TrackChoice, ignored};
use crate::input::turn::{Matrix, Turn};

/// The parts of an MP4 that matter when they are cut.
const PARTS: [&[u8; 4]; 8] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"free", b"wide", b"skip", b"udta",
];
/// The type of a box that readers skip.
const FREE: &[u8; 4] = b"free";
/// 1.0 as a 16.16 fixed-point number.
const ONE: f64 = 65_536.0;
/// GStreamer drops a track that is shorter than a fifth of the movie's duration (a short video beside long sound), that has
/// no duration, or that an edit list starts late. Below this fraction the movie's duration is hidden from GStreamer.
const SHORT_PART: f64 = 0.25;

/// GStreamer ignores edit lists with more entries than this.
const MAX_EDITS: u32 = 100_000;

/// A track.
#[derive(Debug, Default)]
struct Track {
    /// The offset of its box.
    start: u64,
    id: u32,
    is_video: bool,
    is_enabled: bool,
    matrix: Option<DisplayMatrix>,
    duration_s: Option<f64>,
    /// The number of frames; `None` if the index does not have it.
    n_frames: Option<u32>,
    /// The tracks with the names and images of its chapters.
    chapters: Vec<u32>,
    edits: Option<EditList>,
}

/// A display matrix: of one track, or of the whole movie.
#[derive(Debug, Clone, Copy)]
struct DisplayMatrix {
    matrix: Matrix,
    has_perspective: bool,
}

/// The edit list of a track: when its parts are shown.
#[derive(Debug, Clone, Copy)]
struct EditList {
    /// The offset of its box.
    start: u64,
    n_entries: u32,
    /// Whether a part plays backwards.
    is_backwards: bool,
}

/// The header of the movie.
#[derive(Debug)]
struct Movie {
    matrix: Option<DisplayMatrix>,
    duration_s: Option<f64>,
    /// The offset and the number of bytes of that field.
    duration_field: (u64, usize),
    is_fragmented: bool,
}

/// Where the last box ends.
pub(super) fn end(file: &File, len: u64) -> Option<u64> {
    let last = boxes(file, 0, len).last()?;
    PARTS.contains(&&last.kind).then_some(last.end)
}

/// The first enabled video track, else the first video track; `None` without one.
pub(super) fn choose_track(file: &File, len: u64) -> Option<TrackChoice> {
    let whole = boxes(file, 0, len).find(|found| &found.kind == b"moov")?;
    let whole = Mp4Box {
        end: whole.end.min(len),
        ..whole
    };
    let tracks = whole.children(file).filter(|it| &it.kind == b"trak");
    let tracks: Vec<Track> = tracks
        .take(MAX_TRACKS)
        .map(|it| Track::read(file, it))
        .collect();
    let chosen = best(&tracks)?;
    let movie = Movie::read(file, whole);
    // The position of a fragment may be relative to the end of that of the track before, so that track must stay.
    let is_fragmented = movie.as_ref().is_some_and(|movie| movie.is_fragmented);
    let others = tracks
        .iter()
        .filter(|track| track.start != chosen.start && (track.is_video || !is_fragmented));
    let mut choice = TrackChoice {
        patches: others
            .map(|track| Patch {
                offset: track.start + 4,
                bytes: FREE.to_vec(),
            })
            .collect(),
        ..TrackChoice::default()
    };
    if let Some(edits) = chosen.edits
        && let Some(note) = edits.ignored()
    {
        choice.notes.push(note);
        choice.patches.push(Patch {
            offset: edits.start + 4,
            bytes: FREE.to_vec(),
        });
    }
    choose_turn(chosen, movie.as_ref(), &mut choice);
    choice
        .patches
        .extend(movie.and_then(|movie| movie.duration_patch(chosen)));
    Some(choice)
}

/// What makes the frames of the `chosen` track upright, by its matrix and that of the movie.
fn choose_turn(chosen: &Track, movie: Option<&Movie>, choice: &mut TrackChoice) {
    let matrices = [chosen.matrix, movie.and_then(|it| it.matrix)];
    let matrices: Vec<DisplayMatrix> = matrices.into_iter().flatten().collect();
    let product = matrices
        .iter()
        .fold(Matrix::IDENTITY, |product, it| product.then(it.matrix));
    choice.turn = Some(Turn::of(product).unwrap_or_else(|distortion| {
        choice.notes.push(ignored(distortion));
        Turn::NONE
    }));
    if matrices.iter().any(|matrix| matrix.has_perspective) {
        let what = "its display matrix has a perspective, which is ignored";
        choice.notes.push(what.to_owned());
    }
}

/// The track to show. Chapter images and covers are tracks too, but no player shows them.
fn best(tracks: &[Track]) -> Option<&Track> {
    let chapters: Vec<u32> = tracks
        .iter()
        .flat_map(|track| track.chapters.iter().copied())
        .collect();
    let videos = tracks.iter().filter(|track| track.is_video);
    videos.min_by_key(|track| {
        let is_beside = track.n_frames == Some(1) || chapters.contains(&track.id);
        (is_beside, !track.is_enabled)
    })
}

impl Track {
    /// Reads what is there. Whether a damaged track is usable, the decoder decides.
    fn read(file: &File, track: Mp4Box) -> Self {
        let mut found = Self {
            start: track.start,
            ..Self::default()
        };
        for part in track.children(file) {
            match &part.kind {
                b"tkhd" => found.read_header(file, part),
                b"mdia" => found.read_media(file, part),
                b"edts" => found.edits = EditList::read(file, part),
                b"tref" => {
                    let lists = part.children(file).filter(|it| &it.kind == b"chap");
                    found.chapters = lists.flat_map(|list| ids(file, list)).collect();
                }
                _ => {}
            }
        }
        found
    }

    /// Its header: version and flags, two dates, its number, a reserved field, its duration, 16 bytes that do not matter
    /// here, the matrix. In version 1 the dates and the duration have 8 bytes each.
    fn read_header(&mut self, file: &File, header: Mp4Box) {
        let Ok([version, _, _, flags]) = read(file, header.content) else {
            return;
        };
        let (id, matrix) = if version == 1 { (20, 52) } else { (12, 40) };
        self.is_enabled = flags & 1 == 1;
        self.id = read_u32(file, header.content + id).unwrap_or(0);
        self.matrix = DisplayMatrix::read(file, header, matrix);
    }

    fn read_media(&mut self, file: &File, media: Mp4Box) {
        for part in media.children(file) {
            match &part.kind {
                b"hdlr" => self.is_video = read(file, part.content + 8).ok() == Some(*b"vide"),
                b"mdhd" => self.duration_s = duration(file, part),
                b"minf" => {
                    let table = part.child(file, *b"stbl");
                    let sizes = table.and_then(|table| {
                        let mut children = table.children(file);
                        children.find(|it| matches!(&it.kind, b"stsz" | b"stz2"))
                    });
                    self.n_frames = sizes
                        .and_then(|sizes| read_u32(file, sizes.content + 8))
                        // In a fragmented file the index is empty.
                        .filter(|&n_frames| n_frames > 0);
                }
                _ => {}
            }
        }
    }
}

impl EditList {
    /// Each entry: a duration, a start, and a rate of 16 and 16 bits. In version 1 the first two have 8 bytes each.
    fn read(file: &File, edits: Mp4Box) -> Option<Self> {
        let list = edits.child(file, *b"elst")?;
        let [version, ..] = read::<4>(file, list.content).ok()?;
        let n_entries = read_u32(file, list.content + 4)?;
        let (size, rate) = if version == 1 { (20, 16) } else { (12, 8) };
        let rates = (0..u64::from(n_entries.min(MAX_EDITS))).map_while(|number| {
            let entry = 8 + size * number;
            let is_there = list.has(entry, size);
            is_there.then(|| read_u32(file, list.content + entry + rate))?
        });
        Some(Self {
            start: edits.start,
            n_entries,
            is_backwards: rates.into_iter().any(|rate| rate.cast_signed() < 0),
        })
    }

    /// The warning about an edit list that is not applied.
    fn ignored(self) -> Option<String> {
        let why = if self.n_entries > MAX_EDITS {
            format!("has {} entries", self.n_entries)
        } else if self.is_backwards {
            "plays backwards".to_owned()
        } else {
            return None;
        };
        Some(format!(
            "its edit list {why}, which is ignored: all frames are there, in the order and at the times at which they are stored"
        ))
    }
}

impl Movie {
    fn read(file: &File, whole: Mp4Box) -> Option<Self> {
        let header = whole.child(file, *b"mvhd")?;
        let (matrix, field) = match read(file, header.content).ok()? {
            [1] => (48, (24, 8)),
            [_] => (36, (16, 4)),
        };
        Some(Self {
            matrix: DisplayMatrix::read(file, header, matrix),
            duration_s: duration(file, header),
            duration_field: (header.content + field.0, field.1),
            is_fragmented: whole.child(file, *b"mvex").is_some(),
        })
    }

    /// What replaces its duration, if that differs from the one of the `chosen` track.
    fn duration_patch(&self, chosen: &Track) -> Option<Patch> {
        let all = self.duration_s?;
        let byte = if self.is_fragmented {
            // It is the duration of the first fragment, and GStreamer would drop everything after it. All ones mean "unknown".
            chosen.edits.is_none().then_some(u8::MAX)?
        } else {
            let is_short = chosen.duration_s.is_none_or(|one| one < SHORT_PART * all);
            is_short.then_some(0)?
        };
        let (offset, n_bytes) = self.duration_field;
        Some(Patch {
            offset,
            bytes: vec![byte; n_bytes],
        })
    }
}

impl DisplayMatrix {
    /// The nine numbers at `offset` in `header`: a b u, c d v, x y w. The translation (x, y) does not matter, and neither
    /// does w, which many files get wrong and no player applies.
    fn read(file: &File, header: Mp4Box, offset: u64) -> Option<Self> {
        if !header.has(offset, 36) {
            return None;
        }
        let number = |place: u64| {
            let bits = read_u32(file, header.content + offset + 4 * place)?;
            Some(f64::from(bits.cast_signed()) / ONE)
        };
        Some(Self {
            matrix: Matrix {
                a: number(0)?,
                b: number(1)?,
                c: number(3)?,
                d: number(4)?,
            },
            has_perspective: number(2)? != 0.0 || number(5)? != 0.0,
        })
    }
}

/// The duration in the header of a movie or of the media of a track, in seconds; `None` if it is unknown.
fn duration(file: &File, header: Mp4Box) -> Option<f64> {
    let (scale, length) = if let [1] = read(file, header.content).ok()? {
        (
            read_u32(file, header.content + 20)?,
            read_u64(file, header.content + 24)?,
        )
    } else {
        let length = read_u32(file, header.content + 16)?;
        let is_known = length != u32::MAX;
        let length = if is_known { length.into() } else { u64::MAX };
        (read_u32(file, header.content + 12)?, length)
    };
    let is_known = scale > 0 && length > 0 && length != u64::MAX;
    is_known.then(|| length as f64 / f64::from(scale))
}

/// The track numbers in a list.
fn ids(file: &File, list: Mp4Box) -> Vec<u32> {
    (list.content..list.end)
        .step_by(4)
        .take(MAX_TRACKS)
        .map_while(|offset| read_u32(file, offset))
        .collect()
}

#[cfg(test)]
mod tests;
