//! What people say of frames, without the people: the captions table that turns labels and faults into words, and the
//! log in which each review is one line.
//!
//! It opens no file and looks at no picture.

mod captions;
mod review_log;
mod reviews;
mod sight;

pub use captions::{Captions, CaptionsError, choice_hash};
pub use review_log::{Chain, ReviewLogError};
pub use reviews::{Reviews, is_same_picture};
pub use sight::says_nothing_seen;
