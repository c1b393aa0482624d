//! How spreadsheets save tables: encodings and delimiters.
//!
//! Unambiguous files are read, and written back in the same form. All others are refused with a reason.

use encoding_rs::WINDOWS_1252;

/// How the text of a table is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, the low byte first: Excel's "Unicode Text".
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// Windows-1252: Excel's "CSV" on a western system.
    Windows1252,
}

/// Why bytes are not a table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum DialectError {
    /// A workbook under the name of a CSV.
    #[error("this is a spreadsheet workbook ({0}), not a CSV")]
    Workbook(&'static str),
    /// Bytes in an unknown encoding.
    #[error("this is neither UTF-8, UTF-16 nor Windows-1252 text")]
    NoText,
    /// The header lacks a column.
    #[error("line 1: no column `{wanted}`; the columns are: {found}")]
    NoColumn {
        /// The column that is missing.
        wanted: String,
        /// The columns that are there.
        found: String,
        /// What to do.
        hint: String,
    },
}

impl DialectError {
    /// What the user can do about it.
    pub(crate) fn hint(&self) -> &str {
        match self {
            Self::Workbook(_) | Self::NoText => "in the spreadsheet, save as \"CSV UTF-8\"",
            Self::NoColumn { hint, .. } => hint,
        }
    }
}

/// The text of a table and how it was written. A byte order mark stays in the text.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Encoding), DialectError> {
    let workbooks: [(&[u8], &str); 3] = [
        (b"PK\x03\x04", ".xlsx or .ods"),
        (b"\xd0\xcf\x11\xe0", ".xls"),
        (b"%PDF", "PDF"),
    ];
    if let Some((_, what)) = workbooks.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(DialectError::Workbook(what));
    }
    if let Some(encoding) = utf16_of(bytes) {
        return Ok((
            utf16(bytes, encoding).ok_or(DialectError::NoText)?,
            encoding,
        ));
    }
    if bytes.contains(&0) {
        return Err(DialectError::NoText);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((text.to_owned(), Encoding::Utf8));
    }
    // Five bytes are undefined in Windows-1252, so a text that has one is in another encoding.
    let is_undefined = |byte: &u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    if bytes.iter().any(is_undefined) {
        return Err(DialectError::NoText);
    }
    let text = WINDOWS_1252.decode_without_bom_handling(bytes).0;
    Ok((text.into_owned(), Encoding::Windows1252))
}

/// The bytes of a text in an encoding. `None` if the encoding lacks one of its characters.
pub(crate) fn encode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Utf8 => Some(text.as_bytes().to_vec()),
        Encoding::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Encoding::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Encoding::Windows1252 => {
            let (bytes, _, is_lossy) = WINDOWS_1252.encode(text);
            (!is_lossy).then(|| bytes.into_owned())
        }
    }
}

/// Recognizes UTF-16 by its byte order mark, or by an ASCII first letter, as every header has.
fn utf16_of(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xff, 0xfe, ..] | [1..=255, 0, 1..=255, 0, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] | [0, 1..=255, 0, 1..=255, ..] => Some(Encoding::Utf16Be),
        _ => None,
    }
}

fn utf16(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let unit = match encoding {
        Encoding::Utf16Be => u16::from_be_bytes,
        _ => u16::from_le_bytes,
    };
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok()
}

/// The offset of the header, and the delimiter in a line before it such as Excel's `sep=;`.
pub(crate) fn preamble(text: &str) -> (usize, Option<u8>) {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let named = line.trim_matches('"');
    let is_sep = named
        .get(..4)
        .is_some_and(|sep| sep.eq_ignore_ascii_case("sep="));
    match named.as_bytes() {
        [_, _, _, _, delimiter] if is_sep => {
            let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
            (start + end, Some(*delimiter))
        }
        _ => (start, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_comes_back_byte_for_byte() {
        let text = "\u{feff}frame_path;label\r\nä–.jpg;good\r\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = encode(text, encoding).unwrap();
            assert_eq!(decode(&bytes).unwrap(), (text.to_owned(), encoding));
        }
        let text = "frame_path;label\r\nä–.jpg;good\r\n";
        let bytes = encode(text, Encoding::Windows1252).unwrap();
        assert_eq!(
            decode(&bytes).unwrap(),
            (text.to_owned(), Encoding::Windows1252)
        );
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = encode(text, encoding).unwrap();
            assert_eq!(decode(&bytes).unwrap().1, encoding, "without a mark");
        }
        assert_eq!(encode("x→", Encoding::Windows1252), None);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(
            decode(b"PK\x03\x04zip"),
            Err(DialectError::Workbook(".xlsx or .ods"))
        );
        for bytes in [
            &b"frame_path,label\n\x81\xff"[..],
            b"frame\0path",
            b"\xff\xfea",
        ] {
            assert_eq!(decode(bytes), Err(DialectError::NoText), "{bytes:?}");
        }
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        assert_eq!(preamble("sep=;\r\npath;x"), (7, Some(b';')));
        assert_eq!(preamble("\u{feff}SEP=\t\npath"), (9, Some(b'\t')));
        assert_eq!(preamble("\"sep=;\"\npath"), (8, Some(b';')));
        assert_eq!(preamble("path,sep=\n"), (0, None));
        assert_eq!(preamble("\u{feff}path"), (3, None));
        assert_eq!(preamble(""), (0, None));
    }
}
