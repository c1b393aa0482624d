//! What lies in a JPEG file behind its image. Phones put a video there, and other images.

/// An image of how bright the others are, which players of photos lay over them.
const GAIN_MAP: &[u8] = b"hdrgm:";
/// What the list of images of one file starts with (CIPA DC-007): all but the first are smaller ones or other views.
const LIST: &[u8] = b"MPF\0";
/// How an image begins, and how a video does, behind four bytes of length.
const PICTURE: &[u8] = b"\xff\xd8\xff";
const VIDEO: &[u8] = b"ftyp";

/// What of the file `bytes` is not looked at, for a person.
pub(crate) fn behind(bytes: &[u8]) -> Vec<String> {
    let Some((end, is_listed)) = end(bytes) else {
        return Vec::new();
    };
    let rest = &bytes[end..];
    let find = |what: &[u8]| rest.windows(what.len()).position(|it| it == what);
    let mut notes = Vec::new();
    let video = find(VIDEO).filter(|&at| at >= 4).map(|at| at - 4);
    if let Some(at) = video {
        let from = end + at + 1;
        notes.push(format!(
            "a video follows the image (a motion photo) and is ignored; extract it with: tail -c +{from} IN.jpg > OUT.mp4"
        ));
    }
    let before_video = &rest[..video.unwrap_or(rest.len())];
    let image = before_video
        .windows(PICTURE.len())
        .position(|it| it == PICTURE);
    if let Some(at) = image.filter(|_| !is_listed) {
        let from = end + at + 1;
        notes.push(format!(
            "another image follows the first and is ignored; extract it with: tail -c +{from} IN.jpg > OUT.jpg"
        ));
    }
    notes
}

/// Where the image ends that `bytes` begin with, and whether it says itself what lies behind it.
fn end(bytes: &[u8]) -> Option<(usize, bool)> {
    let mut at = 2;
    let mut is_listed = false;
    loop {
        // Anything but a mark is a code, or a zero behind a byte of a code that looks like one.
        let (&[mark, kind], behind) = bytes.get(at..)?.split_first_chunk::<2>()?;
        match (mark, kind) {
            (0xff, 0xd9) => return Some((at + 2, is_listed)),
            (0xff, 0xff) => at += 1,
            (0xff, 0 | 1 | 0xd0..=0xd8) => at += 2,
            (0xff, _) => {
                let length = usize::from(u16::from_be_bytes(*behind.first_chunk()?));
                let content = behind.get(2..length)?;
                is_listed |= content.starts_with(LIST)
                    || content.windows(GAIN_MAP.len()).any(|it| it == GAIN_MAP);
                at += 2 + length;
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image with such a segment in it.
    fn image(segment: &[u8]) -> Vec<u8> {
        let length = (segment.len() as u16 + 2).to_be_bytes();
        let parts = [
            &b"\xff\xd8\xff\xe2"[..],
            &length,
            segment,
            b"\xff\xda\0\x03\0codes\xff\0\xff\xd3more\xff\xd9",
        ];
        parts.concat()
    }

    #[test]
    fn what_lies_behind_is_named() {
        let first = image(b"abc\xff\xd9");
        let with = |rest: &[u8]| behind(&[&first[..], rest].concat());
        assert_eq!(with(b""), [""; 0]);
        assert_eq!(with(&[0; 100]), [""; 0]);
        let [video] = &with(b"\0\0\0\x18ftypmp42")[..] else {
            panic!()
        };
        let place = format!("tail -c +{} IN.jpg", first.len() + 1);
        assert!(
            video.contains("a motion photo") && video.contains(&place),
            "{video}"
        );
        let [other] = &with(&first)[..] else { panic!() };
        assert!(
            other.contains("another image") && other.contains(&place),
            "{other}"
        );
        let both = [&first[..], b"\0\0\0\x18ftypmp42"].concat();
        assert_eq!(with(&both).len(), 2);
        // Those of a list are no images of their own.
        let listed = image(b"MPF\0II");
        assert_eq!(behind(&[&listed[..], &first].concat()), [""; 0]);
        assert_eq!(behind(&first[..20]), [""; 0]);
    }
}
