//! The lines of a stream, understood by other threads before their turn comes.

use std::io;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::vec;

use wo_cli::Input;
use wo_parallel::OrderedPool;
use wo_record::{Follower, Line, LoneLine, Producer, ReadError};

use crate::blocks::{Block, Blocks};

/// More threads read faster than one writes.
const MAX_THREADS: usize = 3;

/// Understands lines ahead. Blocks under way are one more than there are threads.
pub(crate) struct LinesAhead<'a> {
    blocks: Blocks<'a>,
    pool: OrderedPool<Block, Vec<LoneLine>>,
    /// The lines whose turn it is.
    lines: vec::IntoIter<LoneLine>,
    follower: Follower,
    /// Why reading stopped. Lines before come first.
    trouble: Option<io::Error>,
}

/// What comes next.
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it comes"
)]
pub(crate) enum Next {
    /// A line.
    Line(Line),
    /// All lines that came were taken, and the next read waits for more: see [`LinesAhead::wait`].
    Waits,
    /// The end of a complete stream.
    End,
}

impl<'a> LinesAhead<'a> {
    /// Starts the threads.
    pub(crate) fn of(input: Input<'a>, max_line: u64) -> anyhow::Result<Self> {
        let n_cores = available_parallelism().map_or(1, NonZero::get);
        let n_threads = n_cores.saturating_sub(1).clamp(1, MAX_THREADS);
        Ok(Self {
            blocks: Blocks::of(input, max_line),
            pool: OrderedPool::start(vec![max_line; n_threads], understood)?,
            lines: Vec::new().into_iter(),
            follower: Follower::default(),
            trouble: None,
        })
    }

    /// The upstream tools of the records so far.
    pub(crate) fn producers(&self) -> &[Producer] {
        self.follower.producers()
    }

    /// The next line. Errors are as those of [`wo_record::Reader::next_line`].
    pub(crate) fn next(&mut self) -> Result<Next, ReadError> {
        loop {
            for lone in self.lines.by_ref() {
                if let Some(line) = self.follower.take(lone)? {
                    return Ok(Next::Line(line));
                }
            }
            while self.pool.has_room() && !self.blocks.is_over() && !self.blocks.waits() {
                self.read();
            }
            if let Some(lines) = self.pool.next_result() {
                self.lines = lines.into_iter();
            } else if let Some(trouble) = self.trouble.take() {
                return Err(trouble.into());
            } else if self.blocks.is_over() {
                self.follower.end()?;
                return Ok(Next::End);
            } else if self.blocks.waits() {
                return Ok(Next::Waits);
            }
        }
    }

    /// Waits until more comes.
    pub(crate) fn wait(&mut self) {
        self.read();
    }

    fn read(&mut self) {
        match self.blocks.read() {
            Ok(Some(block)) => self.pool.give(block),
            Ok(None) => {}
            Err(trouble) => self.trouble = Some(trouble),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that the pool calls"
)]
fn understood(max_line: &u64, block: Block) -> Vec<LoneLine> {
    match block {
        Block::Lines(start, bytes) => LoneLine::all_of(&bytes, start, *max_line),
        Block::TooLong(start, end) => vec![LoneLine::too_long(start, end, *max_line)],
    }
}
