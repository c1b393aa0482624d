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
mod loss;
mod manifest;
mod model_folder;
mod muon;
mod naming;
mod open_clip_config;
mod open_clip_shapes;
mod optimizer;
mod pt_file;
mod scratch;
mod shapes;
mod text;
mod vision;
mod weights;

pub use checkpoint::{Checkpoint, read_checkpoint, write_checkpoint};
pub use clip::{Clip, Output};
pub use config::{Activation, ClipConfig, ConfigError, TextConfig, VisionConfig};
pub use device::{device_name, device_of, set_threads};
pub use judge::{FrameScores, Judge, class_features};
pub use loss::{BankTargets, soft_cross_entropy};
pub use manifest::{Class, Manifest, Split, SplitVideo};
pub use optimizer::{AdamWConfig, Optimizer, Rule, Share};
pub use scratch::scratch_config;
pub use tch;
pub use weights::{WeightsError, load_weights};
