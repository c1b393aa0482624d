//! Image formats that the tool cannot read, known by their content or else by their name. The error names the format and a
//! command that converts it.

use std::path::Path;

use wo_record::code;

use crate::error::ExtractError;

/// A kind of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Of phones: one or more images coded as H.265.
    Heic,
    /// The same as AV1.
    Avif,
    /// The same in motion.
    MovingAvif,
    JpegXl,
    /// What a camera's sensor saw.
    Raw,
    /// Which many cameras' raw images look like.
    Tiff,
    Bmp,
}

/// Extensions of such files, in small letters.
const NAMES: [(&str, Foreign); 42] = [
    ("heic", Foreign::Heic),
    ("heif", Foreign::Heic),
    ("hif", Foreign::Heic),
    ("heics", Foreign::Heic),
    ("heifs", Foreign::Heic),
    ("avif", Foreign::Avif),
    ("avifs", Foreign::MovingAvif),
    ("jxl", Foreign::JpegXl),
    ("tif", Foreign::Tiff),
    ("tiff", Foreign::Tiff),
    ("bmp", Foreign::Bmp),
    ("3fr", Foreign::Raw),
    ("arw", Foreign::Raw),
    ("bay", Foreign::Raw),
    ("cap", Foreign::Raw),
    ("cr2", Foreign::Raw),
    ("cr3", Foreign::Raw),
    ("crw", Foreign::Raw),
    ("dcr", Foreign::Raw),
    ("dng", Foreign::Raw),
    ("erf", Foreign::Raw),
    ("fff", Foreign::Raw),
    ("gpr", Foreign::Raw),
    ("iiq", Foreign::Raw),
    ("k25", Foreign::Raw),
    ("kdc", Foreign::Raw),
    ("mef", Foreign::Raw),
    ("mos", Foreign::Raw),
    ("mrw", Foreign::Raw),
    ("nef", Foreign::Raw),
    ("nrw", Foreign::Raw),
    ("orf", Foreign::Raw),
    ("pef", Foreign::Raw),
    ("ptx", Foreign::Raw),
    ("raf", Foreign::Raw),
    ("raw", Foreign::Raw),
    ("rw2", Foreign::Raw),
    ("rwl", Foreign::Raw),
    ("sr2", Foreign::Raw),
    ("srf", Foreign::Raw),
    ("srw", Foreign::Raw),
    ("x3f", Foreign::Raw),
];
/// What raw images of cameras start with, and where.
const RAW_MARKS: [(usize, &[u8]); 9] = [
    (8, b"CR\x02"),
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),
    (0, b"FOVb"),
    (0, b"\0MRM"),
    (6, b"HEAPCCDR"),
];
/// What others start with.
const MARKS: [(&[u8], Foreign); 6] = [
    (b"\0\0\0\x0cJXL \r\n\x87\n", Foreign::JpegXl),
    (b"\xff\x0a", Foreign::JpegXl),
    (b"II*\0", Foreign::Tiff),
    (b"MM\0*", Foreign::Tiff),
    (b"II+\0", Foreign::Tiff),
    (b"MM\0+", Foreign::Tiff),
];
/// Words for the content of a file that begins with `ftyp` (ISO/IEC 23008-12, annex B and the AVIF specification).
const BRANDS: [(&[u8; 4], Foreign); 13] = [
    (b"avis", Foreign::MovingAvif),
    (b"avif", Foreign::Avif),
    (b"avio", Foreign::Avif),
    (b"heic", Foreign::Heic),
    (b"heix", Foreign::Heic),
    (b"heim", Foreign::Heic),
    (b"heis", Foreign::Heic),
    (b"hevc", Foreign::Heic),
    (b"hevx", Foreign::Heic),
    (b"hevm", Foreign::Heic),
    (b"hevs", Foreign::Heic),
    (b"crx ", Foreign::Raw),
    (b"jxl ", Foreign::JpegXl),
];
/// Words that say only that there are images.
const PICTURE_BRANDS: [&[u8; 4]; 3] = [b"mif1", b"msf1", b"miaf"];

/// The errors of a file that nothing could be made of.
const UNKNOWN: [&str; 4] = [
    code::NOT_MEDIA,
    code::NO_VIDEO_STREAM,
    code::DECODE,
    code::MISSING_PLUGIN,
];

/// What the file that starts with `head` is, if it is one of these.
pub(crate) fn of_content(head: &[u8]) -> Option<Foreign> {
    let has = |&(place, mark): &(usize, &[u8])| {
        head.get(place..).is_some_and(|rest| rest.starts_with(mark))
    };
    if head.get(4..8) == Some(b"ftyp") {
        return of_brands(head);
    }
    if RAW_MARKS.iter().any(has) {
        return Some(Foreign::Raw);
    }
    // Two letters are few: the length of the second header and the number of planes are known too.
    let is_bmp =
        head.starts_with(b"BM") && head.get(15..18) == Some(&[0; 3]) && head.get(26) == Some(&1);
    let marked = MARKS.iter().find(|(mark, _)| head.starts_with(mark));
    marked
        .map(|(_, kind)| *kind)
        .or(is_bmp.then_some(Foreign::Bmp))
}

/// What the name of the file at `path` says that it is, if it is one of these.
pub(crate) fn of_name(path: &Path) -> Option<Foreign> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    let named = NAMES.iter().find(|(name, _)| *name == extension);
    named.map(|(_, kind)| *kind)
}

/// By the first word; by the others where that says only that there are images.
fn of_brands(head: &[u8]) -> Option<Foreign> {
    let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
    let words = head.get(8..length.min(head.len()))?;
    let (words, _) = words.as_chunks::<4>();
    let kind = |word: &[u8; 4]| {
        let known = BRANDS.iter().find(|(brand, _)| *brand == word);
        known.map(|(_, kind)| *kind)
    };
    let first = words.first()?;
    if !PICTURE_BRANDS.contains(&first) {
        return kind(first);
    }
    // Behind the first word comes a version.
    let mut others = words.iter().skip(2);
    Some(others.find_map(kind).unwrap_or(Foreign::Heic))
}

/// `error` of the file at `path`, whose content is `foreign`; what the file is where nothing could be made of it and its
/// name says so.
pub(crate) fn told(error: ExtractError, foreign: Option<Foreign>, path: &Path) -> ExtractError {
    let is_unknown = UNKNOWN.contains(&&*error.code);
    let kind = foreign.or_else(|| of_name(path).filter(|_| is_unknown));
    kind.map_or(error, |kind| kind.error(Some(path)))
}

impl Foreign {
    /// What is said of the file at `path`, whose name may tell more.
    pub(crate) fn error(self, path: Option<&Path>) -> ExtractError {
        let named = path.and_then(of_name);
        let kind = if self == Self::Tiff && named == Some(Self::Raw) {
            Self::Raw
        } else {
            self
        };
        let (what, cure, packages) = match kind {
            Self::Heic => (
                "a HEIC image (HEIF)",
                "heif-convert IN.heic OUT.jpg",
                "libheif-examples",
            ),
            Self::Avif => (
                "an AVIF image",
                "heif-convert IN.avif OUT.jpg",
                "libheif-examples",
            ),
            Self::MovingAvif => ("an animated AVIF", "ffmpeg -i IN.avif OUT.mp4", "ffmpeg"),
            Self::JpegXl => ("a JPEG XL image", "djxl IN.jxl OUT.jpg", "libjxl-tools"),
            Self::Raw => (
                "a camera's RAW image",
                "dcraw_emu -w -Z - IN | cjpeg > OUT.jpg",
                "libraw-bin libjpeg-turbo-progs",
            ),
            Self::Tiff => ("a TIFF image", "ffmpeg -i IN.tif OUT.png", "ffmpeg"),
            Self::Bmp => ("a BMP image", "ffmpeg -i IN.bmp OUT.png", "ffmpeg"),
        };
        ExtractError::new(
            code::UNSUPPORTED_CONTAINER,
            format!(
                "{what}, which wo-extract cannot read; convert it first: {cure} (apt install {packages})"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_what_they_start_with() {
        let padded = |head: &[u8]| [head, &[0; 64]].concat();
        for (head, kind) in [
            (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], Foreign::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Foreign::Heic),
            (b"\0\0\0\x10ftypmsf1\0\0\0\0", Foreign::Heic),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Foreign::Avif),
            (b"\0\0\0\x14ftypavif\0\0\0\0mif1", Foreign::Avif),
            (b"\0\0\0\x18ftypavis\0\0\0\0avifmsf1", Foreign::MovingAvif),
            (b"\0\0\0\x14ftypcrx \0\0\0\x01crx ", Foreign::Raw),
            (b"\0\0\0\x0cJXL \r\n\x87\n", Foreign::JpegXl),
            (b"\xff\x0a\xfa\x1f", Foreign::JpegXl),
            (b"II*\0\x10\0\0\0CR\x02\0", Foreign::Raw),
            (b"FUJIFILMCCD-RAW 0201", Foreign::Raw),
            (b"IIRO\x08\0\0\0", Foreign::Raw),
            (b"II\x1a\0\0\0HEAPCCDR", Foreign::Raw),
            (b"MM\0*\0\0\0\x08", Foreign::Tiff),
        ] {
            assert_eq!(of_content(&padded(head)), Some(kind), "{head:?}");
        }
        let mut bmp = vec![0; 64];
        bmp[..2].copy_from_slice(b"BM");
        (bmp[14], bmp[26]) = (40, 1);
        assert_eq!(of_content(&bmp), Some(Foreign::Bmp));
        for head in [
            &b"\0\0\0\x18ftypisom\0\0\0\0heicmif1"[..],
            b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
            b"\x1a\x45\xdf\xa3",
            b"BMW drove by",
            b"\0\0\0\x08ftyp",
            b"",
        ] {
            assert_eq!(of_content(head), None, "{head:?}");
        }
    }

    #[test]
    fn names_say_what_the_content_leaves_open() {
        assert_eq!(of_name(Path::new("a/B.NEF")), Some(Foreign::Raw));
        assert_eq!(of_name(Path::new("a.mp4")), None);
        let what = |path: &str| Foreign::Tiff.error(Some(Path::new(path))).what;
        assert!(what("a.tif").starts_with("a TIFF image, "));
        assert!(what("a.dng").starts_with("a camera's RAW image, "));
    }
}
