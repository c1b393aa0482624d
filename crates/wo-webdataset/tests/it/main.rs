//! Shards that are read back, whole and damaged.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wo_cli::message_of;
use wo_record::{Frame, Image, Pose, Video};
use wo_webdataset::{ShardNames, ShardSize, ShardVideo, ShardWriter, Shards};

/// The image of a frame: no decoder would take it.
fn jpeg(index: u32) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff".to_vec();
    bytes.extend(std::iter::repeat_n(index as u8 + 1, 700));
    bytes.extend(b"\xff\xd9");
    bytes
}

fn video(id: &str) -> Video {
    Video {
        video_id: id.to_owned(),
        path: Some(format!("squat/{id}.mp4").into()),
        person_id: Some("anna".to_owned()),
        duration_ms: Some(4000.25),
        ..Video::default()
    }
}

fn frame(id: &str, index: u32) -> Frame {
    Frame {
        video_id: id.to_owned(),
        index,
        pts_ms: Some(0.1 + f64::from(index)),
        width_px: None,
        height_px: None,
        image: Image::Inline {
            jpeg_base64: "of the record".to_owned(),
        },
        exercise: Some("squat".into()),
        label: Some("bad_form".into()),
        label_origin: None,
        faults: vec!["knees_cave".into()],
        description: Some("knees in".to_owned()),
        quality: None,
        repetition: None,
        phase: None,
        shot: None,
    }
}

fn pose(id: &str, index: u32) -> Pose {
    Pose {
        video_id: id.to_owned(),
        index,
        joints: Vec::new(),
    }
}

/// Writes videos of three frames, two videos in a shard.
fn written(folder: &Path, set: &str, ids: &[&str]) {
    let names = ShardNames::parse(&folder.join(format!("{set}-%d.tar"))).unwrap();
    let mut writer = ShardWriter::new(names, ShardSize::Frames(4)).unwrap();
    for id in ids {
        writer.video(&video(id)).unwrap();
        for index in 0..3 {
            writer
                .frame(&frame(id, index), jpeg(index))
                .unwrap()
                .unwrap();
            writer.pose(&pose(id, index));
        }
    }
    writer.finish().unwrap();
}

fn read(names: &str) -> anyhow::Result<Vec<ShardVideo>> {
    let mut videos = Vec::new();
    let shards = Shards::of(names)?;
    shards.read(&mut |video| {
        videos.push(video);
        Ok(())
    })?;
    Ok(videos)
}

/// Five videos in three shards.
fn set() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "f", &["a", "b", "c.1", "d", "e"]);
    folder
}

fn path(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn named(folder: &TempDir, names: &str) -> String {
    format!("{}/{names}", folder.path().display())
}

#[test]
fn a_set_has_a_last_shard_though_the_last_video_has_no_frames() {
    let folder = tempfile::tempdir().unwrap();
    let names = ShardNames::parse(&folder.path().join("f-%d.tar")).unwrap();
    let mut writer = ShardWriter::new(names, ShardSize::Frames(1)).unwrap();
    for id in ["a", "b"] {
        writer.video(&video(id)).unwrap();
        writer.frame(&frame(id, 0), jpeg(0)).unwrap().unwrap();
    }
    writer.video(&video("nothing could be decoded")).unwrap();
    assert_eq!(writer.finish().unwrap().n_shards, 2);
    assert_eq!(read(&named(&folder, "f-*.tar")).unwrap().len(), 2);
}

#[test]
fn what_follows_the_end_of_a_tar_file_is_not_passed_over() {
    let folder = set();
    let mut both = fs::read(path(&folder, "f-0.tar")).unwrap();
    both.extend(fs::read(path(&folder, "f-1.tar")).unwrap());
    fs::write(path(&folder, "both.tar"), both).unwrap();
    let pipe = format!("pipe:cat {}", named(&folder, "f-*.tar"));
    for names in [named(&folder, "both.tar"), pipe] {
        let error = read(&names).expect_err("more than one");
        let said = message_of(&error).shown();
        assert!(said.contains("something follows the end"), "{said}");
    }
    // Zeros may fill the last block of a tape.
    let mut filled = fs::read(path(&folder, "f-0.tar")).unwrap();
    filled.extend([0; 10_240]);
    fs::write(path(&folder, "filled.tar"), filled).unwrap();
    assert_eq!(read(&named(&folder, "filled.tar")).unwrap().len(), 2);
    let both = ["f-0.tar", "f-1.tar"].map(|it| format!("pipe:cat {}", named(&folder, it)));
    let both = both.join("::");
    assert_eq!(read(&both).unwrap().len(), 4);
}

#[test]
fn shards_are_read_back_as_they_were_written() {
    let folder = set();
    let in_files = read(&named(&folder, "f-{0..2}.tar")).unwrap();
    let ids: Vec<&str> = in_files
        .iter()
        .map(|it| it.video.video_id.as_str())
        .collect();
    assert_eq!(ids, ["a", "b", "c.1", "d", "e"]);
    for of_shard in &in_files {
        let id = &of_shard.video.video_id;
        assert_eq!(of_shard.video, video(id));
        assert_eq!(of_shard.frames.len(), 3);
        for (index, it) in (0..3).zip(&of_shard.frames) {
            assert_eq!(of_shard.poses[index as usize], pose(id, index));
            let span = it.span.unwrap();
            let bytes = fs::read(&of_shard.shard).unwrap();
            let image = &bytes[span.start as usize..][..span.length as usize];
            assert_eq!(image, jpeg(index));
            let image = Image::File {
                path: of_shard.shard.clone().into(),
                blake3: None,
            };
            let expected = Frame {
                image,
                ..frame(id, index)
            };
            assert_eq!(it.frame, expected);
        }
    }
    let by_pattern = read(&named(&folder, "f-*.tar")).unwrap();
    assert_eq!(by_pattern, in_files);
    let piped = read(&format!("pipe:cat {}", named(&folder, "f-{0..2}.tar"))).unwrap();
    assert_eq!(piped.len(), 5);
    let same = |(piped, file): (&ShardVideo, &ShardVideo)| {
        assert!(matches!(piped.frames[0].frame.image, Image::Inline { .. }));
        piped.video == file.video && piped.poses == file.poses && piped.frames.len() == 3
    };
    assert!(piped.iter().zip(&in_files).all(same));
}

/// Reads names that are refused, and returns what is said.
fn refused(names: &str) -> String {
    let error = read(names).expect_err("refused");
    message_of(&error).shown()
}

fn check(names: &str, words: &[&str]) {
    let said = refused(names);
    for word in words {
        assert!(said.contains(word), "{word} is missing in: {said}");
    }
}

#[test]
fn a_shard_that_is_cut_anywhere_is_named() {
    let folder = set();
    let whole = fs::read(path(&folder, "f-1.tar")).unwrap();
    let name = named(&folder, "f-{0..2}.tar");
    for n in (0..whole.len() - 1023).step_by(1533) {
        fs::write(path(&folder, "f-1.tar"), &whole[..n]).unwrap();
        let said = refused(&name);
        assert!(said.contains("f-1.tar: "), "{n}: {said}");
        let piped = refused(&format!("pipe:cat {name}"));
        assert!(piped.contains("f-1.tar: "), "{n}: {piped}");
    }
    fs::write(path(&folder, "f-1.tar"), &whole[..3000]).unwrap();
    check(
        &name,
        &[
            "this is no whole tar file: ",
            "behind the member c%2E1_000000.",
        ],
    );
}

#[test]
fn a_shard_that_is_missing_from_a_range_or_a_set_is_named() {
    let folder = set();
    fs::remove_file(path(&folder, "f-1.tar")).unwrap();
    check(
        &named(&folder, "f-{0..2}.tar"),
        &["f-1.tar is not there: 1 of 3 shards is missing"],
    );
    check(
        &named(&folder, "f-*.tar"),
        &["of the set of shards number 1 is missing"],
    );
    let folder = set();
    fs::remove_file(path(&folder, "f-2.tar")).unwrap();
    check(
        &named(&folder, "f-*.tar"),
        &["of the set of shards number 2 is missing", "hint: "],
    );
    // A part of the shards may be meant where each is named.
    assert_eq!(read(&named(&folder, "f-{0..1}.tar")).unwrap().len(), 4);
    fs::remove_file(path(&folder, "f-0.tar")).unwrap();
    check(
        &named(&folder, "f-*.tar"),
        &["of the set of shards number 0 is missing"],
    );
}

#[test]
fn two_sets_are_read_together_and_a_video_in_both_is_refused() {
    let folder = set();
    written(folder.path(), "g", &["x", "y", "z"]);
    assert_eq!(read(&named(&folder, "[fg]-*.tar")).unwrap().len(), 8);
    written(folder.path(), "h", &["w", "b"]);
    check(
        &named(&folder, "[fh]-*.tar"),
        &[
            "h-0.tar: b_000000: the video of this sample came before",
            "hint: keep the frames",
        ],
    );
}

/// A tar file of these members.
fn tar_of(path: &Path, members: &[(&str, &[u8])]) {
    let mut tar = tar::Builder::new(File::create(path).unwrap());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.finish().unwrap();
}

/// The members of a shard, without the last one.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(File::open(path).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (
            String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
            bytes,
        )
    });
    let mut all: Vec<_> = entries.collect();
    all.pop();
    all
}

#[test]
fn foreign_and_changed_shards_are_refused_with_their_member() {
    let folder = set();
    let all = members(&path(&folder, "f-0.tar"));
    let sample: Vec<(&str, &[u8])> = all
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let at = path(&folder, "x.tar");
    let name = named(&folder, "x.tar");
    // Rewritten by others: the last member is gone, and all is there.
    tar_of(&at, &sample);
    assert_eq!(read(&name).unwrap().len(), 2);
    let [image, json, text] = [sample[0], sample[1], sample[2]];
    tar_of(&at, &[("0001.jpg", image.1), ("0001.txt", b"a cat")]);
    check(
        &name,
        &[
            "x.tar: 0001 has no 0001.json",
            "hint: write shards by wo-describe",
        ],
    );
    tar_of(
        &at,
        &[("0001.jpg", image.1), ("0001.json", br#"{"label": 3}"#)],
    );
    check(
        &name,
        &["x.tar: 0001.json is not what wo-describe writes: missing field"],
    );
    tar_of(&at, &[json, text]);
    check(&name, &["x.tar: a_000000 has no image"]);
    tar_of(&at, &[image, json, text, image, json]);
    check(
        &name,
        &["x.tar: a_000000.jpg and a_000000.jpg are images of one sample"],
    );
    let twice: Vec<_> = sample[..6].iter().chain(&sample[..3]).copied().collect();
    tar_of(&at, &twice);
    check(&name, &["x.tar: a_000000: the sample comes twice"]);
    let shuffled: Vec<_> = sample[..3]
        .iter()
        .chain(&sample[9..12])
        .chain(&sample[3..6])
        .copied()
        .collect();
    tar_of(&at, &shuffled);
    check(
        &name,
        &["x.tar: a_000001: the video of this sample came before"],
    );
    let later = String::from_utf8(json.1.to_vec()).unwrap().replacen(
        "\"schema_version\":1",
        "\"schema_version\":2",
        1,
    );
    tar_of(&at, &[image, (json.0, later.as_bytes())]);
    check(&name, &["a_000000.json is of wo-sample in version 2"]);
    let hostile = String::from_utf8(json.1.to_vec())
        .unwrap()
        .replace("\"video_id\":\"a\"", "\"video_id\":\"../a\"");
    tar_of(&at, &[image, (json.0, hostile.as_bytes())]);
    check(&name, &["a_000000.json: the video_id \"../a\" is no id"]);
    fs::write(
        &at,
        b"\x1f\x8b\x08 no tar file, and longer than a block of five hundred and twelve bytes",
    )
    .unwrap();
    check(
        &name,
        &["x.tar: this is no whole tar file", "pipe:zcat FILE"],
    );
    fs::write(&at, "").unwrap();
    check(&name, &["x.tar: the tar file is cut off after 0 bytes"]);
}

#[test]
fn a_command_that_fails_is_an_error_that_names_it() {
    let folder = set();
    let shard = named(&folder, "f-0.tar");
    for (command, said) in [
        (
            "false".to_owned(),
            "pipe:false: the command failed with exit code 1",
        ),
        (
            format!("cat {shard}; exit 3"),
            "exit 3: the command failed with exit code 3",
        ),
        (
            format!("head -c 2000 {shard}; exit 22"),
            "the command failed with exit code 22",
        ),
        (format!("head -c 2000 {shard}"), "this is no whole tar file"),
        ("true".to_owned(), "the tar file is cut off after 0 bytes"),
        (
            format!("cat {shard}; kill -9 $$"),
            "the command failed with signal: 9",
        ),
        (
            "no-such-program-of-wo 2>&-".to_owned(),
            "the command failed with exit code 127",
        ),
    ] {
        check(&format!("pipe:{command}"), &[&command, said]);
    }
    // What is no tar file is named, though the command that writes on is ended by it.
    let said = refused("pipe:yes");
    assert!(
        said.starts_with("pipe:yes: this is no whole tar file"),
        "{said}"
    );
}
