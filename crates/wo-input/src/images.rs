//! Decodes the image of a frame, within limits.

use std::io::{self, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, ImageReader, Limits, RgbImage};
use wo_record::Image;
use wo_webdataset::{MAX_IMAGE_BYTES, Span, jpeg_is_whole};

/// The largest side of an image. Cameras write up to about 12 000.
const MAX_SIDE: u32 = 16_384;
/// The memory limit while decoding one image. A PNG of 48 KB can ask for 393 MB.
const MAX_ALLOCATION: u64 = 256 * 1024 * 1024;
/// Why an image cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file cannot be read.
    #[error("read the image")]
    Io(#[from] io::Error),
    /// The bytes are no JPEG, PNG or WebP, or exceed the limits.
    #[error("decode the image: {0}")]
    Decode(#[from] image::ImageError),
    /// The base64 of an inline image is not valid.
    #[error("decode the base64 of the image: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The file is larger than any frame.
    #[error("the image file has more than {MAX_IMAGE_BYTES} bytes")]
    TooLarge,
}

/// Loads a frame's image. A relative path starts from `base`.
pub fn load_image(image: &Image, base: &Path) -> Result<RgbImage, ImageError> {
    decode_image(&image_bytes(image, base)?)
}

/// The encoded bytes of a frame's image, from its file or record.
pub fn image_bytes(image: &Image, base: &Path) -> Result<Vec<u8>, ImageError> {
    match image {
        Image::Inline { jpeg_base64 } => Ok(STANDARD.decode(jpeg_base64)?),
        Image::File { path, .. } => {
            let mut bytes = Vec::new();
            wo_cli::open_file(&base.join(path.as_path()))?
                .take(MAX_IMAGE_BYTES + 1)
                .read_to_end(&mut bytes)?;
            if bytes.len() as u64 > MAX_IMAGE_BYTES {
                return Err(ImageError::TooLarge);
            }
            Ok(bytes)
        }
    }
}

/// The encoded bytes of an image that is a part of a file.
pub fn span_bytes(path: &Path, span: Span) -> Result<Vec<u8>, ImageError> {
    if span.length > MAX_IMAGE_BYTES {
        return Err(ImageError::TooLarge);
    }
    let mut bytes = vec![0; span.length as usize];
    wo_cli::open_file(path)?.read_exact_at(&mut bytes, span.start)?;
    Ok(bytes)
}

/// Checks that bytes look like a complete image: a valid header, and the end marker of a JPEG. Much faster than
/// decoding.
pub fn check_image(bytes: &[u8]) -> Result<(), ImageError> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let is_jpeg = reader.format() == Some(ImageFormat::Jpeg);
    reader.into_dimensions()?;
    if is_jpeg && !jpeg_is_whole(bytes) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(())
}

/// Decodes a JPEG, PNG or WebP; the content tells the format.
pub fn decode_image(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    reader.limits(limits);
    Ok(reader.decode().map(DynamicImage::into_rgb8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_regular_file_and_never_waited_for() {
        for path in ["/dev/zero", "/dev/null", "/proc"] {
            let image = Image::File {
                path: Path::new(path).into(),
                blake3: None,
            };
            let error = image_bytes(&image, Path::new("")).expect_err("no file");
            let ImageError::Io(cause) = error else {
                panic!("{error}");
            };
            assert!(cause.to_string().ends_with("not a file"), "{cause}");
        }
    }

    #[test]
    fn a_png_bomb_is_refused() {
        // The header of a PNG of 60 000 x 60 000 pixels.
        let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        header.extend(60_000_u32.to_be_bytes());
        header.extend(60_000_u32.to_be_bytes());
        header.extend([8, 2, 0, 0, 0]);
        let crc = crc32(&header[12..]);
        header.extend(crc.to_be_bytes());
        header.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        let message = decode_image(&header).expect_err("too large").to_string();
        assert!(
            message.contains("limit") || message.contains("dimension"),
            "{message}"
        );
    }

    #[test]
    fn a_truncated_image_is_recognized_without_decoding() {
        let mut bytes = Vec::new();
        let written =
            RgbImage::new(40, 30).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg);
        written.expect("encode");
        assert!(check_image(&bytes).is_ok());
        assert!(check_image(&bytes[..bytes.len() - 2]).is_err());
        assert!(check_image(b"no image").is_err());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |c, _| {
                if c & 1 == 1 {
                    0xedb8_8320 ^ (c >> 1)
                } else {
                    c >> 1
                }
            })
        })
    }
}
