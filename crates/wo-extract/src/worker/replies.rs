//! Sends a worker's replies while it decodes a file.

use std::cell::Cell;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use image::RgbImage;
use wo_record::code;

use super::protocol::{self, Reply};
use crate::decoding::frame_sink::FrameSink;
use crate::error::ExtractError;

/// How often it says that it gets on: far more often than the shortest time that it may be silent.
const BEAT: Duration = Duration::from_millis(200);

/// The line from a worker to the tool.
#[derive(Debug)]
pub(super) struct Replies<'a> {
    socket: &'a UnixStream,
    last_beat: Cell<Instant>,
}

impl<'a> Replies<'a> {
    pub(super) fn new(socket: &'a UnixStream) -> Self {
        Self {
            socket,
            last_beat: Cell::new(Instant::now()),
        }
    }

    pub(super) fn send(&self, reply: &Reply, pixels: &[u8]) -> Result<(), ExtractError> {
        self.last_beat.set(Instant::now());
        // The tool is gone, and with it everyone who could read this.
        protocol::write(self.socket, reply, pixels)
            .map_err(|e| ExtractError::new(code::UNREADABLE, format!("the tool is gone: {e}")))
    }
}

impl FrameSink for Replies<'_> {
    fn beat(&self) -> Result<(), ExtractError> {
        if self.last_beat.get().elapsed() < BEAT {
            return Ok(());
        }
        self.send(&Reply::Beat, &[])
    }

    fn still(&self, time_ns: u64, image: &RgbImage) -> Result<(), ExtractError> {
        let (width, height) = image.dimensions();
        let header = Reply::Still {
            time_ns,
            width,
            height,
        };
        self.send(&header, image.as_raw())
    }
}
