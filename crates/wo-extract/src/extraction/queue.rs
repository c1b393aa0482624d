//! An ordered parallel map: results keep the order of the input, and only a few wait at any time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};

/// How many items are under way or wait for their turn, per thread: enough that one long video does not let the
/// other threads idle, few enough that memory does not grow with the input.
const ITEMS_PER_THREAD: usize = 3;

/// Does `work` on `items` with `n_threads` threads and hands each result to `take`, in order. When `take` fails,
/// `cancelled` tells the work under way to come to an end.
pub(crate) fn in_order<T: Sync, R: Send>(
    items: &[T],
    n_threads: usize,
    cancelled: &AtomicBool,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build();
    let pool = pool.context("start threads").exit_with(Exit::Environment)?;
    let work = &work;
    pool.in_place_scope_fifo(|scope| {
        let mut items = items.iter();
        let mut waiting = VecDeque::new();
        loop {
            while waiting.len() < n_threads * ITEMS_PER_THREAD
                && let Some(item) = items.next()
            {
                let (done, result) = mpsc::sync_channel(1);
                // After a failure nobody waits for the result any more.
                scope.spawn_fifo(move |_| drop(done.send(work(item))));
                waiting.push_back(result);
            }
            let Some(next) = waiting.pop_front() else {
                return Ok(());
            };
            let taken = next
                .recv()
                .context("a worker broke down")
                .and_then(&mut take);
            if taken.is_err() {
                cancelled.store(true, Ordering::Relaxed);
                return taken;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_and_few_are_ahead() {
        let items: Vec<u64> = (0..40).collect();
        let n_done = AtomicUsize::new(0);
        let mut taken = Vec::new();
        let work = |&item: &u64| {
            std::thread::sleep(Duration::from_millis(item * 7 % 5));
            n_done.fetch_add(1, Ordering::SeqCst);
            item
        };
        in_order(&items, 3, &AtomicBool::new(false), work, |item| {
            taken.push(item);
            assert!(n_done.load(Ordering::SeqCst) <= taken.len() + 3 * ITEMS_PER_THREAD);
            Ok(())
        })
        .unwrap();
        assert_eq!(taken, items);
    }

    #[test]
    fn a_failure_stops_the_rest() {
        let cancelled = AtomicBool::new(false);
        let result = in_order(&[1, 2, 3], 1, &cancelled, |i| *i, |_| anyhow::bail!("full"));
        assert!(result.is_err() && cancelled.load(Ordering::Relaxed));
    }
}
