//! An ordered parallel map over things that are known before.

use std::thread;

use crate::queue::{queue, started};

/// How many items are under way or wait for their turn, per thread: enough that one long video does not let the
/// other threads idle, few enough that memory does not grow with the input.
const ITEMS_PER_THREAD: usize = 3;

/// Does `work` on `items` with `n_threads` threads and hands each result to `take`, in order. When `take` fails, no
/// more work is begun.
pub fn in_order<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    n_threads: usize,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let n_threads = n_threads.max(1);
    let work = &work;
    thread::scope(|scope| {
        let (mut queue, jobs) = queue(n_threads * ITEMS_PER_THREAD);
        for _ in 0..n_threads {
            let jobs = jobs.clone();
            let run = move || jobs.work_off(work);
            started(thread::Builder::new().spawn_scoped(scope, run))?;
        }
        for item in items {
            while !queue.has_room()
                && let Some(result) = queue.next_result()
            {
                take(result)?;
            }
            queue.give(item);
        }
        while let Some(result) = queue.next_result() {
            take(result)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_and_few_are_ahead() {
        let items: Vec<u64> = (0..40).collect();
        let n_done = AtomicUsize::new(0);
        let mut taken = Vec::new();
        let work = |&item: &u64| {
            thread::sleep(Duration::from_millis(item * 7 % 5));
            n_done.fetch_add(1, Ordering::SeqCst);
            item
        };
        in_order(&items, 3, work, |item| {
            taken.push(item);
            assert!(n_done.load(Ordering::SeqCst) <= taken.len() + 3 * ITEMS_PER_THREAD);
            Ok(())
        })
        .unwrap();
        assert_eq!(taken, items);
    }

    #[test]
    fn a_failure_stops_the_rest() {
        let n_begun = AtomicUsize::new(0);
        let work = |_| {
            n_begun.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
        };
        let result = in_order(0..100, 2, work, |()| anyhow::bail!("full"));
        assert_eq!(result.unwrap_err().to_string(), "full");
        let n_begun = n_begun.into_inner();
        assert!(n_begun <= 2 * ITEMS_PER_THREAD, "{n_begun}");
    }

    #[test]
    fn a_panic_comes_through_with_its_words() {
        let work = |item: u64| assert_ne!(item, 7, "on purpose");
        let mut n_taken = 0;
        let run = || {
            in_order(0..100, 3, work, |()| {
                n_taken += 1;
                Ok(())
            })
        };
        let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        let words = panic.downcast_ref::<String>().expect("words");
        assert!(words.contains("on purpose"), "{words}");
        assert_eq!(n_taken, 7);
    }

    #[test]
    fn nothing_to_do_ends_at_once() {
        let result = in_order(Vec::<u8>::new(), 0, |it| it, |_| Ok(()));
        assert!(result.is_ok());
    }
}
