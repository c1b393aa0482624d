//! The columns of `groups.csv`: the person, source and camera angle of each video.

use crate::tables::sheet::Columns;

/// The columns. The others are, in this order, the person, the source and the angle.
pub const GROUP_COLUMNS: Columns = Columns {
    key: &[
        "path",
        "video",
        "video_path",
        "file",
        "file_name",
        "filename",
    ],
    others: &[
        &["person_id", "person"],
        &["source_id", "source"],
        &["angle"],
    ],
    hint: "the first line is path,person_id,source_id",
};
