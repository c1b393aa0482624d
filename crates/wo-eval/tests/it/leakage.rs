//! Videos that the model has seen: they are rejected, skipped or scored apart.

use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{stream, tempdir};

use crate::model::{rewrite, video, write_model};
use crate::tool;
use crate::written::{
    OF_OTHERS, OF_STRANGERS, OF_TRAINING, evaluated, looking_like, of_type, predictions,
};

#[test]
fn a_new_video_of_a_trained_person_is_refused_and_the_rest_is_scored() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let labelled =
        |person: &str| json!({"exercise": "squat", "label": "good_form", "person_id": person});
    let lines = [
        video(folder.path(), "k0", &labelled("known")),
        video(folder.path(), "a0", &labelled("anna")),
    ]
    .concat();
    let run = tool()
        .arg("--json")
        .arg("--model")
        .arg(&model)
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert_eq!(of_type(&run, "error")[0]["code"], "seen_group");
    let verdicts = of_type(&run, "verdict");
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0]["video_id"], "a0");
    assert_eq!(of_type(&run, "end").len(), 1, "what was scored is whole");
}

/// Gives the model, as it names the videos of its training, the pictures of one of them.
fn name_pictures(model: &Path, hashes: &[&str]) {
    let hashes = hashes.iter().map(|it| (*it).to_owned()).collect();
    rewrite(model, |manifest| manifest.videos[1].hashes = hashes);
}

#[test]
fn what_was_trained_on_is_known_under_another_name() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    name_pictures(&model, &OF_TRAINING);
    // Coded again: a bit or two of each hash differ.
    let coded_again = ["00ff00ff00ff00fe", "0f0f0f0f0f0f0f1d", "3333333333333333"];
    let lines = [
        looking_like(folder.path(), "copy0", "stranger", coded_again),
        looking_like(folder.path(), "a0", "anna", OF_OTHERS),
        looking_like(folder.path(), "b1", "ben", OF_STRANGERS),
    ]
    .concat();
    let run = |flags: &[&str]| {
        tool()
            .args(flags)
            .args(["--json", "--model"])
            .arg(&model)
            .stdin(stream(&lines))
            .run()
    };
    let refused = run(&[]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    let error = &of_type(&refused, "error")[0];
    assert_eq!(error["code"], "near_duplicate");
    assert_eq!(error["video_id"], "copy0");
    assert!(
        error["what"].as_str().unwrap().contains("those of t1,"),
        "{error}"
    );
    let ids: Vec<Value> = of_type(&refused, "verdict")
        .iter()
        .map(|it| it["video_id"].clone())
        .collect();
    assert_eq!(ids, ["a0", "b1"]);
    let suspects = of_type(&refused, "suspect");
    assert_eq!(suspects.len(), 1, "{suspects:?}");
    assert_eq!(
        (&suspects[0]["video_id"], &suspects[0]["alike"]),
        (&json!("copy0"), &json!("t1"))
    );

    let apart = run(&["--allow-seen"]);
    assert_eq!(apart.status, 0, "{}", apart.stderr);
    let seen: Vec<Value> = of_type(&apart, "verdict")
        .iter()
        .map(|it| it["seen"].clone())
        .collect();
    assert_eq!(seen, [true, false, false]);
    let n = |scope: &str| {
        let is_it = |it: &&Value| it["scope"] == scope && it["name"] == "accuracy";
        let scores = of_type(&apart, "score");
        scores.iter().find(is_it).map(|it| it["n"].clone())
    };
    assert_eq!((n("all"), n("seen")), (Some(json!(2)), Some(json!(1))));
    assert!(
        apart
            .stderr
            .contains("copy0.mp4: most of its frames are those of t1")
    );
}

#[test]
fn an_unlabelled_copy_of_a_training_video_is_judged_and_says_so() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    name_pictures(&model, &OF_TRAINING);
    let labelled = looking_like(folder.path(), "copy0", "stranger", OF_TRAINING);
    let without_label = |line: &String| {
        let mut record: Value = serde_json::from_str(line).expect("a record");
        let fields = record.as_object_mut().expect("an object");
        fields.retain(|name, _| name != "label" && name != "exercise");
        record.to_string()
    };
    let lines: Vec<String> = labelled.iter().map(without_label).collect();
    let run = tool()
        .args(["--json", "--model"])
        .arg(&model)
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let verdict = &of_type(&run, "verdict")[0];
    assert_eq!(
        (&verdict["seen"], &verdict["near_duplicate_of"]),
        (&json!(true), &json!("t1"))
    );
    let sentence = "; most of its frames are those of t1, which the model was trained or chosen on";
    assert!(run.stderr.contains(sentence), "{}", run.stderr);
}

#[test]
fn copies_of_training_videos_are_not_compared_on() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    name_pictures(&model, &OF_TRAINING);
    let lines = [
        looking_like(folder.path(), "copy0", "stranger", OF_TRAINING),
        looking_like(folder.path(), "a0", "anna", OF_OTHERS),
        looking_like(folder.path(), "b1", "ben", OF_STRANGERS),
    ]
    .concat();
    let run = tool()
        .args(["compare", "--json"])
        .args([&model, &model])
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(of_type(&run, "comparison")[0]["n"], 2);
    assert!(
        run.stderr
            .contains("1 video excluded: both models were trained"),
        "{}",
        run.stderr
    );
}

#[test]
fn predictions_of_seen_videos_alone_are_no_evaluation() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let text = std::fs::read_to_string(&said).unwrap();
    std::fs::write(&said, text.replace(r#""seen":false"#, r#""seen":true"#)).unwrap();
    let run = |flags: &[&str]| evaluated(&said, flags);
    let refused = run(&[]);
    assert_eq!(refused.status, 6);
    assert!(
        refused
            .stderr
            .contains("no held-out video is left to score"),
        "{}",
        refused.stderr
    );
    assert_eq!(run(&["--allow-seen"]).status, 0);
}

#[test]
fn predictions_of_seen_videos_are_left_out_and_said_to_be() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let text = std::fs::read_to_string(&said).unwrap();
    let line = r#""seen":false,"type":"prediction","video_id":"v7""#;
    let seen = text.replace(line, &line.replace("false", "true"));
    assert_ne!(seen, text);
    std::fs::write(&said, seen).unwrap();
    let table = |flags: &[&str]| {
        let run = tool().args(flags).arg("--predictions").arg(&said).run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        // The other video of the person says nothing of it.
        assert!(
            run.stderr.contains("1 prediction counted as seen"),
            "{}",
            run.stderr
        );
        run.stdout
    };
    let without = table(&["--table"]);
    assert!(without.contains("on 78 videos of 39 groups"), "{without}");
    assert!(without.contains("2 videos excluded"), "{without}");
    let with = table(&["--table", "--allow-seen"]);
    assert!(with.contains("SEEN VIDEOS: 2 videos"), "{with}");
}
