//! Groups: who is in a video and where it is from decide whether it is new, and how far metrics hold.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_clip::{Split, SplitVideo};
use wo_record::{Group, GroupBy};
use wo_testkit::{Run, stream, tempdir};

use crate::model::{rewrite, video, write_model};
use crate::tool;
use crate::written::{evaluated, of_type};

/// A model that was trained on anna and ben in gym 1; clara in gym 2 is held out.
pub(crate) fn model_of_gyms(folder: &Path, by: GroupBy) -> PathBuf {
    let model = write_model(folder);
    rewrite(&model, |manifest| {
        let video = |id: &str, person: &str, gym: &str, split, label: &str| SplitVideo {
            keys: [person, gym].map(Group::of_text).to_vec(),
            ..SplitVideo::new(
                id,
                Group::of_text(person),
                split,
                "squat".into(),
                label.into(),
            )
        };
        manifest.group_by = Some(by);
        manifest.videos = vec![
            video(
                "t0",
                "person:anna",
                "source:gym 1",
                Split::Train,
                "good_form",
            ),
            video("t1", "person:ben", "source:gym 1", Split::Train, "bad_form"),
            video(
                "h0",
                "person:clara",
                "source:gym 2",
                Split::Test,
                "good_form",
            ),
        ];
    });
    model
}

/// What the model says of videos, whose label is in their id.
pub(crate) fn judged(folder: &Path, model: &Path, videos: &[(&str, Value)], flags: &[&str]) -> Run {
    let lines = videos.iter().flat_map(|(id, who)| {
        let label = if id.ends_with('0') {
            "good_form"
        } else {
            "bad_form"
        };
        let mut fields = who.clone();
        fields["exercise"] = json!("squat");
        fields["label"] = json!(label);
        video(folder, id, &fields)
    });
    let lines: Vec<String> = lines.collect();
    let run = tool().args(flags).arg("--model").arg(model);
    run.stdin(stream(&lines)).run()
}

#[test]
fn a_video_of_a_gym_of_training_is_never_new() {
    let folder = tempdir().unwrap();
    for by in GroupBy::ALL {
        let model = model_of_gyms(folder.path(), by);
        let gym = |name: &str| json!({"source_id": name});
        let videos = [
            ("a0", gym("Gym 1")),
            ("a1", gym("gym-1")),
            ("b0", gym("gym 3")),
        ];
        let run = judged(folder.path(), &model, &videos, &["--json"]);
        assert_eq!(run.status, 6, "{by}: {}", run.stderr);
        let refused = of_type(&run, "error");
        assert_eq!(refused.len(), 2, "{by}");
        for error in &refused {
            assert_eq!(error["code"], "seen_group");
            let what = error["what"].as_str().unwrap();
            assert!(what.contains("trained or chosen on source:gym1;"), "{what}");
        }
        let verdicts = of_type(&run, "verdict");
        assert_eq!(
            (verdicts.len(), &verdicts[0]["video_id"]),
            (1, &json!("b0")),
            "{by}"
        );
    }
}

#[test]
fn groups_by_person_say_that_gyms_are_not_new() {
    let folder = tempdir().unwrap();
    let model = model_of_gyms(folder.path(), GroupBy::Person);
    let new = |person: &str| json!({"person_id": person, "source_id": "gym 1"});
    let videos = [
        ("d0", new("dora")),
        ("e1", new("emil")),
        ("d1", new("dora")),
    ];
    let report = folder.path().join("report.html");
    let flags = ["--json", "--report", report.to_str().unwrap()];
    let run = judged(folder.path(), &model, &videos, &flags);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let limit = "3 of 3 scored videos are of sources that the model has seen";
    assert!(run.stderr.contains(limit), "{}", run.stderr);
    assert!(fs::read_to_string(&report).unwrap().contains(limit));
    let known = &of_type(&run, "independence")[0];
    assert_eq!(
        (&known["n_of_seen_sources"], &known["n_groups"]),
        (&json!(3), &json!(2))
    );
    let said = &of_type(&run, "prediction")[0];
    assert_eq!(said["keys"], json!(["person:dora", "source:gym1"]));
    assert_eq!(said["joining"], json!(["person:dora"]));
    assert_eq!(said["seen_keys"], json!(["source:gym1"]));

    // The predictions hold all that: they say the same without the model.
    let written = folder.path().join("said.ndjson");
    fs::write(&written, &run.stdout).unwrap();
    let again = evaluated(&written, &[]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert!(again.stderr.contains(limit), "{}", again.stderr);
    let again = &of_type(&again, "independence")[0];
    assert_eq!(
        (&again["n_of_seen_sources"], &again["n_groups"]),
        (&json!(3), &json!(2))
    );

    let by_both = model_of_gyms(folder.path(), GroupBy::Both);
    assert_eq!(
        judged(folder.path(), &by_both, &videos, &["--json"]).status,
        6
    );
}

#[test]
fn who_meets_in_a_gym_is_one_group() {
    let folder = tempdir().unwrap();
    let model = model_of_gyms(folder.path(), GroupBy::Both);
    let who = |person: &str, gym: &str| json!({"person_id": person, "source_id": gym});
    // Dora joins gyms 3 and 4; clara's gym is known from training, where it was held out.
    let videos = [
        ("d0", who("dora", "gym 3")),
        ("d1", who("Dora", "gym 4")),
        ("e0", who("emil", "GYM 4")),
        ("f1", json!({"source_id": "gym_3"})),
        ("g0", json!({"person_id": "clara"})),
        ("h1", json!({"source_id": "gym 2"})),
        ("i0", who("ida", "gym 5")),
    ];
    let run = judged(folder.path(), &model, &videos, &["--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let group = |it: &Value| (it["video_id"].clone(), it["group"].clone());
    let groups: Vec<(Value, Value)> = of_type(&run, "prediction").iter().map(group).collect();
    let (dora, clara) = ("person:dora", "person:clara");
    let expected = [
        ("d0", dora),
        ("d1", dora),
        ("e0", dora),
        ("f1", dora),
        ("g0", clara),
        ("h1", clara),
        ("i0", "person:ida"),
    ];
    assert_eq!(
        groups,
        expected.map(|(id, group)| (json!(id), json!(group)))
    );
    let scores = of_type(&run, "score");
    let accuracy = scores
        .iter()
        .find(|it| it["name"] == "accuracy" && it["unit"] == "video");
    assert_eq!(accuracy.unwrap()["n_groups"], 3);
}

#[test]
fn nobody_known_is_independence_unknown() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let videos = [
        ("a0", json!({})),
        ("b1", json!({})),
        ("c0", json!({"person_id": " "})),
    ];
    let run = judged(folder.path(), &model, &videos, &["--table"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "on videos of unknown people: 3 videos of 3 groups",
        "No scored video has a person or a source",
        "only a lower bound on the uncertainty",
        "1 of 2 training videos has neither person nor source",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("held out from training"), "{text}");
    assert!(run.stderr.contains("only a lower bound"), "{}", run.stderr);
    let run = judged(folder.path(), &model, &videos, &["--json"]);
    let known = &of_type(&run, "independence")[0];
    assert_eq!(
        (&known["is_lower_bound"], &known["n_ungrouped"]),
        (&json!(true), &json!(3))
    );

    let mut some = videos;
    some[1].1 = json!({"person_id": "ben"});
    let run = judged(folder.path(), &model, &some, &["--json"]);
    let partly = "2 of 3 scored videos have neither person nor source";
    assert!(run.stderr.contains(partly), "{}", run.stderr);
}
