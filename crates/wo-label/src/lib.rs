//! Captions and the review log: the table that turns labels and faults into descriptions, and the log with one line for
//! each review.
//!
//! Opens no file and decodes no image.

mod captions;
mod fault_path;
mod fitted_name;
#[doc(hidden)]
pub mod fuzzing;
mod latest_reviews;
mod nearest;
mod review_log;
mod token_count;
mod visible;

pub use captions::missing_words::{MissingEntry, MissingWords, toml_key};
pub use captions::{Captions, CaptionsError, choice_hash, chosen};
pub use fault_path::{faults_in_path, faults_in_words};
pub use fitted_name::fitted_name;
pub use latest_reviews::{Reviews, is_same_image, is_same_time};
pub use nearest::nearest;
pub use review_log::{Chain, LogLine, ReviewLogError, erased};
pub use token_count::{CLIP_TOKENS, least_clip_tokens};
pub use visible::describes_nothing_visible;
