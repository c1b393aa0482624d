//! The columns of the table of sources.

use wo_folder::Columns;

/// The columns, each with other names for it. The places are those of the constants below.
pub(crate) const COLUMNS: Columns = Columns {
    key: &["url", "address", "link", "file", "path"],
    others: &[
        &["exercise"],
        &["label"],
        &["faults", "fault"],
        PERSON,
        SOURCE,
        ANGLE,
        &["start", "start_s"],
        &["end", "end_s"],
        &["licence", "license"],
        &["consent"],
        &["note", "notes"],
    ],
    hint: "the first line is url,exercise,label,faults,person,source,angle,start,end,licence,consent,note",
};

/// Names of the column that says who is in a video.
pub(crate) const PERSON: &[&str] = &["person", "person_id"];
/// Names of the column that says where a video came from.
pub(crate) const SOURCE: &[&str] = &["source", "source_id"];
/// Names of the column that says from where a video was filmed.
pub(crate) const ANGLE: &[&str] = &["angle"];

/// A table without rows.
pub(crate) const TEMPLATE: &str =
    "url,exercise,label,faults,person,source,angle,start,end,licence,consent,note\n";
