//! Frames into tar shards.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use wo_testkit::{BEGIN, Run, TempDir, stream, tempdir};

use crate::tool;

/// As much of a JPEG as is looked at: `abc` between its first and last bytes.
const JPEG: &str = "/9j/YWJj/9k=";

fn video(id: &str) -> String {
    format!(
        r#"{{"type":"video","video_id":"{id}","path":"squat/good_form/{id}.mp4","exercise":"squat","label":"good_form","person_id":"anna","source_id":"gym"}}"#
    )
}

fn inline(id: &str, index: u32) -> String {
    frame(
        id,
        index,
        &format!(r#"{{"inline":{{"jpeg_base64":"{JPEG}"}}}}"#),
    )
}

fn frame(id: &str, index: u32, image: &str) -> String {
    format!(
        r#"{{"type":"frame","video_id":"{id}","index":{index},"pts_ms":{index}.5,"image":{image},"exercise":"squat","label":"good_form"}}"#
    )
}

/// A stream of videos with so many frames each.
fn videos(ids: &[&str], n_frames: u32) -> String {
    let lines = ids.iter().flat_map(|id| {
        let frames = (0..n_frames).map(|index| inline(id, index));
        [video(id)].into_iter().chain(frames).collect::<Vec<_>>()
    });
    stream(&lines.collect::<Vec<_>>())
}

fn written(dir: &Path, input: String, args: &[&str]) -> Run {
    let tool = tool().args(["--to", "webdataset"]).args(args);
    tool.current_dir(dir).stdin(input).run()
}

/// The names and contents of a shard's members.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(File::open(path).expect("open the shard"));
    let entries = archive.entries().expect("a tar file");
    let member = |entry: std::io::Result<tar::Entry<'_, File>>| {
        let mut entry = entry.expect("a member");
        let name = String::from_utf8(entry.path_bytes().into_owned()).expect("UTF-8");
        let header = entry.header();
        let zeros = (header.uid(), header.gid(), header.mtime());
        assert_eq!(
            zeros.0.ok().zip(zeros.1.ok()).zip(zeros.2.ok()),
            Some(((0, 0), 0))
        );
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a content");
        (name, bytes)
    };
    entries.map(member).collect()
}

fn names(path: &Path) -> Vec<String> {
    members(path).into_iter().map(|(name, _)| name).collect()
}

fn shards(dir: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).expect("a folder");
    let name = |it: fs::DirEntry| it.file_name().into_string().expect("UTF-8");
    let mut names: Vec<String> = entries.map(|it| name(it.expect("an entry"))).collect();
    names.sort();
    names
}

#[test]
fn a_frame_is_an_image_a_json_file_and_a_text() {
    let dir = tempdir().unwrap();
    let run = written(dir.path(), videos(&["v.1"], 2), &["-o", "f-%03d.tar"]);
    let said = "wrote 2 frames of 1 video in 1 shard, the first is f-000.tar, the last number 0\n";
    assert_eq!(run, Run::new(0, "", said));
    let members = members(&dir.path().join("f-000.tar"));
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "v%2E1_000000.jpg",
            "v%2E1_000000.json",
            "v%2E1_000000.txt",
            "v%2E1_000001.jpg",
            "v%2E1_000001.json",
            "v%2E1_000001.txt",
            "__wo_shard__",
        ]
    );
    assert_eq!(members[0].1, b"\xff\xd8\xffabc\xff\xd9");
    let text = String::from_utf8(members[2].1.clone()).unwrap();
    assert!(text.contains("squat"), "{text}");
    let json: Value = serde_json::from_slice(&members[4].1).unwrap();
    for (pointer, value) in [
        ("/schema", Value::from("wo-sample")),
        ("/video/video_id", "v.1".into()),
        ("/video/person_id", "anna".into()),
        ("/video/source_id", "gym".into()),
        ("/frame/index", 1.into()),
        ("/frame/pts_ms", 1.5.into()),
        ("/frame/label", "good_form".into()),
        ("/frame/exercise", "squat".into()),
        ("/frame/description", text.into()),
        ("/frame/image/file/path", "v%2E1_000001.jpg".into()),
    ] {
        assert_eq!(json.pointer(pointer), Some(&value), "{pointer}");
    }
    let last: Value = serde_json::from_slice(&members[6].1).unwrap();
    let expected = r#"{"schema":"wo-shard","schema_version":1,"shard":0,"n_videos":1,"n_frames":2,"is_last":true,"upstream":[{"tool":"wo-test","version":"0.0.0"},{"tool":"wo-describe","version":"0.1.0"}]}"#;
    assert_eq!(last, serde_json::from_str::<Value>(expected).unwrap());
}

#[test]
fn the_frames_of_a_video_stay_in_one_shard_and_bytes_depend_on_the_input_alone() {
    let dir = tempdir().unwrap();
    // The video `a` comes twice, and its samples have names of their own.
    let input = videos(&["a", "b", "a", "c"], 3);
    let written_as = |name: &str, size: &str| {
        let run = written(
            dir.path(),
            input.clone(),
            &["-q", "-o", name, "--tar-size", size],
        );
        assert_eq!(run, Run::new(0, "", ""));
    };
    written_as("x-%d.tar", "4");
    written_as("y-%d.tar", "4");
    assert_eq!(shards(&dir), ["x-0.tar", "x-1.tar", "y-0.tar", "y-1.tar"]);
    let first = names(&dir.path().join("x-0.tar"));
    assert!(first.contains(&"b_000002.jpg".to_owned()), "{first:?}");
    let second = names(&dir.path().join("x-1.tar"));
    assert_eq!(second[0], "a+2_000000.jpg");
    assert_eq!(second.last().unwrap(), "__wo_shard__");
    for number in 0..2 {
        let bytes = |set: &str| fs::read(dir.path().join(format!("{set}-{number}.tar"))).unwrap();
        assert!(bytes("x") == bytes("y"), "shard {number}");
    }
    written_as("z-%d.tar", "1kB");
    assert_eq!(shards(&dir).len(), 8, "each video fills a kilobyte");
}

#[test]
fn images_of_a_folder_are_read_from_there() {
    let dir = tempdir().unwrap();
    let frames = dir.path().join("frames");
    fs::create_dir(&frames).unwrap();
    fs::write(frames.join("a.png"), b"\x89PNG\r\n\x1a\nx").unwrap();
    fs::write(frames.join("cut.jpg"), b"\xff\xd8\xff").unwrap();
    let file = |index, path: &str| {
        let image = format!(r#"{{"file":{{"path":"{path}"}}}}"#);
        frame("v", index, &image)
    };
    let lines = [
        video("v"),
        file(0, "a.png"),
        file(1, "gone.jpg"),
        file(2, "cut.jpg"),
        inline("v", 3),
    ];
    fs::write(frames.join("records.ndjson"), stream(&lines)).unwrap();
    let args = ["frames/records.ndjson", "-o", "out-%06d.tar"];
    let run = written(dir.path(), String::new(), &args);
    assert_eq!(run.status, 3, "{run:?}");
    for said in [
        "squat/good_form/v.mp4: frame 1: read ",
        "squat/good_form/v.mp4: frame 2: the JPEG is cut off",
        "wrote 2 frames of 1 video",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let path = dir.path().join("out-000000.tar");
    let members = members(&path);
    assert_eq!(members[0].0, "v_000000.png");
    assert_eq!(members[3].0, "v_000003.jpg");
    let last: Value = serde_json::from_slice(&members.last().unwrap().1).unwrap();
    assert_eq!(last["failures"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_name_without_a_place_for_the_number_and_shards_that_are_there_are_refused() {
    let dir = tempdir().unwrap();
    let check = |args: &[&str], says: &str| {
        let run = written(dir.path(), videos(&["v"], 1), args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(says), "{}", run.stderr);
    };
    check(
        &[],
        "--to webdataset writes several files, and stdout is one",
    );
    check(&["-o", "-"], "--to webdataset writes several files");
    check(
        &["-o", "frames.tar"],
        "frames.tar has no place for the number of the shard",
    );
    check(&["-o", "%d-%d.tar"], "%d-%d.tar has more than one %");
    check(&["-o", "no/%d.tar"], "look for shards in no");
    check(&["-o", "%d.tar", "--tar-size", "0"], "--tar-size");
    check(
        &["-o", "%d.tar", "--to", "ndjson", "--tar-size", "5"],
        "cannot be used multiple times",
    );
    assert_eq!(shards(&dir), Vec::<String>::new());
    fs::write(dir.path().join("f-7.tar"), "old").unwrap();
    check(&["-o", "f-%06d.tar"], "f-7.tar is there already");
    assert_eq!(fs::read(dir.path().join("f-7.tar")).unwrap(), b"old");
    assert_eq!(shards(&dir), ["f-7.tar"]);
}

#[test]
fn no_frame_is_no_shard_and_a_frame_twice_is_refused() {
    let dir = tempdir().unwrap();
    let run = written(dir.path(), stream(&[video("v")]), &["-o", "%d.tar"]);
    assert_eq!(
        run,
        Run::new(
            0,
            "",
            "wo-describe: no frame came, so no shard is written\n"
        )
    );
    let twice = stream(&[video("v"), inline("v", 0), inline("v", 0)]);
    let run = written(dir.path(), twice, &["-o", "%d.tar"]);
    assert_eq!(run.status, 6);
    assert!(
        run.stderr.contains("frame 0 of video v comes twice"),
        "{}",
        run.stderr
    );
    let cut = videos(&["v"], 2);
    let cut = cut.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    let run = written(dir.path(), cut, &["-o", "%d.tar"]);
    assert_eq!(run.status, 6, "{run:?}");
    assert_eq!(shards(&dir), Vec::<String>::new());
}

#[test]
fn a_full_disk_leaves_whole_shards_only() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("in.ndjson"), videos(&["a", "b"], 40)).unwrap();
    // A file may have 64 blocks of 1024 bytes, less than a shard.
    let line = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} in.ndjson --to webdataset -o 'f-%d.tar'",
        env!("CARGO_BIN_EXE_wo-describe")
    );
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("write f-0.tar"), "{said}");
    assert_eq!(shards(&dir), ["in.ndjson"]);
}

#[test]
fn a_killed_run_leaves_whole_shards_only() {
    let dir = tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wo-describe"))
        .args(["--to", "webdataset", "-o", "f-%d.tar", "--tar-size", "2"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = [
        BEGIN.to_owned(),
        video("a"),
        inline("a", 0),
        inline("a", 1),
        video("b"),
        inline("b", 0),
        // With this frame the one before is written, and with it another shard begins.
        inline("b", 1),
    ];
    writeln!(input, "{}", lines.join("\n")).unwrap();
    input.flush().unwrap();
    let start = Instant::now();
    while !dir.path().join("f-0.tar").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "no shard came");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let names = names(&dir.path().join("f-0.tar"));
    assert_eq!(names.last().unwrap(), "__wo_shard__");
    assert!(!dir.path().join("f-1.tar").exists());
    // The next run does not mix with what is there.
    let run = written(dir.path(), videos(&["a"], 1), &["-o", "f-%d.tar"]);
    assert_eq!(run.status, 2, "{run:?}");
}
