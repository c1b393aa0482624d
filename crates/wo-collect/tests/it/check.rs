//! What is to mend in a collection, and what to do first.

use std::fs;

use serde_json::{Value, json};
use wo_testkit::{Run, TempDir, stream, tempdir};

use crate::gym::{FILMS, Workspace};
use crate::tool;

/// Videos by their paths, of whom each is, where, and from which angle.
type Video = (&'static str, &'static str, &'static str, &'static str);

struct Collection(TempDir);

impl Collection {
    fn new(videos: &[Video]) -> Self {
        let collection = Self(tempdir().expect("a folder"));
        let mut groups = "path,person_id,source_id,angle\n".to_owned();
        let mut sources = "url,exercise,label,licence,consent\n".to_owned();
        for (path, person, source, angle) in videos {
            collection.write(&format!("data/training_data/{path}"), path);
            groups += &format!("{path},{person},{source},{angle}\n");
            sources += &format!("training_data/{path},squat,good_form,,signed\n");
        }
        collection.write("data/training_data/groups.csv", &groups);
        collection.write("data/sources.csv", &sources);
        collection
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        fs::write(path, text).expect("write a file");
    }

    fn check(&self, args: &[&str], input: &str) -> Run {
        tool()
            .arg("check")
            .args(args)
            .current_dir(self.0.path())
            .stdin(input)
            .run()
    }

    /// The findings, each as `level code n`, and the codes of the advice.
    fn findings(&self, args: &[&str], input: &str) -> (i32, Vec<String>, Vec<String>) {
        let run = self.check(&[&["--json"], args].concat(), input);
        let values = run
            .lines()
            .into_iter()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        let values: Vec<Value> = values.collect();
        assert_eq!(
            values.first().map(|it| &it["tool"]),
            Some(&json!("wo-collect")),
            "{}",
            run.stderr
        );
        assert_eq!(values.last().map(|it| &it["type"]), Some(&json!("end")));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let of = |kind: &str| {
            values
                .iter()
                .filter(|it| it["type"] == kind)
                .cloned()
                .collect::<Vec<_>>()
        };
        let findings = of("finding")
            .iter()
            .map(|it| format!("{} {} {}", text(&it["level"]), text(&it["code"]), it["n"]))
            .collect();
        let advice = of("advice")
            .iter()
            .map(|it| {
                it["codes"]
                    .as_array()
                    .expect("codes")
                    .iter()
                    .map(text)
                    .collect::<Vec<_>>()
                    .join("+")
            })
            .collect();
        (run.status, findings, advice)
    }
}

/// Enough videos of four persons in two gyms, from two angles.
fn good() -> Vec<Video> {
    let people = ["anna", "ben", "carl", "dora", "emil"];
    let mut videos = Vec::new();
    for label in ["good_form", "bad_form"] {
        for (number, person) in people.iter().cycle().take(10).enumerate() {
            let path = format!("squat/{label}/{person}_{number}.mp4");
            let source = if number % 2 == 0 { "west" } else { "east" };
            let angle = if number % 3 == 0 { "front" } else { "side" };
            videos.push((&*Box::leak(path.into_boxed_str()), *person, source, angle));
        }
    }
    videos
}

fn probed(videos: &[Video], change: impl Fn(&str, &mut Value)) -> String {
    let lines = videos.iter().map(|(path, ..)| {
        let id = blake3::hash(path.as_bytes()).to_hex().to_string();
        let mut video = json!({"type": "video", "video_id": id, "path": format!("data/training_data/{path}"),
            "duration_ms": 8000.0, "width_px": 1280, "height_px": 720, "frame_rate_hz": 30.0});
        change(path, &mut video);
        video.to_string()
    });
    stream(&lines.collect::<Vec<_>>())
}

#[test]
fn a_good_collection_has_nothing_to_mend() {
    let videos = good();
    let collection = Collection::new(&videos);
    let (status, findings, _) = collection.findings(&["-"], &probed(&videos, |_, _| ()));
    assert_eq!(
        (status, findings),
        (
            0,
            vec![
                "note few_videos 20".to_owned(),
                "note few_videos 20".to_owned(),
                "note no_fault 10".to_owned()
            ]
        )
    );
    let (status, findings, advice) = collection.findings(&[], "");
    assert_eq!(status, 0);
    assert!(
        findings.contains(&"note not_looked_at 20".to_owned()),
        "{findings:?}"
    );
    assert!(advice.len() <= 5);
    let run = collection.check(&["-"], &probed(&videos, |_, _| ()));
    let expected = "\
exercise   label       videos   persons   gyms and channels   angles
──────────────────────────────────────────────────────────────────────────
squat      good_form   10 of 30         5                   2   front, side
squat      bad_form    10 of 30         5                   2   front, side
";
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let table: String = run
        .stdout
        .lines()
        .take(4)
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(
        squeeze(&table).replace('─', ""),
        squeeze(expected).replace('─', "")
    );
    assert!(
        run.stdout
            .contains("\nWhat to do first\n1. collect more videos: "),
        "{}",
        run.stdout
    );
}

#[test]
fn a_shortcut_is_named() {
    let videos = [
        ("squat/good_form/1.mp4", "anna", "west", "side"),
        ("squat/good_form/2.mp4", "anna", "west", "side"),
        ("squat/bad_form/3.mp4", "ben", "east", "front"),
        ("squat/bad_form/4.mp4", "carl", "east", "front"),
    ];
    let collection = Collection::new(&videos);
    let (status, findings, advice) = collection.findings(&["-"], &probed(&videos, |_, _| ()));
    assert_eq!(status, 1);
    let expected = [
        "mend too_few_videos 8",
        "mend too_few_videos 8",
        "mend one_person 2",
        "mend source_tells_label 4",
        "mend angle_tells_label 4",
        "note one_angle 2",
        "note few_persons 2",
        "note one_angle 2",
        "note person_tells_label 4",
        "note no_fault 2",
    ];
    assert_eq!(findings, expected);
    assert_eq!(advice.first().map(String::as_str), Some("too_few_videos"));
    let run = collection.check(&["-"], &probed(&videos, |_, _| ()));
    for words in [
        "all 2 videos of squat good form show anna: a model would learn the person instead of the form",
        "squat: all bad form is from east, and all good form is from west: that tells the label without a look at the form",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
}

#[test]
fn what_probe_says_is_taken_up() {
    let videos = good();
    let collection = Collection::new(&videos);
    let near = blake3::hash(videos[0].0.as_bytes()).to_hex().to_string();
    let input = probed(&videos, |path, video| match path {
        "squat/good_form/ben_1.mp4" => video["warnings"] = json!(["several_shots", "dark"]),
        "squat/good_form/carl_2.mp4" => video["duration_ms"] = json!(45_000.0),
        "squat/bad_form/ben_1.mp4" | "squat/good_form/dora_3.mp4" => {
            video["near_duplicate_of"] = json!(near);
        }
        "squat/bad_form/carl_2.mp4" => {
            *video = json!({"type": "error", "code": "decode", "what": "no frame", "tool": "wo-extract", "path": video["path"]});
        }
        _ => {}
    });
    let (status, findings, advice) = collection.findings(&["-"], &input);
    assert_eq!(status, 1);
    let expected = [
        "mend near_copy_in_two_classes 2",
        "mend unreadable 1",
        "mend several_shots 1",
        "mend dark 1",
        "note near_copy 2",
        "note too_long 1",
        "note few_videos 20",
        "note few_videos 20",
        "note no_fault 10",
    ];
    assert_eq!(findings, expected);
    assert_eq!(advice.len(), 5);
    assert_eq!(advice[0], "near_copy_in_two_classes");
    // A stream that was cut is not taken for whole.
    let cut = collection.check(&["-"], &input[..input.len() / 2]);
    assert_eq!(cut.status, 6, "{}", cut.stderr);
}

#[test]
fn tables_folders_and_words_are_looked_at() {
    let mut videos = good();
    videos.push(("lunge/good_form/a.mp4", "", "", ""));
    videos.push(("lunge/bad_form/short_step/b.mp4", "", "west", ""));
    videos.push(("squat/god_form/c.mp4", "anna", "west", "side"));
    videos.push(("squat/unclear/d.mp4", "anna", "west", "side"));
    videos.push(("e.mp4", "anna", "west", "side"));
    let collection = Collection::new(&videos);
    collection.write("data/training_data/squat/bad_form/copy.mp4", videos[0].0);
    let groups = fs::read_to_string(collection.0.path().join("data/training_data/groups.csv"))
        .expect("a table");
    collection.write(
        "data/training_data/groups.csv",
        &(groups + "squat/good_form/zoe.mp4,zoe,,\n"),
    );
    let sources = "url,consent,licence\ntraining_data/lunge/good_form/a.mp4,,\n";
    collection.write("data/sources.csv", sources);
    let (status, findings, _) = collection.findings(&[], "");
    assert_eq!(status, 1);
    for expected in [
        "mend no_consent 1",
        "mend no_provenance 25",
        "mend copy_in_two_classes 2",
        "mend misspelt_label 1",
        "mend no_label 1",
        "mend no_group 2",
        "mend row_without_video 1",
        "mend no_words 2",
        "mend too_few_videos 9",
        "note unclear 1",
        "note no_person 1",
    ] {
        assert!(
            findings.contains(&expected.to_owned()),
            "{expected}: {findings:#?}"
        );
    }
}

#[test]
fn an_empty_workspace_says_how_to_begin() {
    let collection = Collection::new(&[]);
    fs::create_dir_all(
        collection
            .0
            .path()
            .join("data/training_data/squat/good_form"),
    )
    .expect("a folder");
    let run = collection.check(&[], "");
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains("no_videos: there are no videos yet"),
        "{}",
        run.stdout
    );
    let none = tool()
        .arg("check")
        .current_dir(collection.0.path().join("data"))
        .run();
    assert_eq!(
        (none.status, none.stdout.as_str()),
        (2, ""),
        "{}",
        none.stderr
    );
}

#[test]
fn what_was_forgotten_and_comes_back_is_found() {
    let workspace = Workspace::new();
    let run = |args: &[&str]| {
        tool()
            .args(args)
            .current_dir(workspace.dir())
            .env("XDG_CACHE_HOME", workspace.caches_dir())
            .run()
    };
    assert_eq!(run(&["forget", "anna"]).status, 1);
    workspace.write(
        "data/training_data/squat/good_form/new name.mp4",
        FILMS[0].bytes(),
    );
    workspace.write("data/.forget.json", "{}");
    let told = run(&["check"]);
    assert_eq!(told.status, 1, "{}", told.stderr);
    for words in [
        "takedown_unfinished: ",
        "forgotten_video: 1 video was forgotten on request and is here again: squat/good_form/new name.mp4",
        "model_of_forgotten: 2 models were trained on videos that were forgotten since: models/m.bak, models/versions/1",
        "\n1. complete the takedown: ",
    ] {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    // The note lies in the folder of data, wherever the ledger is.
    let told = run(&["check", "--ledger", "ledgers/ledger.ndjson"]);
    assert!(
        told.stdout.contains("takedown_unfinished: "),
        "{}",
        told.stdout
    );
}

#[test]
fn it_is_a_good_pipe_citizen() {
    let collection = Collection::new(&good());
    let check = |args: &[&str]| {
        tool()
            .arg("check")
            .args(args)
            .current_dir(collection.0.path())
    };
    assert_eq!(check(&[]).into_dev_full().status, 5);
    assert_eq!(check(&["none.ndjson"]).run().status, 2);
    let bad = stream(&["no record"]);
    assert_eq!(check(&["-"]).stdin(bad.as_str()).run().status, 6);
    assert_eq!(
        check(&["-", "--on-error", "skip"]).stdin(bad).run().status,
        0
    );
}
