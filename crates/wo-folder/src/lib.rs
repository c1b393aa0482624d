//! The folder of frames that `wo-extract --out` makes and people edit: one place for its rules.
//!
//! What the files are called, who may write, which rows and reviews are about which frame, and what was deleted. It looks
//! at no image and knows no tool.

mod corrections;
mod deleted_frames;
mod deletions;
mod dialect;
mod files;
mod formula;
mod frame_folder;
mod label;
mod lock;
mod names;
mod nearest;
mod place;
mod quotes;
mod records;
mod reviews;
mod row_troubles;
mod rows;
mod sheet;
mod table;
mod table_files;
mod table_patch;
mod table_videos;
mod tables;
mod tally;
mod trash;
mod whole;

pub use corrections::{Corrected, Corrections, Kept, captions_in_force};
pub use deleted_frames::DeletedFrames;
pub use deletions::{Deleted, Deletions};
pub use dialect::{DialectError, Encoding};
pub use files::{Files, Meant};
pub use frame_folder::{check_frames, no_frames};
pub use label::WrittenLabel;
pub use lock::FolderLock;
pub use names::{
    GROUPS, MEDIA_ENDINGS, RECORDS, REVIEWS, STATE, TRASH, exercise_of_image, exercise_of_table,
    folder_of_records, frame_folder, frame_name, has_ending, holds_written_images, is_frame_folder,
    own_image, table_name, table_name_of,
};
pub use nearest::{WithNearest, most_alike};
pub use place::Place;
pub use records::{cure_of_records, for_each_line};
pub use reviews::{LOG_CURE, read_reviews};
pub use rows::Rows;
pub use sheet::{Columns, Sheet, SheetRow};
pub use table::{
    FRAME_COLUMNS, Row, Table, TableError, TableWriter, parse_table, read_table, write_table,
};
pub use table_files::{tables, tables_not_read};
pub use table_patch::{Fate, TablePatch, TableRow};
pub use table_videos::{TableFrame, TableVideo, videos_of_tables};
pub use tables::Tables;
pub use trash::{FrameLines, Text, Trash, take_back, throw_away};
pub use whole::{Spool, commit, create, create_spool, remove, replace};
