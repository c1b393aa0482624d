//! Presentation times of frames whose container does not store them. AVI only numbers its packets; ASF and MXF store
//! when each packet is sent. If the codec stores frames in another order than it shows them, the decoder has to guess the
//! times, and gives several frames the same one.
//!
//! The decoder outputs frames in display order, and each frame has one of the times in the container. So the first frame
//! gets the first time, the second the second, and so on. The times of lost frames are skipped once it is certain that
//! those frames will not come.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::streams::Streams;

/// A frame counts as lost once this many later frames are out: twice the reorder depth of H.264.
const WINDOW: usize = 32;

/// The label of the packet number that travels through the decoder with each packet.
static NUMBER: LazyLock<gst::Caps> =
    LazyLock::new(|| gst::Caps::new_empty_simple("timestamp/x-wo-packet"));

/// The packets that went into a decoder, and the frames that came out.
#[derive(Debug, Default)]
struct Moments {
    /// The distinct times in the container, in order.
    times: Vec<gst::ClockTime>,
    /// The number of times known after each packet.
    n_times: Vec<usize>,
    /// The delay between decoding and display of a packet that waits for no other.
    shift: Option<gst::ClockTime>,
    /// Whether the first packet has a decoding time.
    has_start: bool,
    n_shown: usize,
    n_lost: usize,
    /// The highest packet number among the frames that came out.
    newest: usize,
    /// For each of the last frames: how many packets before it had no frame yet.
    overtaken: VecDeque<usize>,
}

/// The times of a packet.
#[derive(Debug, Default, Clone, Copy)]
struct Times {
    /// The presentation time.
    pts: Option<gst::ClockTime>,
    /// The decoding time.
    dts: Option<gst::ClockTime>,
    duration: Option<gst::ClockTime>,
}

impl Moments {
    /// Adds a packet with these times. Returns its number.
    fn came(&mut self, packet: Times) -> usize {
        let Times { pts, dts, duration } = packet;
        let time = dts.or(pts);
        // The first packet is a key frame, which is shown without delay.
        if self.n_times.is_empty() {
            self.shift = pts.zip(dts).and_then(|(pts, dts)| pts.checked_sub(dts));
            self.has_start = dts.is_some();
        } else if self.n_times.len() == 1 && !self.has_start {
            // The first packet is decoded before time 0, and how long before is not stored.
            let second = self.times.first().copied().zip(duration);
            let second = second.map(|(first, duration)| first + duration);
            self.shift = second
                .zip(dts)
                .and_then(|(second, dts)| second.checked_sub(dts));
        }
        let time = time.map(|time| time + self.shift.unwrap_or(gst::ClockTime::ZERO));
        let is_new = |time: &gst::ClockTime| self.times.last().is_none_or(|last| time > last);
        if let Some(time) = time.filter(is_new) {
            self.times.push(time);
        }
        self.n_times.push(self.times.len());
        self.n_times.len() - 1
    }

    /// The time of the next frame, which comes from the packet of this number. `None` if no time is left.
    fn shown(&mut self, packet: Option<usize>) -> Option<gst::ClockTime> {
        self.newest = self.newest.max(packet.unwrap_or(0));
        self.n_shown += 1;
        let n_times = self.n_times.get(self.newest).copied().unwrap_or(0);
        self.overtaken
            .push_back(n_times.saturating_sub(self.n_shown));
        if self.overtaken.len() > WINDOW {
            self.overtaken.pop_front();
            let fewest = self.overtaken.iter().min().copied().unwrap_or(0);
            self.n_lost = self.n_lost.max(fewest);
        }
        self.times.get(self.n_shown - 1 + self.n_lost).copied()
    }
}

/// Corrects the times of the frames of `decoder`. Call it before anything else looks at its packets.
pub(super) fn attach(decoder: &gst::Element, streams: &Arc<Streams>) {
    let (Some(sink), Some(src)) = (decoder.static_pad("sink"), decoder.static_pad("src")) else {
        return;
    };
    let moments = Arc::new(Mutex::new(Moments::default()));
    let of_packets = Arc::clone(&moments);
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(gst::PadProbeData::Buffer(packet)) = &mut info.data {
            let number = lock(&of_packets).came(Times {
                pts: packet.pts(),
                dts: packet.dts(),
                duration: packet.duration(),
            });
            let number = gst::ClockTime::from_nseconds(number as u64);
            gst::ReferenceTimestampMeta::add(packet.make_mut(), &NUMBER, number, None);
        }
        gst::PadProbeReturn::Ok
    });
    let streams = Arc::clone(streams);
    src.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let Some(gst::PadProbeData::Buffer(frame)) = &mut info.data {
            let mut numbers = frame.iter_meta::<gst::ReferenceTimestampMeta>();
            let number = numbers.find(|meta| meta.reference() == NUMBER.as_ref());
            let number = number.map(|meta| meta.timestamp().nseconds() as usize);
            if let Some(time) = lock(&moments).shown(number) {
                frame.make_mut().set_pts(time);
                if let Some(number) = number {
                    streams.gate.is_shown(number, pad, time);
                }
            }
        }
        gst::PadProbeReturn::Ok
    });
}

fn lock(moments: &Mutex<Moments>) -> std::sync::MutexGuard<'_, Moments> {
    moments.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places that frames get whose packets are stored at these moments and come out in this order.
    fn places(stored: &[u64], order: &[usize]) -> Vec<u64> {
        gst::init().unwrap();
        let mut moments = Moments::default();
        for (number, &time) in stored.iter().enumerate() {
            let time = gst::ClockTime::from_nseconds(time);
            moments.came(Times {
                pts: (number == 0).then_some(time),
                dts: Some(time),
                duration: None,
            });
        }
        let shown = order.iter().map(|&number| moments.shown(Some(number)));
        shown.map(|time| time.unwrap().nseconds()).collect()
    }

    #[test]
    fn frames_take_the_moments_one_after_the_other() {
        assert_eq!(
            places(&[0, 10, 20, 30, 50], &[0, 2, 3, 1, 4]),
            [0, 10, 20, 30, 50]
        );
    }

    #[test]
    fn a_start_before_the_start_takes_no_moment_away() {
        gst::init().unwrap();
        let time = gst::ClockTime::from_nseconds;
        for first in [None, Some(0)] {
            let mut moments = Moments::default();
            // Decoded from -10, or 0, on; shown from 0, or 10, on.
            let start = first.map_or(0, |first| first + 10);
            for number in 0..5u64 {
                moments.came(Times {
                    pts: (number == 0).then_some(time(start)),
                    dts: (start + 10 * number).checked_sub(10).map(time),
                    duration: Some(time(10)),
                });
            }
            let shown: Vec<_> = (0..5).map(|number| moments.shown(Some(number))).collect();
            let expected: Vec<_> = (0..5)
                .map(|number| Some(time(start + 10 * number)))
                .collect();
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn two_frames_in_one_packet_and_an_empty_one_behind_are_two_frames() {
        // The moment of the empty packet is that of the second frame.
        assert_eq!(places(&[0, 10, 20, 20, 30], &[0, 2, 1, 4]), [0, 10, 20, 30]);
    }

    #[test]
    fn lost_frames_leave_their_moments_empty() {
        let stored: Vec<u64> = (0..200).collect();
        let order: Vec<usize> = (0..200)
            .filter(|number| !(50..54).contains(number))
            .collect();
        let places = places(&stored, &order);
        assert_eq!(places[..50], stored[..50]);
        assert_eq!(places[100..], stored[104..]);
        assert!(places.is_sorted_by(|a, b| a < b));
    }
}
