//! From records to model input, without libtorch: images to pixels, texts to tokens, streams and folders to videos.
//!
//! Preprocessing equals that of transformers' image processors and of open_clip, tokenization their `CLIPTokenizer`. Golden
//! tests check both.

mod bpe;
mod class_texts;
mod cures;
mod data_dir;
mod fields;
mod images;
mod pixels;
mod shards;
mod text;
mod text_style;
mod tokenizer_check;
mod videos;

pub use bpe::{clip_tokenizer_json, train_clip_tokenizer};
pub use class_texts::{ClassText, ClassTexts};
pub use wo_folder::{RECORDS, begin_of_records, check_frames, folder_of_paths, stream_error};

pub use cures::{cures, failed_inputs, folder_of_frames};
pub use data_dir::{Leftovers, StreamCorrections, videos_of_data_dir};
pub use fields::{Fields, parse_json, read_json, whole};
pub use images::{ImageError, check_image, decode_image, image_bytes, load_image, span_bytes};
pub use pixels::hugging_face::ImageProcessor;
pub use pixels::preprocessor::{Centre, Fit, Preprocessor};
pub use pixels::resize::{Filter, resize, resize_square};
pub use shards::videos_of_shards;
pub use text::{TextRead, TextReader, Tokenizer, TokenizerError, Tokens};
pub use text_style::TextStyle;
pub use wo_webdataset::{ShardsRest, Span, is_list_of_shards};

pub use videos::{FrameItem, Settled, VideoItem, videos_of_stream};
