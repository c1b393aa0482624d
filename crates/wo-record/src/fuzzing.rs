//! What must hold for bytes of anybody: bodies of fuzz targets, which tests run on changed samples.

use crate::keys::Keys;
use crate::{Line, Reader, Record};

/// Reads a stream. No bytes panic, and what is understood of a line is understood again when it is written. Reading in one pass
/// changes nothing.
pub fn records(bytes: &[u8]) {
    let mut input = bytes;
    let mut reader = Reader::new(&mut input, 1 << 20);
    reader.skip_bad_lines(|_| {});
    while let Ok(Some(line)) = reader.next_line() {
        let parsed = Record::parse(&line.text).expect("what was read can be read");
        assert_eq!(parsed, line.record);
        let Ok(record) = &line.record else { continue };
        let text = line
            .rewritten(record)
            .expect("a record that was read has a text");
        let unnoted = Line {
            keys: Keys::Unknown,
            ..line.clone()
        };
        let same = unnoted.rewritten(record);
        assert_eq!(same.expect("it has a text"), text);
        let again = Record::parse(&text).expect("a record that was written can be read");
        assert_eq!(again.as_ref(), Ok(record));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_records_stand() {
        wo_testkit::mutation::for_each_mutation("records", 5000, super::records);
    }
}
