//! A row of blocks that are gone through one after the other, some frozen, perhaps with gradient checkpointing.

use tch::Tensor;

use crate::model::dropout::as_now;
use crate::model::share::Share;
use crate::native;

/// One step from a tensor to the next.
pub(crate) trait Link: Share + Send + 'static {
    /// Runs the block.
    fn forward(&self, xs: &Tensor) -> Tensor;
}

/// Blocks in their order.
#[derive(Debug)]
pub(crate) struct Chain<B> {
    blocks: Vec<B>,
    n_frozen: usize,
    is_checkpointing: bool,
}

impl<B: Link> Chain<B> {
    pub(crate) fn new(blocks: Vec<B>) -> Self {
        Self {
            blocks,
            n_frozen: 0,
            is_checkpointing: false,
        }
    }

    /// Through all blocks.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.blocks
            .iter()
            .enumerate()
            .fold(xs.shallow_clone(), |xs, (i, block)| {
                // Frozen blocks keep no activations anyway.
                if !self.is_checkpointing || i < self.n_frozen {
                    return block.forward(&xs);
                }
                let block = block.share();
                native::checkpoint(&xs, as_now(move |xs| block.forward(xs)))
                    .expect("a block has run before with such shapes")
            })
    }

    /// Marks the first blocks as frozen.
    pub(crate) fn freeze(&mut self, n_frozen: usize) {
        self.n_frozen = n_frozen.min(self.blocks.len());
    }

    // A bool, as in the setters of PyTorch.
    pub(crate) fn set_checkpointing(&mut self, is_checkpointing: bool) {
        self.is_checkpointing = is_checkpointing;
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut B> {
        self.blocks.iter_mut()
    }

    /// The number of frozen blocks.
    pub(crate) fn n_frozen(&self) -> usize {
        self.n_frozen
    }

    /// Those that are frozen.
    pub(crate) fn frozen(&self) -> &[B] {
        &self.blocks[..self.n_frozen]
    }
}
