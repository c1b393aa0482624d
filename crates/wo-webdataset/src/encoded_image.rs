//! What an encoded image is, by its first and last bytes.

/// The end-of-image marker of a JPEG.
const JPEG_END: [u8; 2] = [0xff, 0xd9];
/// The marker may be this far from the last byte, since some cameras write a few bytes after it.
const JPEG_TAIL: usize = 4096;

/// The largest file of an image that is read.
pub const MAX_IMAGE_BYTES: u64 = 64 * 1024 * 1024;

/// Whether the bytes of a JPEG come to its end.
pub fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let mut pairs = bytes.windows(JPEG_END.len()).rev().take(JPEG_TAIL);
    pairs.any(|pair| pair == JPEG_END)
}

/// The extensions that members with an image have, as open_clip looks for them.
pub(crate) const EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// The extension of an encoded image, or why it is none that can be trained on.
pub(crate) fn extension(bytes: &[u8]) -> Result<&'static str, &'static str> {
    match bytes {
        [] => Err("the image has no bytes"),
        [0xff, 0xd8, 0xff, ..] if jpeg_is_whole(bytes) => Ok("jpg"),
        [0xff, 0xd8, 0xff, ..] => Err("the JPEG is cut off"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok("png"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Ok("webp"),
        _ => Err("the image is no JPEG, PNG or WebP"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_what_an_image_is() {
        assert_eq!(extension(b"\xff\xd8\xff\xe0\0\xff\xd9"), Ok("jpg"));
        assert_eq!(extension(b"\xff\xd8\xff\xe0\0"), Err("the JPEG is cut off"));
        assert_eq!(extension(b"\x89PNG\r\n\x1a\nrest"), Ok("png"));
        assert_eq!(extension(b"RIFF\0\0\0\0WEBPVP8 "), Ok("webp"));
        assert!(extension(b"GIF89a").is_err());
        assert!(extension(b"").is_err());
    }
}
