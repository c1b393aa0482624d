//! Work on many videos at once whose results come in the order of the videos.

use anyhow::Context;
use rayon::prelude::*;
use wo_cli::{Exit, ExitWith, Progress, ShowProgress};

use crate::plan::VideoSpec;

/// So many videos for each thread are drawn before their records are written: few enough that records come soon,
/// enough that no thread waits long for the slowest.
const VIDEOS_PER_THREAD: usize = 4;

/// Draws all videos with `draw` on `n_threads` threads and gives each result to `done` in turn. Stops at an error.
pub(crate) fn in_order<T: Send>(
    n_threads: usize,
    specs: &[VideoSpec],
    draw: impl Fn(&VideoSpec) -> anyhow::Result<T> + Sync,
    mut done: impl FnMut(&VideoSpec, T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .context("start the threads")
        .exit_with(Exit::Environment)?;
    let progress = Progress::new(ShowProgress::Auto, ("videos", "frames"), specs.len() as u64);
    for chunk in specs.chunks(n_threads * VIDEOS_PER_THREAD) {
        let drawn: Vec<anyhow::Result<T>> = pool.install(|| {
            let one = |spec| {
                let result = draw(spec);
                progress.advance(0);
                result
            };
            chunk.par_iter().map(one).collect()
        });
        for (spec, result) in chunk.iter().zip(drawn) {
            done(spec, result?)?;
        }
    }
    Ok(())
}
