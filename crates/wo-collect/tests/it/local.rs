//! Files instead of addresses: neither `yt-dlp` nor a server is needed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::workspace::{Workspace, outcomes, records, video};

fn with_files() -> Workspace {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("data/filmed")).unwrap();
    for (n, name) in (1..).zip(["a b.mov", "-rf.mp4", "c.txt"]) {
        fs::write(workspace.path("data/filmed").join(name), video(n)).unwrap();
    }
    workspace
}

#[test]
fn files_are_copied_however_they_are_named() {
    let workspace = with_files();
    let absolute = format!("file://{}", workspace.path("data/filmed/c.txt").display());
    workspace.sources(&[
        ("filmed/a b.mov", "squat,good,,anna"),
        ("data/filmed/-rf.mp4", "squat,good"),
        (&absolute, "squat,bad"),
        ("filmed/none.mp4", "squat,good"),
        ("filmed", "squat,good"),
    ]);
    let run = workspace
        .tool(&[])
        .env("PATH", "")
        .env("HOME", "/none")
        .run();
    assert_eq!(run.status, 3, "{}", run.stderr);
    let outcomes: Vec<String> = outcomes(&run).into_iter().map(|it| it.1).collect();
    assert_eq!(outcomes, ["fetched", "fetched", "fetched", "gone", "gone"]);
    assert_eq!(workspace.videos().len(), 3);
    assert!(workspace.path("data/filmed/a b.mov").is_file());
    assert_eq!(workspace.ledger()[0]["tools"].as_array().unwrap().len(), 1);
}

#[test]
fn the_same_video_under_two_labels_is_kept_once_and_said() {
    let workspace = with_files();
    fs::write(workspace.path("data/filmed/copy.mp4"), video(1)).unwrap();
    // Somebody put another copy into a folder by hand.
    let by_hand = workspace.path("data/training_data/squat/good_form/mine.mp4");
    fs::write(&by_hand, video(2)).unwrap();
    workspace.sources(&[
        ("filmed/a b.mov", "squat,good"),
        ("filmed/copy.mp4", "squat,bad"),
        ("filmed/-rf.mp4", "squat,good"),
    ]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    let outcomes: Vec<String> = outcomes(&run).into_iter().map(|it| it.1).collect();
    assert_eq!(outcomes, ["fetched", "duplicate", "duplicate"]);
    assert_eq!(records(&run, "error")[0]["code"], "label_conflict");
    assert!(
        run.stderr
            .contains("this row says squat/bad_form\nhint: correct the row"),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.videos().len(), 2);
    assert_eq!(
        workspace.ledger()[2]["file"]["path"],
        "squat/good_form/mine.mp4"
    );
    // The conflict is said again until it is mended, and the cure works.
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(records(&run, "error")[0]["code"], "label_conflict");
    workspace.sources(&[
        ("filmed/a b.mov", "squat,good"),
        ("filmed/-rf.mp4", "squat,good"),
    ]);
    assert_eq!(workspace.run(&[]).status, 0);
}

#[test]
fn what_the_row_of_a_duplicate_says_counts_where_nothing_else_is_said() {
    let workspace = with_files();
    fs::write(workspace.path("data/filmed/copy.mp4"), video(1)).unwrap();
    let by_hand = workspace.path("data/training_data/squat/good_form/mine.mp4");
    fs::write(&by_hand, video(1)).unwrap();
    workspace.sources(&[("filmed/copy.mp4", "squat,good,,anna,gym,side")]);
    let groups = || workspace.text("data/training_data/groups.csv");
    let row = "path,person_id,source_id,angle\nsquat/good_form/mine.mp4,anna,gym,side\n";
    let run = workspace.run(&[]);
    assert_eq!((run.status, groups().as_str()), (0, row), "{}", run.stderr);
    // Another person than groups.csv says is named in each run, and what is written holds.
    workspace.sources(&[("filmed/copy.mp4", "squat,good,,ben,gym,side")]);
    for _ in 0..2 {
        let run = workspace.run(&[]);
        assert_eq!((run.status, groups().as_str()), (0, row), "{}", run.stderr);
        assert!(
            run.stderr
                .contains("groups.csv says something else of squat/good_form/mine.mp4"),
            "{}",
            run.stderr
        );
    }
    // A row that is changed is known, and where groups.csv says nothing it takes effect.
    let last = workspace.ledger().pop().unwrap();
    assert_eq!(
        (&last["kind"], &last["said"]["person"]),
        (&"duplicate".into(), &"ben".into())
    );
    let empty = "path,person_id,source_id,angle\n";
    fs::write(workspace.path("data/training_data/groups.csv"), empty).unwrap();
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(groups(), row.replace("anna", "ben"));
    let n_entries = workspace.ledger().len();
    assert_eq!(workspace.run(&[]).status, 0);
    assert_eq!(workspace.ledger().len(), n_entries);
}

#[test]
fn a_deleted_video_stays_deleted_until_it_is_wanted_back() {
    let workspace = with_files();
    workspace.sources(&[("filmed/a b.mov", "squat,good,,anna")]);
    workspace.run(&[]);
    let video = workspace.videos().remove(0);
    let path = workspace.path("data/training_data").join(&video);
    fs::remove_file(&path).unwrap();
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(outcomes(&run)[0].1, "deleted");
    assert!(workspace.videos().is_empty());
    let run = workspace.run(&["--restore"]);
    assert_eq!((run.status, outcomes(&run)[0].1.as_str()), (0, "fetched"));
    assert_eq!(workspace.videos(), std::slice::from_ref(&video));
    assert_eq!(
        workspace
            .text("data/training_data/groups.csv")
            .lines()
            .count(),
        2
    );

    // One that somebody moved is not fetched again.
    let elsewhere = path
        .with_file_name("..")
        .join("unclear")
        .join(path.file_name().unwrap());
    fs::rename(&path, elsewhere).unwrap();
    assert_eq!(outcomes(&workspace.run(&["--restore"]))[0].1, "known");
    assert_eq!(workspace.videos().len(), 1);
}

#[test]
fn a_lost_ledger_is_written_anew_and_no_video_twice() {
    let workspace = with_files();
    workspace.sources(&[("filmed/a b.mov", "squat,good,,anna")]);
    workspace.run(&[]);
    fs::remove_file(workspace.path("data/ledger.ndjson")).unwrap();
    // What was forgotten stands there too, so that it is not begun anew in silence.
    let run = workspace.run(&[]);
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(
        run.stderr.contains("remove data/.ledger.ndjson.head"),
        "{}",
        run.stderr
    );
    fs::remove_file(workspace.path("data/.ledger.ndjson.head")).unwrap();
    let run = workspace.run(&[]);
    assert_eq!((run.status, outcomes(&run)[0].1.as_str()), (0, "fetched"));
    assert_eq!(workspace.videos().len(), 1);
    assert_eq!(
        workspace
            .text("data/training_data/groups.csv")
            .lines()
            .count(),
        2
    );
}

#[test]
fn what_is_no_video_is_refused_by_its_content() {
    let workspace = with_files();
    let filmed = workspace.path("data/filmed");
    fs::write(filmed.join("page.mp4"), "<html><body>no</body></html>").unwrap();
    fs::write(filmed.join("cut.mp4"), &video(9)[..2000]).unwrap();
    fs::write(filmed.join("large.mp4"), vec![0; (1 << 20) + 1]).unwrap();
    fs::write(
        filmed.join("webm"),
        b"\x1a\x45\xdf\xa3\x84webm\x18\x53\x80\x67\xff\x16\x54\xae\x6b\x85\xae\x83\x83\x81\x01\x1f\x43\xb6\x75\x82\0\0",
    )
    .unwrap();
    symlink("/dev/zero", filmed.join("endless.mp4")).unwrap();
    let names = ["page.mp4", "cut.mp4", "large.mp4", "endless.mp4", "webm"];
    let paths = names.map(|name| format!("filmed/{name}"));
    let rows: Vec<(&str, &str)> = paths
        .iter()
        .map(|path| (path.as_str(), "squat,good"))
        .collect();
    workspace.sources(&rows);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    let codes: Vec<Value> = records(&run, "error")
        .into_iter()
        .map(|it| it["code"].clone())
        .collect();
    assert_eq!(codes, ["not_media", "truncated", "too_large", "gone"]);
    for words in [
        "page.mp4: the file is a web page, and no video\nhint: play it; ",
        "endless.mp4 is no file\nhint: write the path of a file into the column url\nwo-collect: ",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("browser"), "{}", run.stderr);
    let kept = workspace.videos();
    assert_eq!(Path::new(&kept[0]).extension(), Some("webm".as_ref()));
}
