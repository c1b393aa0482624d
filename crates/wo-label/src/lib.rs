//! What people say of frames, without the people: the captions table that turns labels and faults into words, and the
//! log in which each review is one line.
//!
//! It opens no file and looks at no picture.

mod captions;
mod fault_path;
#[doc(hidden)]
pub mod fuzzing;
mod nearest;
mod review_log;
mod reviews;
mod sight;
mod token_count;

pub use captions::wordless::{What, Wordless, toml_key};
pub use captions::{Captions, CaptionsError, choice_hash};
pub use fault_path::{faults_in_path, faults_in_words};
pub use nearest::nearest;
pub use review_log::{Chain, ReviewLogError};
pub use reviews::{Reviews, is_same_picture, is_same_time};
pub use sight::says_nothing_seen;
pub use token_count::{CLIP_TOKENS, least_clip_tokens};
