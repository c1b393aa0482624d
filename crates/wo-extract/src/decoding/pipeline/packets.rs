//! A gate in front of the decoder: it notes each packet of the video stream, and passes or drops it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::nal;
use crate::input::turn::Turn;

/// Which packets go into the decoder, in the order in which they are stored.
#[derive(Debug, Default, Clone)]
pub(crate) enum Wanted {
    /// All.
    #[default]
    All,
    /// The first one alone, to see what a frame looks like.
    First,
    /// Those marked by their number; none beyond the marks.
    Marked(Vec<Mark>),
}

/// So many bytes at either end of a packet tell it from others of its size and place. All of them would be half the time
/// of a pass that decodes nothing.
const DIGESTED: usize = 256;

/// What becomes of a packet.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It stays out.
    #[default]
    Out,
    /// It goes into the decoder.
    In,
    /// It goes in, and nothing behind it leans on what went in before.
    Start,
}

impl Wanted {
    fn mark(&self, number: usize) -> Mark {
        match self {
            Self::All => Mark::In,
            Self::First if number == 0 => Mark::In,
            Self::First => Mark::Out,
            Self::Marked(marks) => marks.get(number).copied().unwrap_or_default(),
        }
    }
}

/// What a packet says of the frame in it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    /// When it is shown, on the clock of [`super::DecodedFrame`]; `None` where it is cut away.
    pub(crate) time_ns: Option<u64>,
    /// Whether it says when it is shown.
    pub(crate) is_timed: bool,
    /// How long, where the packet says so.
    pub(crate) duration_ns: Option<u64>,
    /// Whether decoding can start with it, whatever came before.
    pub(crate) is_key: bool,
    /// Whether no other frame of its layer is made from this one.
    pub(crate) is_disposable: bool,
    /// Whether no frame shown later than the one that decoding starts with is made from this one.
    pub(crate) is_leading: bool,
    /// Its temporal layer: frames are made from those of their own and of lower ones.
    pub(crate) layer: u8,
    /// Whether frames shown from this one on need nothing that came before.
    pub(crate) is_recovery: bool,
    /// Whether its decoder met damage in it.
    pub(crate) is_damaged: bool,
    /// Whether its decoder has not got what it needs of frames before it.
    pub(crate) lacks_frames: bool,
    /// Whether its demuxer passed over a part of the file in front of it that it could not read.
    pub(crate) is_behind_gap: bool,
}

/// What the times of packets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PacketTimes {
    /// When their frames are shown.
    OfFrames,
    /// When they were stored, as in an AVI.
    OfStorage,
}

/// The gate.
#[derive(Debug, Default)]
pub(super) struct PacketGate {
    wanted: Wanted,
    came: Mutex<Came>,
    /// Whether the demuxer reported a gap. Packets after a gap are marked, and so are others for other reasons.
    has_gaps: AtomicBool,
    /// Whether the demuxer marks no packet that looks back but behind a gap.
    marks_gaps: AtomicBool,
}

#[derive(Debug, Default)]
struct Came {
    packets: Vec<Packet>,
    /// What makes the images upright, by the packets themselves.
    turn: Option<Turn>,
    /// A digest of each that differs from all before it.
    different: HashSet<u64>,
}

impl PacketGate {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Notes a packet at `pad`. Returns what becomes of it.
    pub(super) fn enter(
        &self,
        pad: &gst::Pad,
        packet: &gst::BufferRef,
        times: PacketTimes,
    ) -> Mark {
        let time_ns = running_time(pad, packet.pts());
        let said = pad
            .current_caps()
            .zip(packet.map_readable().ok())
            .map(|(caps, bytes)| nal::read(&caps, &bytes));
        let is_recovery = !packet.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let is_key = is_recovery && said.is_some_and(|said| said.starts_fresh);
        let mut came = self.lock();
        let number = came.packets.len();
        // What comes in front of the first frame is marked as well.
        let is_marked = number > 0
            && packet.flags().contains(gst::BufferFlags::DISCONT)
            && !packet.flags().contains(gst::BufferFlags::HEADER);
        let is_behind_gap = is_marked
            && (self.has_gaps.load(Ordering::Acquire)
                || !is_recovery && self.marks_gaps.load(Ordering::Acquire));
        came.turn = came.turn.or_else(|| said?.turn);
        came.different.insert(digest(packet, number));
        came.packets.push(Packet {
            time_ns: time_ns.map(gst::ClockTime::nseconds),
            is_timed: times == PacketTimes::OfFrames && packet.pts().is_some(),
            duration_ns: packet.duration().map(gst::ClockTime::nseconds),
            is_key,
            is_disposable: said.is_some_and(|said| said.is_disposable),
            is_leading: said.is_some_and(|said| said.is_leading),
            layer: said.map_or(0, |said| said.layer),
            is_recovery,
            is_behind_gap,
            ..Packet::default()
        });
        self.wanted.mark(number)
    }

    /// The newest packet is damaged.
    pub(super) fn damage(&self) {
        if let Some(packet) = self.lock().packets.last_mut() {
            packet.is_damaged = true;
        }
    }

    /// The newest packet is damaged, since frames that it needs are missing.
    pub(super) fn damage_by_missing_frames(&self) {
        if let Some(packet) = self.lock().packets.last_mut() {
            packet.is_damaged = true;
            packet.lacks_frames = true;
        }
    }

    /// Packets that are marked and look back come behind gaps: this demuxer marks no others.
    pub(super) fn believe_marks(&self) {
        self.marks_gaps.store(true, Ordering::Release);
    }

    /// The demuxer passes over a part of the file in front of `packet`, which marks it.
    pub(super) fn gap(&self, packet: &mut gst::Buffer) {
        self.has_gaps.store(true, Ordering::Release);
        packet.make_mut().set_flags(gst::BufferFlags::DISCONT);
    }

    /// What makes the images upright, where a packet said so.
    pub(super) fn turn(&self) -> Option<Turn> {
        self.lock().turn
    }

    /// Whether any of them is.
    pub(super) fn met_damage(&self) -> bool {
        let came = self.lock();
        let mut packets = came.packets.iter();
        packets.any(|packet| packet.is_damaged || packet.is_behind_gap)
    }

    /// Whether the packets of the file are looked at, and not decoded.
    pub(super) fn is_scan(&self) -> bool {
        matches!(self.wanted, Wanted::First)
    }

    /// Says of the packet of this number that its frame is shown at `time`, on the clock of `pad`.
    pub(super) fn is_shown(&self, number: usize, pad: &gst::Pad, time: gst::ClockTime) {
        let time_ns = running_time(pad, Some(time)).map(gst::ClockTime::nseconds);
        if let Some(packet) = self.lock().packets.get_mut(number) {
            packet.time_ns = time_ns;
        }
    }

    /// Whether the packets of the file were looked at before.
    pub(super) fn knows_packets(&self) -> bool {
        matches!(self.wanted, Wanted::Marked(_))
    }

    /// How many came.
    pub(super) fn n_came(&self) -> usize {
        self.lock().packets.len()
    }

    /// How many different ones came. An edit list may show the same ones again and again.
    pub(super) fn n_different(&self) -> usize {
        self.lock().different.len()
    }

    /// All that came, in order.
    pub(super) fn came(&self) -> Vec<Packet> {
        self.lock().packets.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Came> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `time` of something at `pad` on the clock of [`super::DecodedFrame`].
fn running_time(pad: &gst::Pad, time: Option<gst::ClockTime>) -> Option<gst::ClockTime> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
    segment.to_running_time(time?)
}

/// What tells the packet `number` from others: its place in the video, its size, and the bytes at its ends. One without a
/// place is like no other.
fn digest(packet: &gst::BufferRef, number: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    match (packet.pts(), packet.map_readable()) {
        (Some(pts), Ok(bytes)) => {
            let n_bytes = bytes.len();
            let (head, tail) = (n_bytes.min(DIGESTED), n_bytes.saturating_sub(DIGESTED));
            (pts.nseconds(), n_bytes, &bytes[..head], &bytes[tail..]).hash(&mut hasher);
        }
        _ => (number, "").hash(&mut hasher),
    }
    hasher.finish()
}
