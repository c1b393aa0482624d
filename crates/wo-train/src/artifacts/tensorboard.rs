//! Metrics for TensorBoard. An event file is a list of records, each a protocol buffer with its length and two
//! checksums (tensorflow `core/lib/io/record_writer.h`, `core/util/event.proto`). The format is small and has not
//! changed in years.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

/// Field numbers and wire types of `Event`, `Summary` and `Summary.Value`.
const WALL_TIME: u8 = 1 << 3 | 1;
const STEP: u8 = 2 << 3;
const FILE_VERSION: u8 = 3 << 3 | 2;
const SUMMARY: u8 = 5 << 3 | 2;
const VALUE: u8 = 1 << 3 | 2;
const TAG: u8 = 1 << 3 | 2;
const SIMPLE_VALUE: u8 = 2 << 3 | 5;
/// Added to a rotated checksum, so that checksums of checksums are not weak.
const MASK: u32 = 0xa282_ead8;

/// An event file that is being written.
#[derive(Debug)]
pub(crate) struct EventFile {
    file: File,
}

impl EventFile {
    /// Creates a file in the folder `dir`, with a name that TensorBoard finds.
    pub(crate) fn create(dir: &Path) -> anyhow::Result<Self> {
        let seconds = now().as_secs();
        let path = dir.join(format!(
            "events.out.tfevents.{seconds:010}.{}.wo-train",
            std::process::id()
        ));
        let file = fs::create_dir_all(dir).and_then(|()| File::create(&path));
        let mut this = Self {
            file: file.with_context(|| format!("create {}", path.display()))?,
        };
        let mut event = head(0);
        put(&mut event, FILE_VERSION, b"brain.Event:2");
        this.record(&event)?;
        Ok(this)
    }

    /// Writes the metrics of one step.
    pub(crate) fn scalars(
        &mut self,
        step: u64,
        values: &BTreeMap<String, f64>,
    ) -> anyhow::Result<()> {
        let mut summary = Vec::new();
        for (name, value) in values {
            let mut one = Vec::new();
            put(&mut one, TAG, name.as_bytes());
            one.push(SIMPLE_VALUE);
            one.extend_from_slice(&(*value as f32).to_le_bytes());
            put(&mut summary, VALUE, &one);
        }
        let mut event = head(step);
        put(&mut event, SUMMARY, &summary);
        self.record(&event)
    }

    fn record(&mut self, event: &[u8]) -> anyhow::Result<()> {
        let length = (event.len() as u64).to_le_bytes();
        let checksums = [masked(&length), masked(event)].map(u32::to_le_bytes);
        let record = [&length, checksums[0].as_slice(), event, &checksums[1]].concat();
        self.file
            .write_all(&record)
            .context("write metrics for TensorBoard")
    }
}

fn now() -> std::time::Duration {
    // With a clock before 1970 only the order of runs suffers.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn head(step: u64) -> Vec<u8> {
    let mut event = vec![WALL_TIME];
    event.extend_from_slice(&now().as_secs_f64().to_le_bytes());
    event.push(STEP);
    number(&mut event, step);
    event
}

/// Appends a field of bytes.
fn put(message: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    message.push(key);
    number(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

/// Appends a varint: seven bits per byte.
fn number(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_folder_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        fs::write(&file, "mine").expect("a file");
        assert!(EventFile::create(&file).is_err());
        assert_eq!(fs::read_to_string(&file).expect("a file"), "mine");
    }

    #[test]
    fn records_are_framed_as_tensorflow_frames_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut events = EventFile::create(&dir.path().join("logs")).expect("made");
        events
            .scalars(300, &BTreeMap::from([("train_loss".to_owned(), 0.5)]))
            .expect("written");
        let path = fs::read_dir(dir.path().join("logs"))
            .expect("read")
            .next()
            .expect("one")
            .expect("read")
            .path();
        let bytes = fs::read(path).expect("read");
        // The first record is the version; its length has a checksum that does not depend on the time.
        let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
        assert_eq!(length, 1 + 8 + 2 + 2 + 13);
        assert_eq!(bytes[8..12], masked(&bytes[..8]).to_le_bytes());
        assert!(bytes[12..12 + length].ends_with(b"brain.Event:2"));
        // Known from RFC 3720, appendix B.4: 32 zero bytes.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        let second = &bytes[16 + length..];
        let event = &second[12..second.len() - 4];
        assert_eq!(event[9..12], [STEP, 0xac, 0x02], "300 in sevens of bits");
        assert!(
            event.ends_with(
                &[
                    b"train_loss".as_slice(),
                    &[SIMPLE_VALUE],
                    &0.5_f32.to_le_bytes()
                ]
                .concat()
            )
        );
    }
}
