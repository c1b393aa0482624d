//! What H.264 and H.265 say of a packet: whether decoding can start with it, whatever came before, and whether it can be
//! left out.
//!
//! Containers call more packets key packets than that: those of open groups of H.264, whose decoders still look back. In
//! H.265 the pictures of an open group that look back are told apart by their type, so decoding can start there too.

use std::ops::{Range, RangeInclusive};

use gstreamer as gst;

use super::sei::{self, Codec};
use crate::input::turn::Turn;

/// The types of streams.
const H264: &str = "video/x-h264";
const H265: &str = "video/x-h265";
/// IDR pictures (ITU-T H.264, table 7-1).
const H264_IDR: [u8; 1] = [5];
/// Parts of pictures (the same table).
const H264_SLICES: RangeInclusive<u8> = 1..=5;
/// Two bits that say how much others lean on a part (nal_ref_idc).
const H264_NEEDED: u8 = 0x60;
/// Below this number are parts of pictures (the next table).
const H265_SLICES: u8 = 32;
/// Pictures behind which nothing that is shown later looks back: BLA, IDR and CRA pictures (ITU-T H.265, table 7-1).
const H265_STARTS: RangeInclusive<u8> = 16..=21;
/// A clean random access picture, whose leading pictures look back behind it.
const H265_CRA: u8 = 21;
/// The same without what comes before it (BLA_W_LP): what a splice of two streams makes of it.
const H265_SPLICE: u8 = 16;
/// Leading pictures: stored behind such a picture, and shown in front of it. No other pictures are made from them.
const H265_LEADING: RangeInclusive<u8> = 6..=9;

/// What its units say of a packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PacketFacts {
    /// Decoding can start with it. Always so in other codecs.
    pub(super) starts_fresh: bool,
    /// No other picture of its layer is made from it. Never so in other codecs.
    pub(super) is_disposable: bool,
    /// No picture shown later than the one that decoding starts with is made from it. Never so in other codecs.
    pub(super) is_leading: bool,
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
            is_leading: false,
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
        H264 => Codec::H264,
        H265 => Codec::H265,
        _ => {
            return PacketFacts {
                starts_fresh: true,
                ..PacketFacts::nothing()
            };
        }
    };
    let units: Vec<&[u8]> = unit_starts(structure, codec, packet)
        .into_iter()
        .map(|range| &packet[range])
        .collect();
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

/// Lets decoding start with `packet`, a packet of a stream of this type, whatever was decoded before: a clean random access
/// picture becomes one behind a splice (ITU-T H.265, 3.19). Its pixels stay the same.
pub(super) fn begin_anew(caps: &gst::CapsRef, packet: &mut [u8]) {
    let Some(structure) = caps.structure(0).filter(|it| it.name() == H265) else {
        return;
    };
    for range in unit_starts(structure, Codec::H265, packet) {
        if let Some(first) = packet.get_mut(range.start)
            && *first >> 1 & 0x3f == H265_CRA
        {
            *first = *first & 0x81 | H265_SPLICE << 1;
        }
    }
}

/// Where the units of `packet` lie in it. Of a stream without lengths each reaches to the packet's end: where one ends does
/// not matter to what is read of it.
fn unit_starts(structure: &gst::StructureRef, codec: Codec, packet: &[u8]) -> Vec<Range<usize>> {
    if structure.get::<&str>("stream-format") == Ok("byte-stream") {
        let starts = packet.windows(5).enumerate();
        let starts = starts.filter(|(_, window)| window.starts_with(&[0, 0, 1]));
        return starts.map(|(at, _)| at + 3..packet.len()).collect();
    }
    // The length of a unit's length, minus one, in `avcC` and `hvcC` (ISO/IEC 14496-15).
    let place = match codec {
        Codec::H264 => 4,
        Codec::H265 => 21,
    };
    let n_bytes = structure
        .get::<gst::Buffer>("codec_data")
        .ok()
        .and_then(|data| Some(usize::from(data.map_readable().ok()?.get(place)? & 3) + 1));
    n_bytes.map_or_else(Vec::new, |n_bytes| units(packet, n_bytes).collect())
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
        is_leading: false,
        layer: 0,
        turn: None,
    }
}

fn of_h265(headers: &[[u8; 2]]) -> PacketFacts {
    let kind = |header: &[u8; 2]| header[0] >> 1 & 0x3f;
    let slices = headers.iter().filter(|header| kind(header) < H265_SLICES);
    // Those of even numbers below 16 are for their own picture only.
    let is_disposable = |header: &[u8; 2]| kind(header) < 16 && kind(header).is_multiple_of(2);
    let is_leading = |header: &[u8; 2]| H265_LEADING.contains(&kind(header));
    let has_slices = slices.clone().next().is_some();
    PacketFacts {
        starts_fresh: headers
            .iter()
            .any(|header| H265_STARTS.contains(&kind(header))),
        is_disposable: has_slices && slices.clone().all(is_disposable),
        is_leading: has_slices && slices.clone().all(is_leading),
        layer: slices
            .map(|header| (header[1] & 7).saturating_sub(1))
            .max()
            .unwrap_or(0),
        turn: None,
    }
}

/// Where the units of a packet lie, each behind its length of `n_bytes`. Ends where a length is wrong.
fn units(packet: &[u8], n_bytes: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (length, rest) = packet.get(at..)?.split_at_checked(n_bytes)?;
        let length = length
            .iter()
            .fold(0, |length, &byte| length << 8 | usize::from(byte));
        rest.get(..length)?;
        let start = at + n_bytes;
        at = start + length;
        Some(start..at)
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
        // Those behind a clean random access picture that look back are told apart.
        assert!(starts_fresh(&stream, &[0, 0, 1, 0x2a, 1]));
        assert!(!starts_fresh(&stream, &[0, 0, 1, 0x02, 1]));
        assert!(starts_fresh(&caps("video/x-vp9"), &[]));
    }

    #[test]
    fn pictures_that_look_back_are_told_apart_and_a_splice_leaves_them_behind() {
        let stream = caps("video/x-h265,stream-format=byte-stream");
        for (kind, is_leading) in [(5u8, false), (6, true), (8, true), (9, true), (21, false)] {
            let said = read(&stream, &[0, 0, 1, kind << 1, 1, 0]);
            assert_eq!(said.is_leading, is_leading, "{kind}");
        }
        let sized = format!(
            "video/x-h265,stream-format=hvc1,codec_data=(buffer){}03ff",
            "00".repeat(21)
        );
        for (caps, mut packet, place) in [
            (&stream, vec![0, 0, 1, 0x46, 1, 0, 0, 1, 0x2a, 9, 7], 8),
            (
                &caps(&sized),
                vec![0, 0, 0, 2, 0x46, 1, 0, 0, 0, 3, 0x2a, 9, 7],
                10,
            ),
        ] {
            let before = packet.clone();
            begin_anew(caps, &mut packet);
            assert_eq!(packet[place], 0x20, "{caps}");
            packet[place] = 0x2a;
            assert_eq!(packet, before);
        }
        let mut idr = [0, 0, 1, 0x28, 1, 0];
        begin_anew(&stream, &mut idr);
        assert_eq!(idr[3], 0x28);
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
