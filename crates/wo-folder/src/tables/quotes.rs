//! Cells in double quotes that are not closed where they should be.
//!
//! A CSV reader takes the rows below such a cell for a part of it, without a word.

/// Where a reader of a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A cell begins.
    Begin,
    /// In a cell without quotes, where a quote is a letter like others.
    Plain,
    /// In a cell in quotes, which opened on a line.
    Quoted(u64),
    /// Behind a quote in such a cell: it ends there, unless another quote follows.
    Closed(u64),
}

/// The line, from 1, of a cell in quotes that goes on over the end of its line and is not closed as a cell is: at its end
/// stands no delimiter and no end of a line. Inches (`6" box`) and what follows a closed cell on the same line are left to
/// the reader.
pub(crate) fn swallowing(text: &str, delimiter: u8) -> Option<u64> {
    let mut place = Place::Begin;
    let mut line = 1;
    for byte in text.trim_start_matches('\u{feff}').bytes() {
        let is_end = byte == delimiter || byte == b'\n' || byte == b'\r';
        place = match (place, byte) {
            (Place::Begin, b'"') => Place::Quoted(line),
            (Place::Quoted(opened), b'"') => Place::Closed(opened),
            (Place::Closed(opened), b'"') | (Place::Quoted(opened), _) => Place::Quoted(opened),
            (Place::Closed(opened), _) if !is_end && opened < line => return Some(opened),
            _ if is_end => Place::Begin,
            _ => Place::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    match place {
        Place::Quoted(opened) => Some(opened),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_swallows_rows_is_told_from_one_of_several_lines() {
        for (text, expected) in [
            ("a,b\n1,2\n", None),
            ("a,b\n1,\"two\nlines, and a comma\"\n3,4\n", None),
            ("a,b\n1,\"say \"\"x\"\"\n\"\r\n", None),
            ("a,b\n1,6\" box\n2,\"x\" y\n", None),
            ("\u{feff}\"a\",b\n1,\"\"\n", None),
            ("a,b\n1,\"anna\n2,ben\n", Some(2)),
            ("a,b\n0,0\n1,\"anna\n2,ben\n3,\"cleo\"\n", Some(3)),
            ("a,b\n\"1,anna\n2,\"\"\n3,\"x\"\n", Some(2)),
            ("a,b\n1,\"", Some(2)),
        ] {
            assert_eq!(swallowing(text, b','), expected, "{text}");
        }
        assert_eq!(swallowing("a;b\n1;\"x, y\nz\"; 2\n", b';'), None);
    }
}
