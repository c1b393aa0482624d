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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::sheet::Sheet;

    #[test]
    fn of_two_columns_the_one_that_is_read_is_named() {
        let sheet = Sheet::parse(b"path,person,person_id\n", &GROUP_COLUMNS).unwrap();
        let text = &sheet.troubles(&GROUP_COLUMNS)[0].text;
        let expected = "the columns `person_id` and `person` mean the same, and only the first `person_id` is read";
        assert_eq!(text, expected);
    }
}
