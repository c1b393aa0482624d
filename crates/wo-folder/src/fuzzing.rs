//! What must hold for bytes of anybody: bodies of fuzz targets, which tests run on changed samples.

use crate::{Sheet, TablePatch, parse_table};

/// Reads a table of frames. No bytes panic, both readers agree on what a table is, and one in which nothing changes is
/// written as it was.
pub fn table(bytes: &[u8]) {
    let table = parse_table(bytes);
    let Ok(patch) = TablePatch::parse(bytes) else {
        return;
    };
    assert_eq!(patch.bytes(), bytes, "nothing was changed");
    if let Ok(table) = table {
        assert!(table.rows.len() <= patch.paths().count());
    }
}

/// Reads a sheet of these columns, and what is wrong with it.
pub fn sheet(bytes: &[u8], columns: &crate::Columns) {
    if let Ok(sheet) = Sheet::parse(bytes, columns) {
        sheet.troubles(columns);
        assert!(sheet.first_row() <= sheet.text.len());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_tables_stand() {
        wo_testkit::mutation::for_each_mutation("table", 3000, super::table);
    }
}
