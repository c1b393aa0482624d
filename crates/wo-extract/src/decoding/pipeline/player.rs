//! Runs the pipeline of one file, frame by frame, and detects when it is stuck.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;

use wo_record::code;

use super::decoded::DecodedFrame;
use super::elements::Elements;
use super::errors::{code_of, is_missing_plugin, missing, one_line, refused, repeated};
use super::packets::{Packet, Wanted};
use super::streams::Streams;
use super::wiring::{run_apart, take_without_copy, watch_streams};
use super::words;
use crate::decoding::frame_sink::FrameSink;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::input::turn::Turn;

/// How long one look for a frame lasts before the bus and the clock are looked at.
const POLL: Duration = Duration::from_millis(20);
/// After an error, frames may still be on their way for this long: decoders hold several.
const DRAIN: Duration = Duration::from_secs(2);
/// A pipeline without a video and without a thread at work for this long has come to its end without a word.
/// decodebin swallows the error of an element that fails in the very moment in which it is plugged in.
const SILENCE: Duration = Duration::from_secs(1);
/// The same after an error. What was read before it may still become a video.
const SILENCE_AFTER_ERROR: Duration = Duration::from_millis(200);
/// The error of a file in which nothing was found, whether GStreamer reported it or not.
const NOTHING_PLAYABLE: &str = "the file is damaged: nothing in it can be played";
/// An edit list may show all packets so many times more. One that shows them more often is a mistake or an attack; so is
/// one whose repetitions take so many times longer than what was shown before. Where packets are only looked at, once
/// more is enough: then all is decoded, and counted by that.
const MAX_REPEATS: u32 = 3;
/// Few packets may come again more often than that.
const FEW_PACKETS: usize = 100;
/// And take so long.
const REPEAT_START: Duration = Duration::from_secs(1);

/// Codecs whose colours lie in the middle between pixels; in all others they lie to the left.
const CENTRED: [&str; 2] = ["mjpeg", "mpeg1video"];

/// A file being decoded.
#[derive(Debug)]
pub(crate) struct Player<'a> {
    pipeline: gst::Pipeline,
    sink: AppSink,
    video_pad: gst::Pad,
    bus: gst::Bus,
    streams: Arc<Streams>,
    frame_sink: &'a dyn FrameSink,
    progress: Progress,
    /// Whether the decoder called a frame corrupt.
    has_corrupt: bool,
    last_time_ns: Option<u64>,
    /// What makes its frames upright, where the container says so in a way that is read here.
    turn: Option<Turn>,
    /// Where the colours of its codec lie, once a frame came.
    is_centred: Option<bool>,
    error: Option<(ExtractError, Instant)>,
}

/// What else came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    None,
    /// A frame that is no repetition of one before.
    Frame,
}

/// How far the decoding of a file got, and when.
#[derive(Debug)]
struct Progress {
    started: Instant,
    last_frame: Instant,
    /// Since when no thread of the pipeline works.
    silent_since: Option<Instant>,
    /// When the newest packet came that was like none before it, and how many of those there were.
    last_new: Instant,
    n_packets_seen: usize,
    /// How many packets had come when it was last said that the file gets on.
    n_came_seen: usize,
    n_frames_seen: usize,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            last_frame: now,
            silent_since: None,
            last_new: now,
            n_packets_seen: 0,
            n_came_seen: 0,
            n_frames_seen: 0,
        }
    }
}

impl<'a> Player<'a> {
    /// Starts to decode the `wanted` packets of `file`.
    pub(crate) fn start(
        file: &MediaFile,
        frame_sink: &'a dyn FrameSink,
        wanted: Wanted,
    ) -> Result<Self, ExtractError> {
        let Elements {
            pipeline,
            decodebin,
            sink,
            video_pad,
            bus,
        } = Elements::of(file)?;
        let streams = Arc::new(Streams::new(wanted));
        watch_streams(&pipeline, &decodebin, &video_pad, &streams);
        let player = Self {
            pipeline,
            sink,
            video_pad,
            bus,
            streams,
            frame_sink,
            progress: Progress::new(),
            has_corrupt: false,
            last_time_ns: None,
            turn: file.turn,
            is_centred: None,
            error: None,
        };
        take_without_copy(player.sink.upcast_ref());
        run_apart(player.sink.upcast_ref());
        // A failure is on the bus too, with a better message.
        let _ = player.pipeline.set_state(gst::State::Playing);
        Ok(player)
    }

    /// The next frame in order of display, or `None` after the last one. An error comes after the frames before it.
    pub(crate) fn next_frame(&mut self) -> Result<Option<DecodedFrame>, ExtractError> {
        loop {
            if let Some(sample) = self
                .sink
                .try_pull_sample(gst::ClockTime::try_from(POLL).ok())
            {
                self.progress.last_frame = Instant::now();
                self.progress.n_frames_seen += 1;
                // Frames that no packet brings are nothing new: an image held forever.
                let is_new = self.progress.n_frames_seen <= self.streams.gate.n_different();
                self.beat(if is_new { News::Frame } else { News::None })?;
                if let Some(frame) = self.timed(sample) {
                    return Ok(Some(frame));
                }
                continue;
            }
            // The end first, then the bus: an error is posted before the end is sent.
            let is_end = self.video_pad.is_linked() && self.sink.is_eos();
            self.read_bus();
            if is_end {
                return self.error.take().map_or(Ok(None), |(error, _)| Err(error));
            }
            self.check_hope()?;
        }
    }

    /// The duration that the container states. It may be wrong.
    pub(crate) fn promised_duration_ns(&self) -> Option<u64> {
        self.pipeline
            .query_duration::<gst::ClockTime>()
            .map(gst::ClockTime::nseconds)
    }

    /// The packets that came so far, in the order in which they are stored.
    pub(crate) fn packets(&self) -> Vec<Packet> {
        self.streams.gate.came()
    }

    /// The words for the codec and the container.
    pub(crate) fn codec_and_container(&self) -> (Option<String>, Option<String>) {
        let found = self.streams.found();
        let codec = found
            .video
            .as_ref()
            .or(found.container.as_ref())
            .map(words::codec);
        (codec, found.container.as_ref().map(words::container))
    }

    /// Puts a time on a sample. `None` for a frame that is not displayed: cut away by an edit list, or already over.
    fn timed(&mut self, sample: gst::Sample) -> Option<DecodedFrame> {
        let buffer = sample.buffer()?;
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        let time_ns = segment.to_running_time(buffer.pts()?)?.nseconds();
        if self.last_time_ns.is_some_and(|last| time_ns <= last) {
            return None;
        }
        self.last_time_ns = Some(time_ns);
        let is_corrupt = buffer.flags().contains(gst::BufferFlags::CORRUPTED);
        self.has_corrupt |= is_corrupt;
        let duration_ns = buffer
            .duration()
            .map(gst::ClockTime::nseconds)
            .filter(|&ns| ns > 0);
        let turn = self.turn.unwrap_or_else(|| self.tagged_turn());
        // What the container asks for counts for more than what the stream in it does.
        let said = || self.streams.gate.turn();
        let turn = if turn == Turn::NONE {
            said().unwrap_or(turn)
        } else {
            turn
        };
        let is_centred = self.is_centred.unwrap_or_else(|| {
            let (codec, _) = self.codec_and_container();
            codec.is_some_and(|codec| CENTRED.contains(&codec.as_str()))
        });
        self.is_centred = Some(is_centred);
        Some(DecodedFrame {
            sample,
            turn,
            is_centred,
            is_corrupt,
            time_ns,
            duration_ns,
        })
    }

    /// The turn that the tags ask for which came down with the frames.
    fn tagged_turn(&self) -> Turn {
        let mut turn = Turn::NONE;
        self.video_pad.sticky_events_foreach(|event| {
            if let gst::EventView::Tag(tag) = event.view()
                && let Some(value) = tag.tag().get::<gst::tags::ImageOrientation>()
            {
                turn = Turn::of_tag(value.get());
            }
            std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
        });
        turn
    }

    fn read_bus(&mut self) {
        while let Some(message) = self.bus.pop_filtered(&[gst::MessageType::Error]) {
            let gst::MessageView::Error(error) = message.view() else {
                continue;
            };
            let found = self.streams.found();
            let cause = match (found.refused, found.missing) {
                (Some(kind), _) => refused(&kind),
                (None, Some(kind))
                    if found.video.is_none() || is_missing_plugin(&error.error()) =>
                {
                    missing(&kind)
                }
                _ => ExtractError::new(
                    code_of(&error.error()),
                    one_line(&error.error().to_string()),
                ),
            };
            self.error.get_or_insert((cause, Instant::now()));
        }
    }

    /// Whether no thread of the pipeline has worked for `limit`.
    fn is_silent(&mut self, limit: Duration) -> bool {
        let mut elements = self.pipeline.iterate_recurse().into_iter().flatten();
        let works = |pad: gst::Pad| pad.task_state() == gst::TaskState::Started;
        if elements.any(|element| element.pads().into_iter().any(works)) {
            self.progress.silent_since = None;
        }
        self.progress
            .silent_since
            .get_or_insert_with(Instant::now)
            .elapsed()
            >= limit
    }

    /// An error once nothing more can be decoded of a damaged file.
    // A bool: whether the video was linked when its caller looked; it may be linked by now.
    fn check_for_damage(&mut self, is_linked: bool) -> Result<(), ExtractError> {
        let Some((error, since)) = self.error.clone() else {
            let is_dead = !is_linked && self.is_silent(SILENCE);
            return if is_dead {
                Err(ExtractError::new(code::DECODE, NOTHING_PLAYABLE))
            } else {
                Ok(())
            };
        };
        if self.progress.last_frame.max(since).elapsed() > DRAIN {
            return Err(error);
        }
        if is_linked || !self.is_silent(SILENCE_AFTER_ERROR) {
            return Ok(());
        }
        Err(if error.code == code::DECODE {
            ExtractError::new(code::DECODE, NOTHING_PLAYABLE)
        } else {
            error
        })
    }

    /// An error once there is nothing left to wait for.
    fn check_hope(&mut self) -> Result<(), ExtractError> {
        // In this order: the video is linked first, then the pads are declared complete.
        let is_complete = self.streams.is_complete.load(Ordering::Acquire);
        let is_linked = self.video_pad.is_linked();
        self.check_for_damage(is_linked)?;
        if let Some(kind) = self.streams.found().refused {
            return Err(refused(&kind));
        }
        if !is_linked && is_complete {
            return Err(match self.streams.found().missing {
                Some(kind) => missing(&kind),
                None => ExtractError::new(code::NO_VIDEO_STREAM, "the file has no video stream"),
            });
        }
        self.beat(News::None)
    }

    /// Reports progress if packets came, repeated ones only up to a bound, or a new frame came.
    fn beat(&mut self, news: News) -> Result<(), ExtractError> {
        let gate = &self.streams.gate;
        let n_packets = gate.n_different();
        let n_came = gate.n_came();
        let most = if gate.is_scan() { 1 } else { MAX_REPEATS };
        if n_came - n_packets > most as usize * n_packets + FEW_PACKETS {
            return Err(repeated(n_packets));
        }
        if n_packets != self.progress.n_packets_seen {
            self.progress.n_packets_seen = n_packets;
            self.progress.last_new = Instant::now();
        }
        let allowed = MAX_REPEATS * self.progress.last_new.duration_since(self.progress.started)
            + REPEAT_START;
        let gets_on =
            n_came != self.progress.n_came_seen && self.progress.last_new.elapsed() <= allowed;
        if news == News::Frame || gets_on {
            self.progress.n_came_seen = n_came;
            self.frame_sink.beat()?;
        }
        Ok(())
    }

    /// Whether the decoder met damage so far.
    pub(crate) fn met_damage(&self) -> bool {
        self.has_corrupt || self.streams.gate.met_damage()
    }
}

impl Drop for Player<'_> {
    fn drop(&mut self) {
        for element in self.pipeline.children() {
            element.set_locked_state(false);
        }
        // Waits for the pipeline's threads. Should one never come back, the tool ends this process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
