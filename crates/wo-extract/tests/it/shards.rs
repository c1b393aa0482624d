//! Several runs that share the videos: together they give what one run gives, and no person is in two of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::{read, tool};
use crate::videos;

/// Persons in two gyms, copies, videos of nobody known, and a file that is broken.
fn make(dir: &Path) {
    let label = dir.join("v/squat/bad_form");
    for (place, pattern) in ["ball", "smpte", "snow", "red", "green", "blue"]
        .iter()
        .enumerate()
    {
        videos::plain(&label.join(format!("{place}.mp4")), 3, pattern);
    }
    for name in ["copy.mp4", "another.mp4"] {
        fs::copy(label.join("5.mp4"), label.join(name)).unwrap();
    }
    fs::write(label.join("broken.mp4"), "no video").unwrap();
    let rows = "squat/bad_form/0.mp4,anna,gym a\nsquat/bad_form/1.mp4,ben,gym a\nsquat/bad_form/2.mp4,Ben,gym b\n";
    fs::write(
        dir.join("v/groups.csv"),
        format!("path,person_id,source_id\n{rows}"),
    )
    .unwrap();
}

/// All records of a run but the first and the last, sorted.
fn records(dir: &Path, args: &[&str], status: Option<i32>) -> Vec<String> {
    let mut all = vec!["v", "--frames-per-video", "2", "--size", "32"];
    all.extend(args);
    let run = tool(dir, &all).run();
    let expected = status.unwrap_or(run.status);
    assert_eq!(run.status, expected, "{args:?} {}", run.stderr);
    assert!([0, 3].contains(&run.status), "{}", run.stderr);
    let mut lines: Vec<String> = run.lines().into_iter().map(str::to_owned).collect();
    assert!(lines.pop().unwrap().contains(r#""type":"end""#));
    assert!(lines.remove(0).contains(r#""type":"begin""#));
    lines.sort();
    lines
}

#[test]
fn all_shards_together_are_the_whole_byte_for_byte() {
    let dir = wo_testkit::tempdir().unwrap();
    make(dir.path());
    let whole = records(dir.path(), &[], Some(3));
    for count in [2, 3, 8] {
        let mut all = Vec::new();
        let mut n_with_error = 0;
        for index in 1..=count {
            let shard = records(dir.path(), &["--shard", &format!("{index}/{count}")], None);
            n_with_error += shard
                .iter()
                .filter(|it| it.contains(r#""type":"error""#))
                .count();
            let together = ["/0.mp4", "/1.mp4", "/2.mp4"];
            let n_of_gyms = together.map(|name| shard.iter().any(|it| it.contains(name)));
            assert!(
                [[true; 3], [false; 3]].contains(&n_of_gyms),
                "{index}/{count}"
            );
            all.extend(shard);
        }
        assert_eq!(n_with_error, 1, "of {count}");
        all.sort();
        assert_eq!(all, whole, "of {count}");
    }
}

#[test]
fn an_empty_shard_is_a_whole_stream() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 2, "ball");
    let runs: BTreeSet<(i32, usize)> = (1..=4)
        .map(|index| {
            let shard = format!("{index}/4");
            let run = tool(dir.path(), &["v", "--shard", &shard]).run();
            assert!(run.stderr.is_empty(), "{}", run.stderr);
            (run.status, read(&run.stdout).videos.len())
        })
        .collect();
    assert_eq!(runs, BTreeSet::from([(0, 0), (0, 1)]));
    let none = tool(dir.path(), &["v/squat/none", "--shard", "1/4"]).run();
    assert_eq!(none.status, 2, "what is not there is no empty shard");
}

#[test]
fn each_shard_has_its_own_folder() {
    let dir = wo_testkit::tempdir().unwrap();
    make(dir.path());
    let out = |flags: &[&str]| {
        let mut args = vec!["v", "--frames-per-video", "1", "--size", "32"];
        args.extend(flags);
        tool(dir.path(), &args).run()
    };
    for shard in ["1/2", "2/2"] {
        let folder = format!("out-{}", &shard[..1]);
        for _ in 0..2 {
            let run = out(&["--shard", shard, "--out", &folder]);
            assert!([0, 3].contains(&run.status), "{}", run.stderr);
            let records =
                fs::read_to_string(dir.path().join(&folder).join("records.ndjson")).unwrap();
            let count = &shard[2..];
            let mark = format!(r#""shard":{{"index":{},"count":{count},"#, &shard[..1]);
            assert!(records.lines().next().unwrap().contains(&mark), "{records}");
        }
    }
    let whole = out(&["--out", "whole"]);
    assert!([0, 3].contains(&whole.status), "{}", whole.stderr);
    let into_whole = out(&["--shard", "2/2", "--out", "whole"]);
    assert_eq!(into_whole.status, 2);
    let said = "whole holds videos of all shards, so shard 2/2 needs a folder of its own";
    assert!(into_whole.stderr.contains(said), "{}", into_whole.stderr);
    let other = out(&["--shard", "2/2", "--out", "out-1"]);
    assert_eq!(other.status, 2);
    let said = "wo-extract: out-1 holds shard 1/2, so shard 2/2 needs a folder of its own\nhint: --out out-1-2\n";
    assert!(other.stderr.ends_with(said), "{}", other.stderr);
    let pruned = out(&["--shard", "1/2", "--out", "out-1", "--prune"]);
    assert_eq!(pruned.status, 2, "the files of other shards are not gone");
}
