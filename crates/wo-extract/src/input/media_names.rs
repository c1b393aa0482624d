//! Which names of files are those of videos and images.

use std::path::Path;

use wo_folder::{MEDIA_ENDINGS, has_ending};

use crate::input::foreign;

/// How names of images end.
const IMAGE_EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "jpe", "png", "webp", "heic", "heif", "avif"];

/// Whether a file's name is that of a video or an image, or of one that is not read: that is named, with what to do.
pub(crate) fn is_media_name(path: &Path) -> bool {
    has_ending(path, &MEDIA_ENDINGS) || foreign::of_name(path).is_some()
}

/// Whether a file's name is that of an image.
pub(crate) fn is_image_name(path: &Path) -> bool {
    has_ending(path, &IMAGE_EXTENSIONS)
}
