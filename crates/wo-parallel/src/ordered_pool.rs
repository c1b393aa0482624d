//! An ordered pool: it takes jobs while others are in work, and gives their results back in the order of the jobs.

use std::thread::{self, JoinHandle};

use crate::queue::{Queue, queue, started};

/// Threads that turn jobs `J` into results `R`. Dropping the pool waits for them: libtorch must not work while the
/// process ends.
#[derive(Debug)]
pub struct OrderedPool<J, R> {
    /// `None` at the end.
    queue: Option<Queue<J, R>>,
    threads: Vec<JoinHandle<()>>,
}

impl<J: Send + 'static, R: Send + 'static> OrderedPool<J, R> {
    /// Starts a thread for each state; at least one.
    pub fn start<S: Send + 'static>(states: Vec<S>, work: fn(&S, J) -> R) -> anyhow::Result<Self> {
        assert!(!states.is_empty(), "a pool needs a thread");
        // One more than there are threads, so that none waits.
        let (queue, jobs) = queue(states.len() + 1);
        let mut pool = Self {
            queue: Some(queue),
            threads: Vec::new(),
        };
        for state in states {
            let jobs = jobs.clone();
            let run = move || jobs.work_off(|job| work(&state, job));
            pool.threads
                .push(started(thread::Builder::new().spawn(run))?);
        }
        Ok(pool)
    }

    /// Whether there is room for a job without taking a result.
    pub fn has_room(&self) -> bool {
        self.queue.as_ref().is_some_and(Queue::has_room)
    }

    /// Gives a job.
    pub fn give(&mut self, job: J) {
        if let Some(queue) = &mut self.queue {
            queue.give(job);
        }
    }

    /// Waits for the oldest result; `None` where nothing is in work. A job that panicked panics here.
    pub fn next_result(&mut self) -> Option<R> {
        self.queue.as_mut().and_then(Queue::next_result)
    }

    /// The oldest result where it is there, without waiting. Panics as [`Self::next_result`] does.
    pub fn next_if_done(&mut self) -> Option<R> {
        self.queue.as_mut().and_then(Queue::next_if_done)
    }
}

impl<J, R> Drop for OrderedPool<J, R> {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_jobs() {
        let slow_when_even = |factor: &u64, job: u64| {
            thread::sleep(Duration::from_millis((job + 1) % 2 * 5));
            job * factor
        };
        let mut pool = OrderedPool::start(vec![10, 10, 10], slow_when_even).unwrap();
        let mut results = Vec::new();
        for job in 0..20 {
            while !pool.has_room() {
                results.extend(pool.next_result());
            }
            pool.give(job);
        }
        assert_eq!(results.len(), 16);
        results.extend(std::iter::from_fn(|| pool.next_result()));
        assert_eq!(results, (0..20).map(|job| job * 10).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_done_need_not_be_waited_for() {
        let mut pool = OrderedPool::start(vec![()], |(), job: u64| job).unwrap();
        assert_eq!(pool.next_if_done(), None);
        pool.give(7);
        let done = std::iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(1));
            pool.next_if_done()
        });
        assert_eq!(done.flatten().next(), Some(7));
        assert_eq!(pool.next_result(), None);
    }

    #[test]
    fn a_panic_is_passed_on_and_the_thread_goes_on() {
        let work = |(): &(), job: u64| {
            assert_ne!(job, 0, "on purpose");
            job
        };
        let mut pool = OrderedPool::start(vec![()], work).unwrap();
        pool.give(0);
        pool.give(1);
        let broken = catch_unwind(AssertUnwindSafe(|| pool.next_result()));
        assert!(broken.is_err());
        assert_eq!(pool.next_result(), Some(1));
    }
}
