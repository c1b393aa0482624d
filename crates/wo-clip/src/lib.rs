//! CLIP on libtorch: the model as Hugging Face's `CLIPModel` has it, its checkpoints, and the judge made of both.
//!
//! The only library crate that names `tch`. Parameter names equal the checkpoint's; a directory that is written here
//! loads in Python with `CLIPModel.from_pretrained`.

mod checkpoint;
mod clip;
mod config;
mod device;
mod encoder;
mod format;
mod judge;
mod lora;
mod loss;
mod manifest;
mod memory;
mod model_folder;
mod muon;
mod naming;
mod native;
mod open_clip_config;
mod open_clip_shapes;
mod optimizer;
mod pooling;
mod pt_file;
mod scratch;
mod shapes;
mod snapshot;
mod text;
mod trust;
mod vision;
mod weights;

pub use checkpoint::{Checkpoint, read_checkpoint, working_folder, write_checkpoint};
pub use clip::{Clip, FreezeConfig, Output};
pub use config::{Activation, ClipConfig, ConfigError, TextConfig, VisionConfig};
pub use device::{device_name, device_of, set_threads, to_device};
pub use judge::{FrameScores, Judge, class_features};
pub use lora::LoraConfig;
pub use loss::{BankTargets, equal_caption_targets, info_nce, soft_cross_entropy};
pub use manifest::{Class, Manifest, Split, SplitVideo};
pub use memory::{OutOfMemory, or_out_of_memory};
pub use native::{NativeError, with_bfloat16};
pub use optimizer::{AdamWConfig, Optimizer, Rule, Share, StateError};
pub use pooling::Pooling;
pub use scratch::scratch_config;
pub use snapshot::{Snapshot, latest_snapshot, weights_hash, write_snapshot};
pub use tch;
pub use trust::Trust;
pub use weights::{WeightsError, load_weights};
