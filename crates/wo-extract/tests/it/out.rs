//! What comes to lie in the folder of `--out`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::harness::{Image, Stream, extract, read, tool};
use crate::videos;

/// All files under `dir`, by their paths in it.
fn files(dir: &Path) -> BTreeSet<String> {
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .filter(|file| !file.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|file| {
            file.path()
                .strip_prefix(dir)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn records(dir: &Path) -> Stream {
    read(std::fs::read(dir.join("records.ndjson")).unwrap())
}

/// Every image that a stream names is there, under `dir`, and is the one that was meant.
fn check_pictures(dir: &Path, stream: &Stream) {
    for frame in &stream.frames {
        let Image::File { path, blake3 } = &frame.image else {
            panic!("{frame:?}")
        };
        let bytes = std::fs::read(dir.join(path)).expect(path);
        assert_eq!(&blake3::hash(&bytes).to_hex().to_string(), blake3, "{path}");
    }
}

#[test]
fn the_layout_and_the_merge_of_two_runs() {
    let dir = wo_testkit::tempdir().unwrap();
    let out = dir.path().join("data/frames");
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 4, "ball");
    videos::plain(&dir.path().join("v/squat/good_form/b.mp4"), 2, "snow");
    videos::plain(&dir.path().join("c.mp4"), 1, "smpte");

    let stdout = extract(dir.path(), &["v/squat/bad_form", "--out", "data/frames"], 0);
    let id = stdout.videos[0].video_id[..16].to_owned();
    let frames_of_a = |times: &[u32]| -> BTreeSet<String> {
        times
            .iter()
            .enumerate()
            .map(|(i, t)| format!("frames_squat_bad/{id}_{i:03}_{t:07}.jpg"))
            .collect()
    };
    let mut expected = frames_of_a(&[0, 100, 200, 300]);
    expected.extend(["records.ndjson".to_owned(), "squat_bad_form.csv".to_owned()]);
    assert_eq!(files(&out), expected);
    check_pictures(dir.path(), &stdout);
    check_pictures(&out, &records(&out));
    assert_eq!(
        std::fs::read_to_string(out.join("squat_bad_form.csv"))
            .unwrap()
            .lines()
            .take(2)
            .collect::<Vec<_>>(),
        [
            "frame_path,label,description",
            &format!("frames_squat_bad/{id}_000_0000000.jpg,bad_form,")
        ]
    );

    // Other videos into the same folder: the first one stays.
    let stream = extract(
        dir.path(),
        &[
            "v/squat/good_form",
            "c.mp4",
            "missing.mp4",
            "--out",
            "data/frames",
            "-q",
        ],
        3,
    );
    // What never was there is an error of the run and none of the folder, where it would stay.
    assert_eq!(stream.errors.len(), 1);
    let merged = records(&out);
    assert_eq!(
        (
            merged.videos.len(),
            merged.frames.len(),
            merged.errors.len()
        ),
        (3, 4 + 2 + 1, 0)
    );
    check_pictures(&out, &merged);
    let all = files(&out);
    assert!(
        all.is_superset(&expected) && all.contains("squat_good_form.csv"),
        "{all:?}"
    );
    assert!(
        all.iter()
            .any(|name| name.starts_with("frames_unknown_unlabelled/")),
        "{all:?}"
    );

    // The first one again, with fewer frames: what it had before goes.
    let fewer = [
        "v/squat/bad_form",
        "--frames-per-video",
        "2",
        "--exact",
        "--out",
        "data/frames",
    ];
    extract(dir.path(), &fewer, 0);
    let merged = records(&out);
    assert_eq!((merged.videos.len(), merged.frames.len()), (3, 2 + 2 + 1));
    check_pictures(&out, &merged);
    let bad: BTreeSet<_> = files(&out)
        .into_iter()
        .filter(|name| name.contains("_bad/"))
        .collect();
    assert_eq!(bad, frames_of_a(&[100, 300]));
    assert_eq!(
        std::fs::read_to_string(out.join("squat_bad_form.csv"))
            .unwrap()
            .lines()
            .count(),
        3
    );

    // The same again changes nothing.
    let before = std::fs::read(out.join("records.ndjson")).unwrap();
    extract(dir.path(), &fewer, 0);
    assert_eq!(std::fs::read(out.join("records.ndjson")).unwrap(), before);
}

#[test]
fn a_video_that_moved_to_another_label_leaves_the_old_table() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("squat/bad_form/a.mp4"), 2, "ball");
    extract(dir.path(), &["squat", "--out", "out"], 0);
    std::fs::rename(
        dir.path().join("squat/bad_form"),
        dir.path().join("squat/good_form"),
    )
    .unwrap();
    extract(dir.path(), &["squat", "--out", "out"], 0);
    let names = files(&dir.path().join("out"));
    assert!(names.iter().all(|name| !name.contains("bad")), "{names:?}");
    assert_eq!(names.len(), 4);
}

#[test]
fn pictures_in_the_folder_itself_are_not_taken_for_input() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 2, "ball");
    for _ in 0..2 {
        assert_eq!(
            extract(dir.path(), &[".", "--out", "out"], 0).videos.len(),
            1
        );
    }
}

#[test]
fn records_that_were_cut_are_not_written_over() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 2, "ball");
    extract(dir.path(), &["a.mp4", "--out", "out"], 0);
    let path = dir.path().join("out/records.ndjson");
    let whole = std::fs::read_to_string(&path).unwrap();
    let cut = whole.lines().next().unwrap();
    std::fs::write(&path, format!("{cut}\n")).unwrap();
    let output = tool(dir.path(), &["a.mp4", "--out", "out"]).run();
    assert_eq!(output.status, 6, "{}", output.stderr);
    assert!(
        output.stderr.contains("records.ndjson"),
        "{}",
        output.stderr
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{cut}\n"));
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_error() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 2, "ball");
    std::fs::write(dir.path().join("file"), "").unwrap();
    let output = tool(dir.path(), &["a.mp4", "--out", "file/out"]).run();
    assert_eq!(output.status, 5);
    let message = &output.stderr;
    assert!(
        message.contains("file/out") && message.lines().count() == 1,
        "{message}"
    );
}

/// Runs a program that needs the rights of root; false where they are not there.
fn as_root(program: &str, args: &[&str]) -> bool {
    let output = std::process::Command::new(program).args(args).output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn a_disk_that_is_full_is_one_clear_error_and_leaves_nothing_by_halves() {
    let dir = wo_testkit::tempdir().unwrap();
    for i in 0..8 {
        videos::plain(
            &dir.path().join(format!("v/squat/unclear/{i}.mp4")),
            20 + i,
            "snow",
        );
    }
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let path = disk.to_str().unwrap();
    if !as_root("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]) {
        wo_testkit::skip::not_available("the right to mount a disk");
        return;
    }
    let run = || tool(dir.path(), &["v", "--out", "disk/out"]).run();
    let output = run();
    let images = walkdir::WalkDir::new(&disk).into_iter().flatten();
    let broken: Vec<_> = images
        .filter(|file| file.path().extension().is_some_and(|kind| kind == "jpg"))
        .filter(|file| image::open(file.path()).is_err())
        .map(walkdir::DirEntry::into_path)
        .collect();
    // With room again, the next run finishes what this one began.
    let grown = as_root("mount", &["-o", "remount,size=64m", path]);
    let again = run();
    let n_records =
        std::fs::read_to_string(disk.join("out/records.ndjson")).map(|it| it.lines().count());
    assert!(as_root("umount", &[path]));
    assert_eq!(output.status, 5);
    let message = &output.stderr;
    assert!(
        message.contains("No space left") && message.lines().count() == 1,
        "{message}"
    );
    assert_eq!(broken, [""; 0].map(std::path::PathBuf::from));
    assert!(grown && again.status == 0, "{}", again.stderr);
    assert_eq!(n_records.unwrap(), 2 + 8 + 8 * 10);
}
