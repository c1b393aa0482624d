//! From records to model input, without libtorch: pictures to pixels, texts to tokens, streams and folders to videos.
//!
//! Preprocessing equals Hugging Face's `CLIPImageProcessor`, tokenizing its `CLIPTokenizer`; golden tests hold both.

mod bpe;
mod data_dir;
mod picture;
mod pixels;
mod text;
mod videos;

pub use bpe::train_clip_tokenizer;
pub use data_dir::{Leftovers, videos_of_data_dir};
pub use picture::{ImageError, check_image, decode_image, image_bytes, load_image};
pub use pixels::{Preprocessor, resize, resize_square};
pub use text::{Tokenizer, TokenizerError, Tokens};
pub use videos::{FrameItem, VideoItem, videos_of_stream};
