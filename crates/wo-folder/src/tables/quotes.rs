//! Cells in double quotes that are not closed where they should be.
//!
//! A CSV reader silently reads the rows below such a cell as part of it.

/// Where in a cell the scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellState {
    /// A cell begins.
    Begin,
    /// In a cell without quotes, where a quote is an ordinary character.
    Plain,
    /// In a quoted cell that opened on this line.
    Quoted(u64),
    /// Behind a quote in a quoted cell: the cell ends there, unless another quote follows.
    Closed(u64),
}

/// The line, from 1, of a quoted cell that spans lines and is not closed properly: its closing quote is not followed by a
/// delimiter or a line end. Quotes within one line, such as inches (`6" box`), are left to the reader.
pub(crate) fn swallowing(text: &str, delimiter: u8) -> Option<u64> {
    let mut place = CellState::Begin;
    let mut line = 1;
    for byte in text.trim_start_matches('\u{feff}').bytes() {
        let is_end = byte == delimiter || byte == b'\n' || byte == b'\r';
        place = match (place, byte) {
            (CellState::Begin, b'"') => CellState::Quoted(line),
            (CellState::Quoted(opened), b'"') => CellState::Closed(opened),
            (CellState::Closed(opened), b'"') | (CellState::Quoted(opened), _) => {
                CellState::Quoted(opened)
            }
            (CellState::Closed(opened), _) if !is_end && opened < line => return Some(opened),
            _ if is_end => CellState::Begin,
            _ => CellState::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    match place {
        CellState::Quoted(opened) => Some(opened),
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
