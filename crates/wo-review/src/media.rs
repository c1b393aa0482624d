//! Images and videos as bytes for the page, checked before they are sent.

mod image_file;
mod video_file;

pub(crate) use self::image_file::ImageFolder;
pub(crate) use self::video_file::{Videos, parse_range};
