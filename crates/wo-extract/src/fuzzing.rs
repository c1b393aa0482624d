//! What must hold for bytes of anybody: bodies of fuzz targets, which tests run on changed samples.

use std::io::Write;

use gstreamer as gst;

use crate::decoding::pipeline::nal;
use crate::input::container::{choose_track, first_unreadable, n_missing_bytes};

/// Looks at the outermost structure of a video file. No bytes panic, and what is to be read otherwise lies in the file.
pub fn container(bytes: &[u8]) {
    let mut file = tempfile::tempfile().expect("a file without a name can be made");
    file.write_all(bytes).expect("the disk has room");
    let len = bytes.len() as u64;
    n_missing_bytes(&file, len);
    assert!(first_unreadable(&file, len).is_none_or(|at| at <= len));
    for patch in choose_track(&file, len).patches {
        assert!(patch.offset + patch.bytes.len() as u64 <= len, "{patch:?}");
    }
}

/// Reads the units of a packet, as each of the two codecs and in both forms. No bytes panic.
pub fn nal(packet: &[u8]) {
    gst::init().expect("GStreamer starts");
    // The largest length of a unit's length, at either codec's place.
    let codec_data = gst::Buffer::from_slice([0xff_u8; 24]);
    for codec in ["video/x-h264", "video/x-h265"] {
        let with_starts = gst::Caps::builder(codec).field("stream-format", "byte-stream");
        let with_lengths = gst::Caps::builder(codec).field("codec_data", &codec_data);
        for caps in [with_starts.build(), with_lengths.build()] {
            nal::read(&caps, packet);
        }
    }
}

/// Reads a `groups.csv`, and what is wrong with it. No bytes panic.
pub fn groups(bytes: &[u8]) {
    wo_folder::fuzzing::sheet(bytes, &wo_folder::GROUP_COLUMNS);
}

#[cfg(test)]
mod tests {
    use wo_testkit::mutation::for_each_mutation;

    #[test]
    fn changed_containers_stand() {
        for_each_mutation("container", 2000, super::container);
    }

    #[test]
    fn changed_packets_stand() {
        for_each_mutation("nal", 3000, super::nal);
    }

    #[test]
    fn changed_groups_stand() {
        for_each_mutation("groups", 3000, super::groups);
    }
}
