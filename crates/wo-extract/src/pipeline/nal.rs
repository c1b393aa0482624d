//! What H.264 and H.265 say of a packet: whether decoding can start with it, whatever came before.
//!
//! Containers call more packets key packets than that: those of open groups of pictures, whose decoders still look back.

use gstreamer as gst;

/// IDR pictures (ITU-T H.264, table 7-1).
const H264_IDR: [u8; 1] = [5];
/// IDR pictures with and without leading ones (ITU-T H.265, table 7-1).
const H265_IDR: [u8; 2] = [19, 20];

/// True for other codecs, and where a packet holds a picture that forgets all before it.
pub(super) fn starts_anew(caps: &gst::CapsRef, packet: &[u8]) -> bool {
    let Some(structure) = caps.structure(0) else {
        return false;
    };
    let is_h265 = match structure.name().as_str() {
        "video/x-h264" => false,
        "video/x-h265" => true,
        _ => return true,
    };
    let is_idr = |unit: &[u8]| {
        unit.first().is_some_and(|&header| {
            if is_h265 {
                H265_IDR.contains(&(header >> 1 & 0x3f))
            } else {
                H264_IDR.contains(&(header & 0x1f))
            }
        })
    };
    if structure.get::<&str>("stream-format") == Ok("byte-stream") {
        return packet
            .windows(4)
            .any(|window| window.starts_with(&[0, 0, 1]) && is_idr(&window[3..]));
    }
    // The length of a unit's length, minus one, in `avcC` and `hvcC` (ISO/IEC 14496-15).
    let place = if is_h265 { 21 } else { 4 };
    let n_bytes = structure
        .get::<gst::Buffer>("codec_data")
        .ok()
        .and_then(|data| Some(usize::from(data.map_readable().ok()?.get(place)? & 3) + 1));
    n_bytes.is_some_and(|n_bytes| units(packet, n_bytes).any(is_idr))
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
        let avc = caps("video/x-h264,stream-format=avc,codec_data=(buffer)014d0028ff");
        assert!(starts_anew(&avc, &[0, 0, 0, 1, 6, 0, 0, 0, 2, 0x65, 0]));
        assert!(!starts_anew(&avc, &[0, 0, 0, 2, 0x41, 0]));
        assert!(!starts_anew(&avc, &[0, 0, 0, 9, 0x65]));
        let stream = caps("video/x-h265,stream-format=byte-stream");
        assert!(starts_anew(&stream, &[0, 0, 1, 0x46, 1, 0, 0, 1, 0x28, 1]));
        // A clean random access picture may be followed by some that look back.
        assert!(!starts_anew(&stream, &[0, 0, 1, 0x2a, 1]));
        assert!(starts_anew(&caps("video/x-vp9"), &[]));
    }
}
