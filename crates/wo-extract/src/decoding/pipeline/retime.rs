//! Times of frames that their container does not give. AVI numbers packets, and ASF and MXF say when each is sent; where
//! a codec stores frames in another order than it shows them, the decoder is left to guess, and lets several fall on the
//! same moment.
//!
//! What is known: the decoder gives frames in the order in which they are shown, and each has one of the moments that the
//! container has. So the first frame gets the first moment, and so on; and the moments of frames that were lost on the
//! way are left out as soon as it is sure that they will not come.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::streams::Streams;

/// A frame that many others overtook is lost. Twice what H.264 may hold back.
const WINDOW: usize = 32;

/// What the number of a packet is tied to it by, through the decoder.
static NUMBER: LazyLock<gst::Caps> =
    LazyLock::new(|| gst::Caps::new_empty_simple("timestamp/x-wo-packet"));

/// What came to a decoder, and how much of it came out again.
#[derive(Debug, Default)]
struct Moments {
    /// Those of the container, in order, each once.
    times: Vec<gst::ClockTime>,
    /// How many there were when each packet had come.
    n_times: Vec<usize>,
    /// By how much later packets are shown than decoded where none waits.
    shift: Option<gst::ClockTime>,
    /// Whether the first packet says when it is decoded.
    has_start: bool,
    n_shown: usize,
    n_lost: usize,
    /// The largest number of a packet whose frame was shown.
    newest: usize,
    /// How many packets were overtaken when each of the last frames was shown.
    overtaken: VecDeque<usize>,
}

/// What a packet says of its times.
#[derive(Debug, Default, Clone, Copy)]
struct Times {
    /// When it is shown.
    pts: Option<gst::ClockTime>,
    /// When it is decoded.
    dts: Option<gst::ClockTime>,
    duration: Option<gst::ClockTime>,
}

impl Moments {
    /// A packet with these times. Returns its number.
    fn came(&mut self, packet: Times) -> usize {
        let Times { pts, dts, duration } = packet;
        let time = dts.or(pts);
        // The first is a key frame, which is shown as soon as it can be.
        if self.n_times.is_empty() {
            self.shift = pts.zip(dts).and_then(|(pts, dts)| pts.checked_sub(dts));
            self.has_start = dts.is_some();
        } else if self.n_times.len() == 1 && !self.has_start {
            // It was decoded before the start of all, by a time that is not written.
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

    /// The moment of the next frame, which is of the packet of this number. `None` where none is left.
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

/// Puts the frames of `decoder` in their places. To be called before anything else looks at its packets.
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
