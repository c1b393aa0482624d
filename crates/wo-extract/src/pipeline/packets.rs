//! The packets of a video stream at the door of its decoder: each is noted, and let in or not.

use std::sync::{Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::nal;

/// Which packets go into the decoder, in the order in which they are stored.
#[derive(Debug, Default, Clone)]
pub(crate) enum Wanted {
    /// All.
    #[default]
    All,
    /// The first one alone, to see what a frame looks like.
    First,
    /// Those marked by their number; none beyond the marks.
    Marked(Vec<bool>),
}

impl Wanted {
    fn is_let_in(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::First => number == 0,
            Self::Marked(marks) => marks.get(number).copied().unwrap_or(false),
        }
    }
}

/// What a packet says of the frame in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    /// When it is shown, on the clock of [`super::DecodedFrame`]; `None` where it is cut away.
    pub(crate) time_ns: Option<u64>,
    /// Whether it has a time at all.
    pub(crate) is_timed: bool,
    /// How long, where the packet says so.
    pub(crate) duration_ns: Option<u64>,
    /// Whether decoding can start with it, whatever came before.
    pub(crate) is_key: bool,
    /// Whether no other frame of its layer is made from this one.
    pub(crate) is_disposable: bool,
    /// Its temporal layer: frames are made from those of their own and of lower ones.
    pub(crate) layer: u8,
}

/// The door.
#[derive(Debug, Default)]
pub(super) struct Door {
    wanted: Wanted,
    came: Mutex<Vec<Packet>>,
}

impl Door {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            came: Mutex::default(),
        }
    }

    /// Notes a packet that is about to enter at `pad`. Says whether it may.
    pub(super) fn enter(&self, pad: &gst::Pad, packet: &gst::BufferRef) -> bool {
        let segment = pad.sticky_event::<gst::event::Segment>(0);
        let time_ns = segment.zip(packet.pts()).and_then(|(event, pts)| {
            let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
            segment.to_running_time(pts)
        });
        let said = pad
            .current_caps()
            .zip(packet.map_readable().ok())
            .map(|(caps, bytes)| nal::read(&caps, &bytes));
        let is_key = !packet.flags().contains(gst::BufferFlags::DELTA_UNIT)
            && said.is_some_and(|said| said.starts_anew);
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.push(Packet {
            time_ns: time_ns.map(gst::ClockTime::nseconds),
            is_timed: packet.pts().is_some(),
            duration_ns: packet.duration().map(gst::ClockTime::nseconds),
            is_key,
            is_disposable: said.is_some_and(|said| said.is_disposable),
            layer: said.map_or(0, |said| said.layer),
        });
        self.wanted.is_let_in(came.len() - 1)
    }

    /// Whether the packets of the file were looked at before.
    pub(super) fn knows_packets(&self) -> bool {
        matches!(self.wanted, Wanted::Marked(_))
    }

    /// How many came.
    pub(super) fn n_came(&self) -> usize {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// All that came, in order.
    pub(super) fn came(&self) -> Vec<Packet> {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
