//! Training on tar shards is training on the records that they were written from.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wo_record::{Image, Reader, Record};
use wo_testkit::{Run, stream, tempdir};
use wo_webdataset::{ShardNames, ShardSize, ShardWriter};

use crate::{SMALL, colours, records, tool};

/// Writes the frames of a stream into shards `f-0.tar`, `f-1.tar`, ….
fn write_shards(folder: &Path, text: &str) {
    let names = ShardNames::parse(&folder.join("f-%d.tar")).expect("a pattern");
    let mut writer = ShardWriter::new(names, ShardSize::Frames(6)).expect("a writer");
    let mut input = text.as_bytes();
    let mut reader = Reader::new(&mut input, 1 << 24);
    while let Some(line) = reader.next_line().expect("a record") {
        match line.record.expect("a known record") {
            Record::Video(video) => writer.video(&video).expect("written"),
            Record::Frame(frame) => {
                let Image::Inline { jpeg_base64 } = &frame.image else {
                    panic!("an inline image");
                };
                let image = STANDARD.decode(jpeg_base64).expect("base64");
                writer
                    .frame(&frame, image)
                    .expect("written")
                    .expect("an image");
            }
            _ => {}
        }
    }
    writer.finish().expect("written");
}

fn train(folder: &Path, name: &str, args: &[&str], input: String) -> Run {
    let tool = tool().args(SMALL).args(args);
    let tool = tool.args(["--epochs", "2", "--seed", "5", "--validation", "0.25"]);
    let tool = tool.args(["--test", "0.25", "--output", name]);
    tool.current_dir(folder).stdin(input).run()
}

#[test]
fn shards_give_the_weights_and_the_split_of_the_stream() {
    let folder = tempdir().expect("a folder");
    let dir = folder.path();
    let text = stream(&colours());
    write_shards(dir, &text);
    assert!(dir.join("f-5.tar").exists() && !dir.join("f-6.tar").exists());
    let weights = |name: &str, args: &[&str], input: String| {
        let run = train(dir, name, args, input);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let text = fs::read_to_string(dir.join(name).join("wo.json")).expect("written");
        let manifest: Value = serde_json::from_str(&text).expect("JSON");
        let id = records(&run.stdout, "model")[0]["model_id"].clone();
        (id, manifest["videos"].clone())
    };
    let range = "f-{0..5}.tar";
    let of_stream = weights("stream", &[], text);
    for (name, shards) in [
        ("files", range.to_owned()),
        ("pattern", "f-*.tar".to_owned()),
        ("pipes", format!("pipe:cat {range}")),
    ] {
        let of_shards = weights(name, &["--data-dir", &shards], String::new());
        assert_eq!(of_shards, of_stream, "{shards}");
    }
    // Another method keeps frames in their files.
    let probe = |name: &str, args: &[&str], input: String| {
        weights(
            name,
            &[args, &["--method", "probe", "--init", "tiny"]].concat(),
            input,
        )
    };
    let of_stream = probe("probe-stream", &[], stream(&colours()));
    assert_eq!(
        probe("probe-files", &["--data-dir", "f-*.tar"], String::new()),
        of_stream
    );
}

#[test]
fn shards_that_are_missing_or_cut_leave_no_model() {
    let folder = tempdir().expect("a folder");
    let dir = folder.path();
    write_shards(dir, &stream(&colours()));
    let refused = |shards: &str, status: i32, words: &str| {
        let run = train(dir, "model", &["--data-dir", shards], String::new());
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (status, ""),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert!(!dir.join("model").exists());
    };
    refused(
        "f-{0..40}.tar",
        2,
        "the shard f-6.tar is not there: 35 of 41 shards are missing",
    );
    refused("g-*.tar", 2, "no file is named as g-*.tar");
    refused(
        "s3://bucket/f-{0..2}.tar",
        2,
        "pipe:aws s3 cp s3://bucket/f-0.tar -",
    );
    refused(
        "pipe:cat f-0.tar; exit 4",
        5,
        "pipe:cat f-0.tar; exit 4: the command failed with exit code 4",
    );
    let whole = fs::read(dir.join("f-1.tar")).expect("a shard");
    fs::write(dir.join("f-1.tar"), &whole[..whole.len() / 2]).expect("written");
    refused("f-*.tar", 6, "f-1.tar: ");
}
