//! Image files, still and in motion, and those that are not read.

use std::io::Cursor;
use std::path::Path;

use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

use crate::harness::{extract, tool};

/// An image with four colours: red, green, blue and white, line by line.
fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (2 * x < width, 2 * y < height) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([0, 0, 255]),
            (false, false) => Rgb([255, 255, 255]),
        }
    })
}

/// Which colours are in the four corners, line by line; `.` is black.
fn seen(image: &RgbImage) -> String {
    let (width, height) = image.dimensions();
    let places = [
        (width / 8, height / 8),
        (width - width / 8 - 1, height / 8),
        (width / 8, height - height / 8 - 1),
        (width - width / 8 - 1, height - height / 8 - 1),
    ];
    let letter = |(x, y): (u32, u32)| {
        let [r, g, b] = image.get_pixel(x, y).0.map(|level| level > 127);
        match (r, g, b) {
            (true, false, false) => 'r',
            (false, true, false) => 'g',
            (false, false, true) => 'b',
            (true, true, true) => 'w',
            (false, false, false) => '.',
            _ => '?',
        }
    };
    places.into_iter().map(letter).collect()
}

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let mut chunk = [kind, &(content.len() as u32).to_le_bytes()[..], content].concat();
    chunk.extend(vec![0; content.len() % 2]);
    chunk
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
}

/// A number of three bytes.
fn three(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

/// The chunk of a lossless WebP that holds its pixels.
fn pixels(image: &RgbaImage) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(Cursor::new(&mut file));
    encoder
        .encode(
            image,
            image.width(),
            image.height(),
            ExtendedColorType::Rgba8,
        )
        .unwrap();
    let start = file.windows(4).position(|it| it == b"VP8L").unwrap();
    file.split_off(start)
}

/// What an extended WebP starts with.
fn extended(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let size = [three(width - 1), three(height - 1)].concat();
    chunk(b"VP8X", &[&[flags, 0, 0, 0][..], &size].concat())
}

/// Exif that asks for an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    [
        &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
        &[orientation, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const IS_ANIMATION: u8 = 0x02;

/// A WebP that shows each image for so many milliseconds.
fn animated(images: &[RgbaImage], delays_ms: &[u32], orientation: Option<u8>) -> Vec<u8> {
    let (width, height) = images[0].dimensions();
    let exif_flag = if orientation.is_some() { HAS_EXIF } else { 0 };
    let mut chunks = vec![
        extended(IS_ANIMATION | HAS_ALPHA | exif_flag, width, height),
        chunk(b"ANIM", &[0; 6]),
    ];
    for (image, &delay_ms) in images.iter().zip(delays_ms) {
        let header = [
            three(0),
            three(0),
            three(width - 1),
            three(height - 1),
            three(delay_ms),
        ];
        let content = [&header.concat()[..], &[2], &pixels(image)].concat();
        chunks.push(chunk(b"ANMF", &content));
    }
    chunks.extend(orientation.map(|it| chunk(b"EXIF", &exif(it))));
    riff(&chunks)
}

fn greys() -> Vec<RgbaImage> {
    let grey = |level| RgbaImage::from_pixel(16, 12, Rgba([level, level, level, 255]));
    [0, 80, 160, 240].map(grey).to_vec()
}

fn write(dir: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(dir.join(name), bytes).unwrap();
}

/// A lossy WebP of 32x16 pixels, the left half black and the right half white.
const LOSSY: &[u8] = b"RIFF2\x00\x00\x00WEBPVP8 &\x00\x00\x00p\x02\x00\x9d\x01* \x00\x10\x00.\x85Z\xadV\xa2\xa7''\x07\x00\x84KH\x00\x07\xb2\x80\x00\xfe\xf9\xd2\x8b\xfdX\x00\x00\x00";

#[test]
fn each_kind_of_webp_is_read() {
    let dir = wo_testkit::tempdir().unwrap();
    let opaque = image::DynamicImage::ImageRgb8(corners(32, 16)).into_rgba8();
    let mut clear = opaque.clone();
    // What is transparent is black.
    clear
        .enumerate_pixels_mut()
        .filter(|(x, ..)| *x < 16)
        .for_each(|(.., pixel)| pixel.0[3] = 0);
    write(dir.path(), "lossless.webp", &riff(&[pixels(&opaque)]));
    let extended_clear = [extended(HAS_ALPHA, 32, 16), pixels(&clear)];
    write(dir.path(), "clear.webp", &riff(&extended_clear));
    let turned = [
        extended(HAS_EXIF, 32, 16),
        pixels(&opaque),
        chunk(b"EXIF", &exif(6)),
    ];
    write(dir.path(), "turned.webp", &riff(&turned));
    write(dir.path(), "lossy.webp", LOSSY);
    for (name, size, rotation, colours) in [
        ("lossless.webp", (32, 16), 0, "rgbw"),
        ("clear.webp", (32, 16), 0, ".g.w"),
        ("turned.webp", (16, 32), 90, "brwg"),
        ("lossy.webp", (32, 16), 0, ".w.w"),
    ] {
        let stream = extract(dir.path(), &[name, "--size=16"], 0);
        let video = &stream.videos[0];
        assert_eq!(
            (video.codec.as_str(), video.container.as_str()),
            ("webp", "image")
        );
        assert_eq!((video.width_px, video.height_px), size, "{name}");
        assert_eq!(video.rotation_deg, rotation, "{name}");
        assert_eq!(seen(&stream.frames[0].image()), colours, "{name}");
    }
}

#[test]
fn an_animated_webp_is_a_video() {
    let dir = wo_testkit::tempdir().unwrap();
    let bytes = animated(&greys(), &[200, 100, 300, 200], None);
    write(dir.path(), "a.webp", &bytes);
    let stream = extract(dir.path(), &["a.webp", "--size=24"], 0);
    let video = &stream.videos[0];
    assert_eq!(
        (video.codec.as_str(), video.container.as_str()),
        ("webp", "webp")
    );
    assert_eq!(
        (video.duration_ms, video.variable_frame_rate),
        (Some(800.0), Some(true))
    );
    assert_eq!(stream.times_ms(), [0.0, 200.0, 300.0, 600.0]);
    for (frame, level) in stream.frames.iter().zip([0u8, 80, 160, 240]) {
        assert!(frame.image().get_pixel(8, 8).0[0].abs_diff(level) < 4);
    }
    // What is cut off is missing, and said to be.
    write(dir.path(), "cut.webp", &bytes[..bytes.len() - 30]);
    let stream = extract(dir.path(), &["cut.webp", "--size=24"], 3);
    assert_eq!(stream.errors.len(), 1, "{stream:?}");
}

#[test]
fn an_animation_is_turned_as_its_exif_says() {
    let dir = wo_testkit::tempdir().unwrap();
    let image = image::DynamicImage::ImageRgb8(corners(32, 16)).into_rgba8();
    let bytes = animated(&[image.clone(), image], &[100, 100], Some(6));
    write(dir.path(), "a.webp", &bytes);
    let stream = extract(dir.path(), &["a.webp", "--size=16"], 0);
    let video = &stream.videos[0];
    assert_eq!(
        (video.width_px, video.height_px, video.rotation_deg),
        (16, 32, 90)
    );
    assert_eq!(stream.frames.len(), 2);
    for frame in &stream.frames {
        assert_eq!(seen(&frame.image()), "brwg");
    }
}

/// The chunks of a PNG, each with its kind.
fn png_chunks(image: &RgbaImage) -> Vec<([u8; 4], Vec<u8>)> {
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(
            image,
            image.width(),
            image.height(),
            ExtendedColorType::Rgba8,
        )
        .unwrap();
    let mut rest = &png[8..];
    let mut chunks = Vec::new();
    while let Some(length) = rest.first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        chunks.push((
            *rest[4..].first_chunk().unwrap(),
            rest[8..8 + length].to_vec(),
        ));
        rest = &rest[12 + length..];
    }
    chunks
}

fn png_chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in kind.iter().chain(content) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    let length = (content.len() as u32).to_be_bytes();
    [&length[..], kind, content, &(!crc).to_be_bytes()].concat()
}

/// A PNG that shows the images for a tenth of a second each. Its still, which viewers without animations show, is the
/// first of them, or is none of them.
fn apng(images: &[RgbaImage], still: Option<&RgbaImage>) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let data = |image| {
        let chunks = png_chunks(image).into_iter();
        let data = chunks.filter(|(kind, _)| kind == b"IDAT");
        data.flat_map(|(_, content)| content).collect::<Vec<u8>>()
    };
    png.extend(png_chunk(b"IHDR", &png_chunks(&images[0])[0].1));
    let n_pictures = (images.len() as u32).to_be_bytes();
    png.extend(png_chunk(b"acTL", &[n_pictures, [0; 4]].concat()));
    png.extend(still.map_or_else(Vec::new, |still| png_chunk(b"IDAT", &data(still))));
    let mut sequence = 0u32..;
    let mut next = || sequence.next().unwrap().to_be_bytes();
    for (at, image) in images.iter().enumerate() {
        let size = [image.width().to_be_bytes(), image.height().to_be_bytes()];
        let control = [&next()[..], &size.concat(), &[0; 8], &[0, 1, 0, 10, 0, 0]].concat();
        png.extend(png_chunk(b"fcTL", &control));
        png.extend(if at == 0 && still.is_none() {
            png_chunk(b"IDAT", &data(image))
        } else {
            png_chunk(b"fdAT", &[&next()[..], &data(image)].concat())
        });
    }
    png.extend(png_chunk(b"IEND", &[]));
    png
}

#[test]
fn an_apng_is_a_video_and_its_still_no_frame_of_it() {
    let dir = wo_testkit::tempdir().unwrap();
    let still = RgbaImage::from_pixel(16, 12, Rgba([255, 0, 0, 255]));
    write(dir.path(), "a.png", &apng(&greys(), None));
    write(dir.path(), "b.apng", &apng(&greys(), Some(&still)));
    for name in ["a.png", "b.apng"] {
        let stream = extract(dir.path(), &[name, "--size=24"], 0);
        let video = &stream.videos[0];
        assert_eq!(
            (video.codec.as_str(), video.container.as_str()),
            ("apng", "apng")
        );
        assert_eq!(
            (video.duration_ms, video.frame_rate_hz),
            (Some(400.0), Some(10.0))
        );
        assert_eq!(stream.times_ms(), [0.0, 100.0, 200.0, 300.0], "{name}");
        for (frame, level) in stream.frames.iter().zip([0u8, 80, 160, 240]) {
            let [r, g, _] = frame.image().get_pixel(8, 8).0;
            assert!(r.abs_diff(level) < 4 && g.abs_diff(level) < 4, "{name}");
        }
    }
}

#[test]
fn an_animation_runs_as_fast_as_browsers_show_it() {
    let dir = wo_testkit::tempdir().unwrap();
    let grey = |level: usize| RgbaImage::from_pixel(16, 12, Rgba([level as u8, 0, 0, 255]));
    let sixty: Vec<_> = (0..60).map(grey).collect();
    for (name, delays, duration_ms, hz) in [
        ("hasty.webp", vec![10; 60], 6000.0, 10.0),
        ("sixty.webp", [16, 17, 17].repeat(20), 1000.0, 60.0),
    ] {
        write(dir.path(), name, &animated(&sixty, &delays, None));
        let video = &extract(dir.path(), &[name, "--size=12"], 0).videos[0];
        assert_eq!(video.duration_ms, Some(duration_ms), "{name}");
        assert_eq!(video.frame_rate_hz, Some(hz), "{name}");
        assert_eq!(video.variable_frame_rate, Some(false), "{name}");
    }
    // An APNG counts in parts of a second.
    for (name, part, duration_ms, hz) in [
        ("sixty.png", 60, 1000.0, 60.0),
        ("thirty.png", 30, 2000.0, 30.0),
        ("hasty.png", 100, 6000.0, 10.0),
    ] {
        let bytes = apng(&sixty, None);
        write(dir.path(), name, &with_delay(&bytes, part));
        let video = &extract(dir.path(), &[name, "--size=12"], 0).videos[0];
        assert_eq!(video.duration_ms, Some(duration_ms), "{name}");
        assert_eq!(video.frame_rate_hz, Some(hz), "{name}");
    }
}

/// An APNG whose frames are shown for such a part of a second each.
fn with_delay(bytes: &[u8], part: u16) -> Vec<u8> {
    let mut rest = &bytes[8..];
    let mut png = bytes[..8].to_vec();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        let mut content = behind[..length].to_vec();
        if &head[4..] == b"fcTL" {
            content[22..24].copy_from_slice(&part.to_be_bytes());
        }
        png.extend(png_chunk(head[4..].try_into().unwrap(), &content));
        rest = &behind[length + 4..];
    }
    png
}

#[test]
fn pictures_that_are_not_read_are_named_and_not_passed_over() {
    let dir = wo_testkit::tempdir().unwrap();
    let padded = |head: &[u8]| [head, &[0; 200]].concat();
    for (name, head) in [
        ("a.HEIC", &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..]),
        ("b.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf"),
        ("c.nef", b"MM\0*\0\0\0\x08"),
        // Known by its content alone.
        ("d.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        // Known by its name alone.
        ("e.cr2", b"nothing of the kind"),
    ] {
        write(dir.path(), name, &padded(head));
    }
    // A name that lies is believed by nobody.
    corners(32, 16)
        .save_with_format(dir.path().join("f.heic"), image::ImageFormat::Jpeg)
        .unwrap();
    let stream = extract(dir.path(), &[".", "--size=16"], 3);
    assert_eq!((stream.videos.len(), stream.errors.len()), (1, 5));
    for (error, (name, what)) in stream.errors.iter().zip([
        ("./a.HEIC", "a HEIC image"),
        ("./b.avif", "an AVIF image"),
        ("./c.nef", "a camera's RAW image"),
        ("./d.jpg", "a HEIC image"),
        ("./e.cr2", "a camera's RAW image"),
    ]) {
        assert_eq!(error.code, "unsupported_container", "{name}");
        assert_eq!(error.path.as_ref().unwrap(), name);
        assert!(error.what.starts_with(what), "{}", error.what);
        assert!(error.what.contains("convert it first: "), "{}", error.what);
    }
    let output = tool(dir.path(), &["a.HEIC"]).run();
    let text = &output.stderr;
    assert!(text.contains("a.HEIC: a HEIC image"), "{text}");
    assert!(text.contains("heif-convert IN.heic OUT.jpg"), "{text}");
}
