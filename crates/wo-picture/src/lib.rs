//! What can be said of the pictures of a video without a model: what moves in them, what is behind it, whether it is cut
//! off, how sharp and bright they are; and changes of pictures that leave their form as it is.
//!
//! Everything is a pure function of its pictures: no file, no clock, no random choice. Any size of picture has an answer.

mod align;
mod alike;
mod background;
mod change;
mod cut_off;
mod energy;
mod mask;
mod motion;
mod overlap;
mod photograph;
mod quality;
mod resize;
mod small;
mod thumbnail;

pub use alike::{Hashes, SAME_PART, perceptual_hash};
pub use background::{Background, background};
pub use change::{Change, Curve, grid};
pub use cut_off::{CutOff, DEFAULT_CUT_OFF};
pub use mask::{Bounds, Mask};
pub use motion::{MovingPerson, NoPerson, Shift, moving_person};
pub use overlap::{GreyCells, Overlap, overlaps};
pub use photograph::{flatness, is_photograph};
pub use quality::{Tones, brightness, luma, rounded, sharpness};
pub use thumbnail::{N_FEATURES, thumbnail};
