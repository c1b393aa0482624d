//! A part of the input, and parts that were put together again.

use wo_testkit::{BEGIN, end, stream, tempdir};

use crate::tool;

/// Twelve videos of five persons, one without, with frames and an error.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for number in 0..12 {
        let person = match number {
            11 => String::new(),
            _ => format!(r#","person_id":"p{}""#, number % 5),
        };
        lines.push(format!(
            r#"{{"type":"video","video_id":"v{number}","path":"squat/bad_form/knees_cave_{number}.mp4"{person}}}"#
        ));
        lines.push(format!(
            r#"{{"type":"frame","video_id":"v{number}","index":0,"image":{{"file":{{"path":"{number}.jpg"}}}},"exercise":"squat","label":"bad_form"}}"#
        ));
    }
    lines.push(r#"{"type":"error","code":"c","what":"w","tool":"t"}"#.to_owned());
    lines
}

/// What comes out between `begin` and `end`, sorted.
fn described(input: String, flags: &[&str]) -> (Vec<String>, String) {
    let run = tool().args(flags).stdin(input).run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{flags:?}");
    (run.sorted_records(), run.stdout)
}

#[test]
fn all_shards_together_are_the_whole_byte_for_byte() {
    let whole = described(stream(&lines()), &[]).0;
    for count in [2, 3, 8] {
        let shards: Vec<(Vec<String>, String)> = (1..=count)
            .map(|index| described(stream(&lines()), &["--shard", &format!("{index}/{count}")]))
            .collect();
        let mut all: Vec<String> = shards.iter().flat_map(|it| it.0.clone()).collect();
        all.sort();
        assert_eq!(all, whole);
        // Read one after the other, in any order, and described again: still a part each, and nothing is lost.
        let joined: String = shards.iter().rev().map(|it| it.1.as_str()).collect();
        let (again, text) = described(joined, &[]);
        assert_eq!(again, whole);
        assert_eq!(text.matches(r#""shard":{"#).count(), count);
        let n_videos = text.lines().filter(|it| it.contains(r#""type":"end""#));
        let n_videos: u64 = n_videos
            .map(|it| {
                serde_json::from_str::<serde_json::Value>(it).unwrap()["n_videos"]
                    .as_u64()
                    .unwrap()
            })
            .sum();
        assert_eq!(n_videos, 12);
    }
}

#[test]
fn a_shard_stays_a_shard() {
    let (begin, rest) = BEGIN.split_at(BEGIN.len() - 1);
    let mark = r#","shard":{"index":2,"count":3,"whole":"w"}"#;
    let input = format!("{begin}{mark}{rest}\n{}\n", end(0, 0, 0));
    for flags in [&[][..], &["--shard", "2/3"]] {
        let (_, text) = described(input.clone(), flags);
        assert!(text.contains(mark), "{text}");
    }
    let run = tool().args(["--shard", "1/3"]).stdin(input).run();
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            2,
            "wo-describe: <stdin>: the input is shard 2/3 already, so shard 1/3 cannot be cut out of it\n\
             hint: give --shard 2/3, or the whole input\n"
        )
    );
}

#[test]
fn what_is_missing_or_comes_twice_stops_the_run() {
    let shard = |number: &str| described(stream(&lines()), &["--shard", number]).1;
    for (input, what) in [
        (shard("1/3") + &shard("3/3"), "shard 2/3 is missing"),
        (shard("1/2") + &shard("1/2"), "shard 1/2 comes twice"),
        (
            shard("1/2") + &shard("2/3"),
            "shard 2/3 comes after shard 1/2",
        ),
        (
            shard("1/2") + &shard("2/2").replace(r#""whole":""#, r#""whole":"x"#),
            "not of the same whole",
        ),
    ] {
        let run = tool().stdin(input).run();
        assert_eq!(run.status, 6, "{}", run.stderr);
        assert!(run.stderr.contains(what), "{}", run.stderr);
        assert!(!run.stdout.ends_with(&(end(0, 0, 0) + "\n")));
    }
}

#[test]
fn rows_about_other_shards_are_no_mistake() {
    let dir = tempdir().unwrap();
    let rows: Vec<String> = (0..12).map(|it| format!("{it}.jpg,good_form,\n")).collect();
    let rows = rows.concat();
    std::fs::write(
        dir.path().join("labels.csv"),
        format!("frame_path,label,description\n{rows}"),
    )
    .unwrap();
    for number in ["1/2", "2/2"] {
        let run = tool()
            .args(["--csv", "labels.csv", "--shard", number])
            .current_dir(dir.path())
            .stdin(stream(&lines()))
            .run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        let frames = run
            .lines()
            .into_iter()
            .filter(|it| it.contains(r#""type":"frame""#));
        assert!(frames.clone().count() > 0);
        assert!(frames.into_iter().all(|it| it.contains("good_form")));
    }
}

#[test]
fn one_shard_never_replaces_the_records_of_a_folder() {
    let dir = tempdir().unwrap();
    let records = dir.path().join("records.ndjson");
    std::fs::write(&records, stream(&lines())).unwrap();
    let path = records.to_str().unwrap();
    let run = tool().args([path, "-o", path, "--shard", "1/2"]).run();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("would take the frames of the other shards"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read_to_string(&records).unwrap(), stream(&lines()));
}
