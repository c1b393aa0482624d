//! Model-free image analysis: the moving person, the background, cut-off bodies, sharpness and brightness, duplicates. And
//! image changes for robustness curves that keep the lifter's form.
//!
//! All functions are pure: no file, no clock, no randomness. All accept images of any size.

mod align;

mod background;
mod change;
mod cut_off;
mod energy;
mod fingerprint;
mod mask;
mod motion;
mod overlap;
mod perceptual_hash;
mod photograph;
mod quality;
mod resize;
mod small;
mod small_grid;
mod thumbnail;

pub use background::{Background, background};
pub use change::{Change, Curve, grid};
pub use cut_off::{CutOff, DEFAULT_CUT_OFF};
pub use fingerprint::{Fingerprint, Shared, small_frame};
pub use mask::{Bounds, Mask};
pub use motion::{MovingPerson, NoPerson, Shift, moving_person};
pub use overlap::{Overlap, Sought, overlaps};
pub use perceptual_hash::{HashIndex, SAME_PART, perceptual_hash};
pub use photograph::{looks_photographed, photograph_score};
pub use quality::{Tones, brightness, luma, rounded, sharpness};
pub use small::median;
pub use thumbnail::{N_FEATURES, thumbnail};
