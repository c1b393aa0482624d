//! CLIP and SigLIP on libtorch: the models as in Hugging Face's `CLIPModel` and `SiglipModel`, their checkpoints,
//! training, and a judge of videos.
//!
//! The only library crate that uses `tch`. Parameter names equal the checkpoint's; a folder that is written here loads
//! in Python with `from_pretrained`.

mod abstention;
mod checkpoint;
mod cuda_driver;
mod device;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod judge;
mod kernels;
mod memory;
mod model;
mod native;
mod precision;
mod range;
mod training;

pub use abstention::AbstentionPolicy;
pub use checkpoint::contents::Checkpoint;
pub use checkpoint::manifest::{Class, Manifest, Split, SplitVideo};
pub use checkpoint::model_folder::{FindBase, find_on_disk};
pub use checkpoint::reader::{read_checkpoint, read_checkpoint_on};
pub use checkpoint::weights::{WeightsError, load_weights};
pub use checkpoint::writer::{working_folder, write_checkpoint};
pub use cuda_driver::Gpu;
pub use device::{
    FoundDevice, device_name, find_device, find_device_of, pinned, set_threads, uploaded,
};
pub use frames::{Frames, PixelTable, planes};
pub use group::{Farewell, Group, Rendezvous, Slices, Traffic};
pub use judge::{FrameScores, Judge, class_features};
pub use kernels::processor::Processor;
pub use kernels::{KernelTime, Kernels};
pub use memory::{OutOfMemory, halving, or_out_of_memory};
pub use model::clip::{Clip, FreezeConfig, Output};
pub use model::clip_config::{ClipConfig, TextConfig, VisionConfig};
pub use model::config::{ModelConfig, TextShape, VisionShape};
pub use model::dropout::{VideosOfPass, with_dropout_of_videos};
pub use model::fastvit::{FastVitConfig, FastVitStage};
pub use model::fastvit_blocks::FastVitNorm;
pub use model::lora::LoraConfig;
pub use model::pass_size::bytes_of_frame;
pub use model::place::{Place, Tower, place_of};
pub use model::pooling::Pooling;
pub use model::scratch::scratch_config;
pub use model::siglip_config::{SiglipConfig, SiglipTextConfig};
pub use model::sizes::{Activation, ConfigError};
pub use model::timm_config::{TimmConfig, TimmTower};
pub use model::timm_vit::{TimmVitConfig, VitPool, VitStem};
pub use native::{NativeError, set_zero_grad, with_bfloat16};
pub use precision::Precision;
pub use tch;
pub use training::kernels::lerp_all;
pub use training::loss::{
    BankTargets, equal_caption_targets, info_nce, sigmoid_loss, soft_cross_entropy,
};
pub use training::optimizer::{AdamWConfig, Optimizer, Rule, Share, StateError};
pub use training::snapshot::{
    Snapshot, latest_snapshot, latest_state, weights_hash, write_snapshot,
};
