//! The rules of the folder of frames that `wo-extract --out` makes and people edit.
//!
//! They cover file names, the lock, which rows and reviews belong to which frame, and what was deleted. The crate opens no
//! image and knows no tool.

mod atomic_file;
mod beneath;
mod corrections;
mod deleted_frames;
mod frame_folder;
#[doc(hidden)]
pub mod fuzzing;
mod lock;
mod names;
mod paths;
mod records;
mod review_heads;
mod table_videos;
mod tables;
mod trash;

pub use atomic_file::{Spool, commit, create, create_spool, remove_below, replace};
pub use beneath::Beneath;
pub use corrections::deletions::{Deleted, Deletions};
pub use corrections::reviews::read_reviews;
pub use corrections::{Corrected, Corrections, Kept, captions_in_force};
pub use deleted_frames::{DeletedByHand, DeletedFrames};
pub use frame_folder::{check_frames, folder_of_records, no_frames, tables_not_read};
pub use lock::FolderLock;
pub use names::{
    GROUPS, MEDIA_ENDINGS, RECORDS, REVIEWS, STATE, TRASH, exercise_of_image, exercise_of_table,
    frame_folder, frame_name, has_ending, holds_written_images, is_frame_folder, own_image,
    table_name, table_name_of,
};
pub use paths::base_folder::{BaseFolder, folder_of_paths};
pub use paths::files::{Files, Meant};
pub use paths::nearest::{WithNearest, most_alike};
pub use records::{cure_of_records, for_each_line, for_each_line_of_trash, stream_error};
pub use review_heads::{
    LOG_CURE, ReviewHeads, anchor_of, begin_of_records, head_of_records, write_anchor,
};
pub use table_videos::{TableFrame, TableVideo, videos_of_tables};
pub use tables::dialect::Encoding;
pub use tables::folder_tables::Tables;
pub use tables::formula::{quoted, unquoted};
pub use tables::group_columns::GROUP_COLUMNS;
pub use tables::label::WrittenLabel;
pub use tables::rows::Rows;
pub use tables::sheet::{Columns, Sheet, SheetRow, WIDE_ROW_CURE};
pub use tables::sheet_edit::NewCell;
pub use tables::table::{
    FRAME_COLUMNS, Row, Table, TableError, TableWriter, parse_table, read_table, write_table,
};
pub use tables::table_files::tables;
pub use tables::table_patch::{Fate, TablePatch, TableRow};
pub use trash::{FrameLines, Text, Trash, take_back, throw_away};
