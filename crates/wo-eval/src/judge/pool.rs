//! An ordered pool: threads run jobs in parallel, and results come in the order of the jobs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::Context;

/// The result of a job, or its panic.
type Done<R> = thread::Result<R>;

/// A job, and where its result goes.
type Given<J, R> = (J, Sender<Done<R>>);

/// Threads that turn jobs `J` into results `R`. Dropping the pool waits for them: libtorch must not work while the
/// process ends.
#[derive(Debug)]
pub(crate) struct OrderedPool<J, R> {
    /// `None` at the end.
    jobs: Option<Sender<Given<J, R>>>,
    /// The results of the given jobs.
    in_work: VecDeque<Receiver<Done<R>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<J: Send + 'static, R: Send + 'static> OrderedPool<J, R> {
    /// Starts a thread for each state.
    pub(crate) fn start<S: Send + 'static>(states: Vec<S>, work: fn(&S, J) -> R) -> Self {
        let (jobs, waiting) = channel::<Given<J, R>>();
        let waiting = Arc::new(Mutex::new(waiting));
        let thread = |state: S| {
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || {
                let next = || {
                    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.recv()
                };
                while let Ok((job, done)) = next() {
                    let result = catch_unwind(AssertUnwindSafe(|| work(&state, job)));
                    // Nobody waits for it if the run has failed.
                    let _ = done.send(result);
                }
            })
        };
        Self {
            threads: states.into_iter().map(thread).collect(),
            jobs: Some(jobs),
            in_work: VecDeque::new(),
        }
    }

    /// Whether there is room for a job; one more than there are threads, so that none waits.
    pub(crate) fn has_room(&self) -> bool {
        self.in_work.len() <= self.threads.len()
    }

    /// Gives a job.
    pub(crate) fn give(&mut self, job: J) -> anyhow::Result<()> {
        let (done, result) = channel();
        let given = self.jobs.as_ref().map(|jobs| jobs.send((job, done)));
        given
            .and_then(Result::ok)
            .context("all threads have ended")?;
        self.in_work.push_back(result);
        Ok(())
    }

    /// Waits for the oldest result; `None` where nothing is in work. A job that panicked panics here.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<R>> {
        let Some(oldest) = self.in_work.pop_front() else {
            return Ok(None);
        };
        let done = oldest.recv().context("a thread has ended")?;
        Ok(Some(done.unwrap_or_else(|panic| resume_unwind(panic))))
    }

    /// The oldest result where it is there, without waiting. Panics as [`Self::next`] does.
    pub(crate) fn next_if_done(&mut self) -> Option<R> {
        let oldest = self.in_work.front()?;
        let done = oldest.try_recv().ok()?;
        self.in_work.pop_front();
        Some(done.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl<J, R> Drop for OrderedPool<J, R> {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_jobs() {
        let slow_when_even = |factor: &u64, job: u64| {
            thread::sleep(Duration::from_millis((job + 1) % 2 * 5));
            job * factor
        };
        let mut workers = OrderedPool::start(vec![10, 10, 10], slow_when_even);
        let mut results = Vec::new();
        for job in 0..20 {
            while !workers.has_room() {
                results.extend(workers.next().unwrap());
            }
            workers.give(job).unwrap();
        }
        assert_eq!(results.len(), 16);
        while let Some(result) = workers.next().unwrap() {
            results.push(result);
        }
        assert_eq!(results, (0..20).map(|job| job * 10).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_done_need_not_be_waited_for() {
        let mut workers = OrderedPool::start(vec![()], |(), job: u64| job);
        assert_eq!(workers.next_if_done(), None);
        workers.give(7).unwrap();
        let done = std::iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(1));
            workers.next_if_done()
        });
        assert_eq!(done.flatten().next(), Some(7));
    }

    #[test]
    fn a_panic_is_passed_on_and_the_thread_goes_on() {
        let mut workers = OrderedPool::start(vec![()], |(), job: u64| {
            assert_ne!(job, 0, "on purpose");
            job
        });
        workers.give(0).unwrap();
        workers.give(1).unwrap();
        let broken = catch_unwind(AssertUnwindSafe(|| workers.next()));
        assert!(broken.is_err());
        assert_eq!(workers.next().unwrap(), Some(1));
    }
}
