//! The jobs that threads work off, and their results in the order of the jobs.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};

/// The result of a job, or its panic.
type Done<R> = thread::Result<R>;

/// A job, and where its result goes.
type Given<J, R> = (J, Sender<Done<R>>);

/// Where jobs are given and their results are taken. Once it is dropped, no job is begun any more.
#[derive(Debug)]
pub(crate) struct Queue<J, R> {
    jobs: Sender<Given<J, R>>,
    /// The results of the given jobs.
    in_work: VecDeque<Receiver<Done<R>>>,
    room: usize,
    is_over: Arc<AtomicBool>,
}

/// The other end, from which each thread takes jobs.
#[derive(Debug)]
pub(crate) struct Jobs<J, R> {
    waiting: Arc<Mutex<Receiver<Given<J, R>>>>,
    is_over: Arc<AtomicBool>,
}

/// A queue with room for so many jobs that are given and not taken, and its other end.
pub(crate) fn queue<J, R>(room: usize) -> (Queue<J, R>, Jobs<J, R>) {
    let (jobs, waiting) = channel();
    let is_over = Arc::new(AtomicBool::new(false));
    let queue = Queue {
        jobs,
        in_work: VecDeque::new(),
        room,
        is_over: Arc::clone(&is_over),
    };
    let waiting = Arc::new(Mutex::new(waiting));
    (queue, Jobs { waiting, is_over })
}

/// A thread that was started, or that this machine lacks the means.
pub(crate) fn started<T>(thread: io::Result<T>) -> anyhow::Result<T> {
    thread
        .context("start a thread")
        .exit_with(Exit::Environment)
}

impl<J, R> Queue<J, R> {
    pub(crate) fn has_room(&self) -> bool {
        self.in_work.len() < self.room
    }

    pub(crate) fn give(&mut self, job: J) {
        let (done, result) = channel();
        self.jobs
            .send((job, done))
            .expect("threads end after the queue, whatever a job does");
        self.in_work.push_back(result);
    }

    /// Waits for the oldest result; `None` where nothing is in work. A job that panicked panics here.
    pub(crate) fn next_result(&mut self) -> Option<R> {
        let oldest = self.in_work.pop_front()?;
        let done = oldest.recv().expect("each job that is begun sends its end");
        Some(done.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// The oldest result where it is there, without waiting. Panics as [`Self::next_result`] does.
    pub(crate) fn next_if_done(&mut self) -> Option<R> {
        let done = self.in_work.front()?.try_recv().ok()?;
        self.in_work.pop_front();
        Some(done.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl<J, R> Drop for Queue<J, R> {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl<J, R> Clone for Jobs<J, R> {
    fn clone(&self) -> Self {
        Self {
            waiting: Arc::clone(&self.waiting),
            is_over: Arc::clone(&self.is_over),
        }
    }
}

impl<J, R> Jobs<J, R> {
    /// Works jobs off until the queue is dropped.
    pub(crate) fn work_off(&self, work: impl Fn(J) -> R) {
        while let Some((job, done)) = self.next() {
            let result = catch_unwind(AssertUnwindSafe(|| work(job)));
            // Nobody waits for it where the queue was dropped meanwhile.
            let _ = done.send(result);
        }
    }

    fn next(&self) -> Option<Given<J, R>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waiting.recv().ok()?;
        (!self.is_over.load(Ordering::Relaxed)).then_some(next)
    }
}
