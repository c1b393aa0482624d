//! Runs over shards, merged into one evaluation: the same metrics as those of one run over all.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::model::{rewrite, video, write_model};
use crate::tool;
use crate::written::{OF_OTHERS, OF_STRANGERS, looking_like};

/// Videos of six persons, of a known one, without a label, of an unknown exercise, and near-duplicates of two persons.
fn lines(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    // Not in the order of the ids, so that an order that counts is noticed.
    for number in [7, 2, 9, 4, 1, 8, 3, 6, 5, 0, 11, 10] {
        let label = ["good_form", "bad_form"][number % 2];
        let fields =
            json!({"person_id": format!("p{}", number % 6), "exercise": "squat", "label": label});
        lines.push(video(folder, &format!("v{number}"), &fields));
    }
    lines.push(video(folder, "new", &json!({})));
    lines.push(video(
        folder,
        "d0",
        &json!({"person_id": "d", "exercise": "dip", "label": "good_form"}),
    ));
    lines.push(video(
        folder,
        "t0",
        &json!({"person_id": "known", "exercise": "squat", "label": "good_form"}),
    ));
    lines.push(looking_like(folder, "n0", "nora", OF_OTHERS));
    lines.push(looking_like(folder, "n1", "otto", OF_OTHERS));
    lines.push(looking_like(folder, "n2", "quentin", OF_STRANGERS));
    let mut lines = lines.concat();
    lines.push(r#"{"type":"error","code":"c","what":"w","tool":"t","path":"x.mp4"}"#.to_owned());
    lines
}

struct Case {
    folder: wo_testkit::TempDir,
    model: PathBuf,
}

impl Case {
    fn new() -> Self {
        let folder = tempdir().expect("a folder");
        let model = write_model(folder.path());
        fs::write(
            folder.path().join("all.ndjson"),
            stream(&lines(folder.path())),
        )
        .expect("written");
        Self { folder, model }
    }

    fn run(&self, flags: &[&str]) -> Run {
        tool()
            .arg("--model")
            .arg(&self.model)
            .args(["--device", "cpu", "-j", "1"])
            .args(flags)
            .current_dir(self.folder.path())
            .run()
    }

    /// Judges a shard into a file named after it and the flags.
    fn judge(&self, shard: &str, flags: &[&str]) -> String {
        let file = format!("part-{}{}.ndjson", shard.replace('/', "-"), flags.concat());
        let mut all = vec!["all.ndjson", "--shard", shard, "--output", &file];
        all.extend(flags);
        let run = self.run(&all);
        assert!([0, 3].contains(&run.status), "{shard}: {}", run.stderr);
        file
    }

    fn parts(&self, count: u32, flags: &[&str]) -> Vec<String> {
        let shard = |index: u32| self.judge(&format!("{index}/{count}"), flags);
        (1..=count).map(shard).collect()
    }

    fn merge(&self, parts: &[String], flags: &[&str]) -> Run {
        let mut all = vec!["--json", "--merge"];
        all.extend(parts.iter().map(String::as_str));
        all.extend(flags);
        self.run(&all)
    }
}

#[test]
fn merged_metrics_are_those_of_one_run() {
    let case = Case::new();
    let whole = case.run(&[
        "--json",
        "all.ndjson",
        "--next",
        "--fail-under",
        "balanced_accuracy>=0",
    ]);
    assert_eq!(whole.status, 3, "{}", whole.stderr);
    let expected = whole.sorted_records();
    for kind in [
        "score",
        "confusion",
        "calibration",
        "prediction",
        "verdict",
        "gate",
        "independence",
    ] {
        let kind = format!(r#""type":"{kind}""#);
        assert!(expected.iter().any(|it| it.contains(&kind)), "{kind}");
    }
    let is_full = std::env::var_os("WO_FULL").is_some();
    let counts: &[u32] = if is_full { &[2, 3, 8] } else { &[3] };
    for &count in counts {
        let parts = case.parts(count, &[]);
        for part in &parts {
            let text = fs::read_to_string(case.folder.path().join(part)).unwrap();
            assert!(!text.contains(r#""type":"score""#), "a part has no metrics");
        }
        let mut backwards = parts.clone();
        backwards.reverse();
        for parts in [parts, backwards] {
            let merged = case.merge(&parts, &["--next", "--fail-under", "balanced_accuracy>=0"]);
            assert_eq!(merged.status, whole.status, "{}", merged.stderr);
            assert_eq!(merged.sorted_records(), expected, "of {count}");
            assert_eq!(merged.lines().last(), whole.lines().last());
        }
    }
}

#[test]
fn the_order_of_the_input_changes_no_metric() {
    let case = Case::new();
    let scores = |run: &Run| -> Vec<String> {
        let all = run.sorted_records().into_iter();
        all.filter(|it| it.contains(r#""type":"score""#)).collect()
    };
    let one = case.run(&["--json", "all.ndjson"]);
    // Videos with their frames, the last one first.
    let text = lines(case.folder.path());
    let mut videos: Vec<&[String]> = text[..text.len() - 1].chunks(4).collect();
    videos.reverse();
    fs::write(
        case.folder.path().join("other.ndjson"),
        stream(&videos.concat()),
    )
    .unwrap();
    let other = case.run(&["--json", "other.ndjson"]);
    assert!(!scores(&one).is_empty());
    assert_eq!(scores(&one), scores(&other));
}

#[test]
fn what_regions_and_changes_find_is_merged_too() {
    let case = Case::new();
    let flags = ["--audit", "--robustness"];
    let whole = case.run(&["--json", "all.ndjson", "--audit", "--robustness"]);
    let merged = case.merge(&case.parts(2, &flags), &["--audit"]);
    let kinds = |run: &Run| -> Vec<String> {
        let all = run.sorted_records().into_iter();
        let is_found = |it: &String| {
            ["score", "audit"]
                .iter()
                .any(|kind| it.contains(&format!(r#""type":"{kind}""#)))
        };
        all.filter(is_found).collect()
    };
    assert_eq!(kinds(&merged), kinds(&whole));
    let without = case.merge(&case.parts(2, &[]), &["--audit"]);
    assert_eq!(without.status, 2);
    assert!(
        without
            .stderr
            .contains("give --audit to each run with --shard"),
        "{}",
        without.stderr
    );
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let case = Case::new();
    let parts = case.parts(3, &[]);
    let part = |index: usize| parts[index].clone();
    let check = |run: &Run, status: i32, what: &str| {
        assert_eq!(run.status, status, "{}", run.stderr);
        assert!(run.stderr.contains(what), "{what}: {}", run.stderr);
        assert!(!run.stdout.contains(r#""type":"score""#));
    };
    let merge = |parts: &[String]| case.merge(parts, &[]);
    check(&merge(&[part(0), part(2)]), 6, "shard 2/3 is missing");
    check(&merge(&[part(1)]), 6, "shards 1/3, 3/3 are missing");
    check(
        &merge(&[part(0), part(1), part(1), part(2)]),
        6,
        "shard 2/3 comes twice",
    );
    check(
        &merge(&[part(0), case.judge("2/2", &[])]),
        6,
        "one whole is cut into one number",
    );
    check(
        &merge(&["all.ndjson".to_owned()]),
        2,
        "a stream of wo-test that is no part",
    );

    let plain = case.run(&["--json", &part(0)]);
    assert_ne!(plain.status, 0, "a part is no input");
    // Judged without --shard, of an input that is a shard.
    let text = fs::read_to_string(case.folder.path().join(part(0))).unwrap();
    let begin: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let marked = stream(&lines(case.folder.path())).replacen(
        r#""upstream":[]"#,
        &format!(r#""upstream":[],"shard":{}"#, begin["shard"]),
        1,
    );
    fs::write(case.folder.path().join("marked.ndjson"), marked).unwrap();
    let run = case.run(&["--json", "marked.ndjson", "--output", "plain.ndjson"]);
    assert!(
        run.stderr.contains("the input is shard 1/3 alone"),
        "{}",
        run.stderr
    );
    check(
        &merge(&["plain.ndjson".to_owned(), part(1), part(2)]),
        2,
        "judged without --shard",
    );

    let forced = case.judge("2/3", &["--force-verdict"]);
    check(
        &merge(&[part(0), forced, part(2)]),
        6,
        "shard 2/3 was judged with another --force-verdict than shard 1/3",
    );
    // All judged by one model, and another one given; then one part judged by that other one.
    rewrite(&case.model, |manifest| {
        manifest.run_hash = Some("other".to_owned());
    });
    check(
        &merge(&parts),
        6,
        "the shards were judged by another model than",
    );
    let by_other = case.judge("3/3", &[]);
    check(
        &merge(&[part(0), part(1), by_other]),
        6,
        "shard 3/3 was judged by another model than shard 1/3",
    );
}

#[test]
fn a_video_of_two_shards_counts_in_none() {
    let case = Case::new();
    let parts = case.parts(2, &[]);
    let text = |index: usize| fs::read_to_string(case.folder.path().join(&parts[index])).unwrap();
    let first_video = |text: &str| {
        let mut records = text
            .lines()
            .map(|it| serde_json::from_str::<Value>(it).unwrap());
        let part = records.find(|it| it["type"] == "part" && it["video_id"].is_string());
        part.unwrap()["video_id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (first_video(&text(0)), first_video(&text(1)));
    let doubled = text(1).replace(&two, &one);
    fs::write(case.folder.path().join("doubled.ndjson"), doubled).unwrap();
    let run = case.merge(&[parts[0].clone(), "doubled.ndjson".to_owned()], &[]);
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("is in shard 1 and in shard 2: it would count twice"),
        "{}",
        run.stderr
    );
}

#[test]
fn flags_about_the_whole_are_not_for_a_part() {
    for flag in [
        "--table",
        "--suspects",
        "--next",
        "--report=x",
        "--fail-under=ece<=1",
        "--slice-by=angle",
        "--merge=x",
    ] {
        let run = tool().args(["--shard", "1/2", flag]).run();
        assert_eq!(run.status, 2, "{flag} {}", run.stderr);
        assert!(
            run.stderr.contains("cannot be used with"),
            "{flag} {}",
            run.stderr
        );
    }
    for bad in ["0/2", "3/2", "2"] {
        assert_eq!(tool().args(["--shard", bad]).run().status, 2, "{bad}");
    }
}

#[test]
fn a_folder_is_judged_in_parts_too() {
    let case = Case::new();
    let frames = case.folder.path().join("frames");
    fs::create_dir(&frames).unwrap();
    fs::rename(
        case.folder.path().join("all.ndjson"),
        frames.join("records.ndjson"),
    )
    .unwrap();
    let whole = case.run(&["--json", "--data-dir", "frames"]);
    let parts = ["1/2", "2/2"].map(|shard| {
        let file = format!("{}.ndjson", &shard[..1]);
        let flags = ["--data-dir", "frames", "--shard", shard, "--output", &file];
        let run = case.run(&flags);
        assert!([0, 3].contains(&run.status), "{}", run.stderr);
        file
    });
    assert_eq!(
        case.merge(&parts, &[]).sorted_records(),
        whole.sorted_records()
    );

    fs::remove_file(frames.join("records.ndjson")).unwrap();
    fs::write(
        frames.join("squat_good_form.csv"),
        "frame_path,label,description\na.jpg,good_form,\n",
    )
    .unwrap();
    let run = case.run(&["--data-dir", "frames", "--shard", "1/2"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("--shard needs frames/records.ndjson"),
        "{}",
        run.stderr
    );
}
