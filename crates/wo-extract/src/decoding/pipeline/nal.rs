//! What H.264 and H.265 say of a packet: whether decoding can start with it, whatever came before, and whether it can be
//! left out.
//!
//! Containers call more packets key packets than that: those of open groups of pictures, whose decoders still look back.

use gstreamer as gst;

use super::sei::{self, Codec};
use crate::input::turn::Turn;

/// IDR pictures (ITU-T H.264, table 7-1).
const H264_IDR: [u8; 1] = [5];
/// Parts of pictures (the same table).
const H264_SLICES: std::ops::RangeInclusive<u8> = 1..=5;
/// Two bits that say how much others lean on a part (nal_ref_idc).
const H264_NEEDED: u8 = 0x60;
/// Below this number are parts of pictures (the next table).
const H265_SLICES: u8 = 32;
/// IDR pictures with and without leading ones (ITU-T H.265, table 7-1).
const H265_IDR: [u8; 2] = [19, 20];

/// What its units say of a packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PacketFacts {
    /// Decoding can start with it. Always so in other codecs.
    pub(super) starts_fresh: bool,
    /// No other picture of its layer is made from it. Never so in other codecs.
    pub(super) is_disposable: bool,
    /// Its temporal layer: pictures are made from those of their own and of lower ones.
    pub(super) layer: u8,
    /// What makes its picture upright, where it says so.
    pub(super) turn: Option<Turn>,
}

impl PacketFacts {
    /// Of a packet that says nothing.
    fn nothing() -> Self {
        Self {
            starts_fresh: false,
            is_disposable: false,
            layer: 0,
            turn: None,
        }
    }
}

/// What the units in `packet`, a packet of a stream of this type, say of it.
pub(crate) fn read(caps: &gst::CapsRef, packet: &[u8]) -> PacketFacts {
    let Some(structure) = caps.structure(0) else {
        return PacketFacts::nothing();
    };
    let codec = match structure.name().as_str() {
        "video/x-h264" => Codec::H264,
        "video/x-h265" => Codec::H265,
        _ => {
            return PacketFacts {
                starts_fresh: true,
                ..PacketFacts::nothing()
            };
        }
    };
    let units: Vec<&[u8]> = if structure.get::<&str>("stream-format") == Ok("byte-stream") {
        let starts = packet.windows(5).enumerate();
        let starts = starts.filter(|(_, window)| window.starts_with(&[0, 0, 1]));
        // Where one ends does not matter to what is read of it.
        starts.map(|(at, _)| &packet[at + 3..]).collect()
    } else {
        // The length of a unit's length, minus one, in `avcC` and `hvcC` (ISO/IEC 14496-15).
        let place = match codec {
            Codec::H264 => 4,
            Codec::H265 => 21,
        };
        let n_bytes = structure
            .get::<gst::Buffer>("codec_data")
            .ok()
            .and_then(|data| Some(usize::from(data.map_readable().ok()?.get(place)? & 3) + 1));
        let units = n_bytes.map(|n_bytes| units(packet, n_bytes));
        units.into_iter().flatten().collect()
    };
    let headers = units.iter().filter_map(|unit| unit.first_chunk().copied());
    let headers: Vec<[u8; 2]> = headers.collect();
    let said = match codec {
        Codec::H264 => of_h264(&headers),
        Codec::H265 => of_h265(&headers),
    };
    PacketFacts {
        turn: units.iter().find_map(|unit| sei::turn(unit, codec)),
        ..said
    }
}

fn of_h264(headers: &[[u8; 2]]) -> PacketFacts {
    let kind = |header: &[u8; 2]| header[0] & 0x1f;
    let mut slices = headers
        .iter()
        .filter(|header| H264_SLICES.contains(&kind(header)));
    PacketFacts {
        starts_fresh: headers
            .iter()
            .any(|header| H264_IDR.contains(&kind(header))),
        is_disposable: slices.clone().next().is_some()
            && slices.all(|header| header[0] & H264_NEEDED == 0),
        layer: 0,
        turn: None,
    }
}

fn of_h265(headers: &[[u8; 2]]) -> PacketFacts {
    let kind = |header: &[u8; 2]| header[0] >> 1 & 0x3f;
    let slices = headers.iter().filter(|header| kind(header) < H265_SLICES);
    // Those of even numbers below 16 are for their own picture only.
    let is_disposable = |header: &[u8; 2]| kind(header) < 16 && kind(header).is_multiple_of(2);
    PacketFacts {
        starts_fresh: headers
            .iter()
            .any(|header| H265_IDR.contains(&kind(header))),
        is_disposable: slices.clone().next().is_some() && slices.clone().all(is_disposable),
        layer: slices
            .map(|header| (header[1] & 7).saturating_sub(1))
            .max()
            .unwrap_or(0),
        turn: None,
    }
}

/// The units of a packet, each behind its length of `n_bytes`. Ends where a length is wrong.
fn units(mut packet: &[u8], n_bytes: usize) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = packet.split_at_checked(n_bytes)?;
        let length = length
            .iter()
            .fold(0, |length, &byte| length << 8 | usize::from(byte));
        let unit;
        (unit, packet) = rest.split_at_checked(length)?;
        Some(unit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(text: &str) -> gst::Caps {
        gst::init().unwrap();
        text.parse().unwrap()
    }

    #[test]
    fn only_pictures_that_forget_all_count() {
        let starts_fresh = |caps: &gst::Caps, packet: &[u8]| read(caps, packet).starts_fresh;
        let avc = caps("video/x-h264,stream-format=avc,codec_data=(buffer)014d0028ff");
        assert!(starts_fresh(&avc, &[0, 0, 0, 1, 6, 0, 0, 0, 2, 0x65, 0]));
        assert!(!starts_fresh(&avc, &[0, 0, 0, 2, 0x41, 0]));
        assert!(!starts_fresh(&avc, &[0, 0, 0, 9, 0x65]));
        let stream = caps("video/x-h265,stream-format=byte-stream");
        assert!(starts_fresh(&stream, &[0, 0, 1, 0x46, 1, 0, 0, 1, 0x28, 1]));
        // A clean random access picture may be followed by some that look back.
        assert!(!starts_fresh(&stream, &[0, 0, 1, 0x2a, 1]));
        assert!(starts_fresh(&caps("video/x-vp9"), &[]));
    }

    #[test]
    fn pictures_that_no_other_needs_are_disposable() {
        let avc = caps("video/x-h264,stream-format=avc,codec_data=(buffer)014d0028ff");
        let is_disposable = |packet: &[u8]| read(&avc, packet).is_disposable;
        // A delimiter never counts; a slice on which others lean does.
        assert!(is_disposable(&[0, 0, 0, 1, 9, 0, 0, 0, 2, 0x01, 0]));
        assert!(!is_disposable(&[0, 0, 0, 2, 0x01, 0, 0, 0, 0, 2, 0x41, 0]));
        assert!(!is_disposable(&[0, 0, 0, 1, 9]));
        let hevc = caps("video/x-h265,stream-format=byte-stream");
        let said = read(&hevc, &[0, 0, 1, 0x46, 1, 0, 0, 1, 0, 2, 0]);
        assert!(said.is_disposable && said.layer == 1);
        assert!(!read(&hevc, &[0, 0, 1, 2, 1, 0]).is_disposable);
    }
}
