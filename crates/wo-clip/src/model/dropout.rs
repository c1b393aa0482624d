//! Dropout whose draws depend on the video, and not on which videos share a pass: a step is the same with smaller passes,
//! and where several processes share it.

use std::cell::Cell;

use tch::{Kind, Tensor};

/// Which videos are in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideosOfPass {
    /// The same for all passes of a step.
    pub seed: u64,
    /// The place of the first video in the step.
    pub first: usize,
    /// Rows of each video in the first dimension of a tensor: its frames.
    pub n_rows: usize,
}

thread_local! {
    static VIDEOS: Cell<Option<VideosOfPass>> = const { Cell::new(None) };
}

/// Puts back what was there before, also where a pass panics since memory has run out.
struct Before(Option<VideosOfPass>);

impl Drop for Before {
    fn drop(&mut self) {
        VIDEOS.set(self.0);
    }
}

/// Runs a pass over videos, whose dropout is drawn for each of them by itself, on this thread.
pub fn with_dropout_of_videos<T>(videos: VideosOfPass, pass: impl FnOnce() -> T) -> T {
    with(Some(videos), pass)
}

fn with<T>(videos: Option<VideosOfPass>, work: impl FnOnce() -> T) -> T {
    let _before = Before(VIDEOS.replace(videos));
    work()
}

/// A block that draws the same wherever it is run again: the way back may be on another thread.
pub(crate) fn as_now(
    block: impl Fn(&Tensor) -> Tensor + Send + 'static,
) -> impl Fn(&Tensor) -> Tensor + Send + 'static {
    let videos = VIDEOS.get();
    move |xs| with(videos, || block(xs))
}

/// Dropout of a layer, which has a number of its own. Outside of a pass over videos it takes libtorch's next draws.
pub(crate) fn dropout(xs: &Tensor, fraction: f64, layer: u64) -> Tensor {
    let Some(videos) = VIDEOS.get() else {
        return xs.dropout(fraction, true);
    };
    if fraction == 0.0 {
        return xs.shallow_clone();
    }
    let size = xs.size();
    let mut of_video = size.clone();
    of_video[0] = videos.n_rows as i64;
    let n_videos = size[0] / of_video[0];
    let draws: Vec<Tensor> = (0..n_videos)
        .map(|place| {
            let video = (videos.first as u64).wrapping_add(place as u64);
            tch::manual_seed(mixed(&[videos.seed, layer, video]).cast_signed());
            Tensor::rand(&of_video, (Kind::Float, xs.device()))
        })
        .collect();
    let kept = Tensor::cat(&draws, 0).ge(fraction).to_kind(xs.kind());
    xs * (kept / (1.0 - fraction))
}

/// The number of a layer, by its name.
pub(crate) fn number_of(name: &str) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    let (first, _) = hash.as_bytes().split_at(8);
    first
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// One number of several, in which each bit of each counts (the finalizer of `SplitMix64`: Steele et al. 2014).
fn mixed(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |state: u64, number| {
        let mut z = (state ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    })
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::native;

    fn pass(first: usize, xs: &Tensor, layer: u64) -> Tensor {
        let videos = VideosOfPass {
            seed: 7,
            first,
            n_rows: 2,
        };
        with_dropout_of_videos(videos, || dropout(xs, 0.25, layer))
    }

    #[test]
    fn a_video_is_drawn_alike_in_each_pass() {
        let xs = Tensor::ones([8, 50, 20], (Kind::Float, Device::Cpu));
        let whole = pass(0, &xs, 1);
        let parts = [
            pass(0, &xs.narrow(0, 0, 2), 1),
            pass(1, &xs.narrow(0, 2, 6), 1),
        ];
        assert_eq!(Tensor::cat(&parts, 0), whole);
        let dropped = whole
            .eq(0.0)
            .to_kind(Kind::Float)
            .mean(Kind::Float)
            .double_value(&[]);
        assert!((dropped - 0.25).abs() < 0.02, "{dropped}");
        assert!((whole.mean(Kind::Float).double_value(&[]) - 1.0).abs() < 0.03);
        // Videos, layers and steps differ.
        assert_ne!(whole.narrow(0, 0, 2), whole.narrow(0, 2, 2));
        assert_ne!(pass(0, &xs, 2), whole);
        assert_eq!(VIDEOS.get(), None);
    }

    #[test]
    fn a_block_that_is_run_again_draws_the_same_on_any_thread() {
        let weight = Tensor::ones([20, 20], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let xs = Tensor::ones([4, 3, 20], (Kind::Float, Device::Cpu));
        let gradient = |runs_twice: bool| {
            let held = weight.shallow_clone();
            let block = move |xs: &Tensor| dropout(xs, 0.5, 3).matmul(&held).square();
            let videos = VideosOfPass {
                seed: 1,
                first: 4,
                n_rows: 1,
            };
            let ys = with_dropout_of_videos(videos, || {
                if runs_twice {
                    native::checkpoint(&xs, as_now(block)).unwrap()
                } else {
                    block(&xs)
                }
            });
            let loss = ys.sum(Kind::Float);
            std::thread::spawn(move || loss.backward()).join().unwrap();
            let gradient = weight.grad().copy();
            native::drop_grads([&weight]).unwrap();
            gradient
        };
        assert_eq!(gradient(true), gradient(false));
    }
}
