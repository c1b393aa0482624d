use image::{Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::*;

fn jpeg(change: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let image = RgbImage::from_fn(123, 77, |x, y| {
        Rgb([(x * y) as u8, (x * 3 + y * 7) as u8, (x ^ y) as u8])
    });
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 85);
    change(&mut encoder);
    encoder
        .encode(image.as_raw(), 123, 77, ColorType::Rgb)
        .unwrap();
    bytes
}

fn all() -> Vec<Vec<u8>> {
    vec![
        jpeg(|_| {}),
        jpeg(|encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2)),
        jpeg(|encoder| encoder.set_sampling_factor(SamplingFactor::F_2_1)),
        jpeg(|encoder| encoder.set_restart_interval(3)),
        jpeg(|encoder| encoder.set_optimized_huffman_tables(true)),
    ]
}

#[test]
fn whole_pictures_are_whole() {
    for bytes in all() {
        assert!(!is_damaged(&bytes));
        // What a camera puts behind or pads with.
        assert!(!is_damaged(&[&bytes[..], &[0; 9]].concat()));
        let (end, image) = (bytes.len() - 2, [0, 0, 0xff, 0xd9]);
        assert!(!is_damaged(&[&bytes[..end], &image[..]].concat()));
    }
    let progressive = jpeg(|encoder| encoder.set_progressive(true));
    assert!(!is_damaged(&progressive[..progressive.len() / 2]));
    assert!(!is_damaged(&[]) && !is_damaged(b"no image"));
}

#[test]
fn cut_pictures_are_damaged_and_many_with_a_gap() {
    for bytes in all() {
        let codes = bytes
            .windows(2)
            .position(|pair| pair == [0xff, 0xda])
            .unwrap()
            + 14;
        for end in [codes + 50, codes.midpoint(bytes.len()), bytes.len() - 40] {
            assert!(is_damaged(&bytes[..end]), "{end}");
        }
        // Codes fall into step again behind a gap, and by luck their number may be right.
        let is_seen = |gap: &usize| {
            let mut shortened = bytes.clone();
            shortened.drain(codes + gap..codes + gap + 60);
            is_damaged(&shortened)
        };
        let n_seen = (200..600).step_by(10).filter(is_seen).count();
        assert!(n_seen > 10, "{n_seen} of 40");
    }
}

#[test]
fn most_flipped_bits_are_seen() {
    let bytes = jpeg(|_| {});
    let codes = bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xda])
        .unwrap()
        + 14;
    let places = (codes..bytes.len() - 2).step_by(7);
    let flipped = places.clone().filter(|&place| {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        is_damaged(&flipped)
    });
    let (n_seen, n) = (flipped.count(), places.count());
    assert!(3 * n_seen > n, "{n_seen} of {n}");
}
