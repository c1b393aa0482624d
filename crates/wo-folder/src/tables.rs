//! CSV tables: how spreadsheets save them, the table of frames, and the tables of a folder.

pub(crate) mod dialect;
pub(crate) mod folder_tables;
pub(crate) mod formula;
pub(crate) mod label;
mod quotes;
pub(crate) mod row_troubles;
pub(crate) mod rows;
pub(crate) mod sheet;
pub(crate) mod sheet_edit;
pub(crate) mod table;
pub(crate) mod table_files;
pub(crate) mod table_patch;
