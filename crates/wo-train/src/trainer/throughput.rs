//! Throughput: frames per second, the fraction of time spent waiting for frames, and a progress line.

use std::time::{Duration, Instant};

use wo_clip::Traffic;

use crate::data::sampler::Step;

/// Time between two progress lines.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

/// Counts since the last epoch.
#[derive(Debug)]
pub(crate) struct Throughput {
    since: Instant,
    last_line: Instant,
    n_frames: i64,
    n_steps: usize,
    waited: Duration,
}

impl Throughput {
    /// Starts counting.
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            last_line: Instant::now(),
            n_frames: 0,
            n_steps: 0,
            waited: Duration::ZERO,
        }
    }

    /// Starts counting again, at the end of an epoch.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            last_line: self.last_line,
            ..Self::new()
        };
    }

    /// Counts the time of `what` as waiting.
    pub(crate) fn wait_for<T>(&mut self, what: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let result = what();
        self.waited += since.elapsed();
        result
    }

    /// Counts a step.
    pub(crate) fn add(&mut self, step: &Step) {
        self.n_frames += (step.n_videos * step.frames_a_video) as i64;
        self.n_steps += 1;
    }

    /// Frames per second.
    pub(crate) fn frames_per_second(&self) -> f64 {
        self.n_frames as f64 / self.seconds()
    }

    /// The fraction of the time that this process exchanged `traffic` with others.
    pub(crate) fn communication_share(&self, traffic: Traffic) -> f64 {
        traffic.time.as_secs_f64() / self.seconds()
    }

    /// Bytes of `traffic` a step.
    pub(crate) fn bytes_a_step(&self, traffic: Traffic) -> f64 {
        traffic.n_bytes as f64 / self.n_steps.max(1) as f64
    }

    /// The fraction of the time that the model waited for frames.
    pub(crate) fn waiting_share(&self) -> f64 {
        self.waited.as_secs_f64() / self.seconds()
    }

    /// The speed and the remaining seconds for `n_left` steps, if a line is due.
    pub(crate) fn line(&mut self, n_left: usize) -> Option<String> {
        if self.last_line.elapsed() < LINE_INTERVAL {
            return None;
        }
        self.last_line = Instant::now();
        let left = n_left as f64 * self.seconds() / self.n_steps.max(1) as f64;
        let rate = self.frames_per_second();
        Some(format!("{rate:.0} frames/s  {left:.0} s left"))
    }

    fn seconds(&self) -> f64 {
        self.since.elapsed().as_secs_f64().max(1e-9)
    }
}
