//! Takedown: after it no name, id, hash or byte is found by a search over all files.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wo_label::{Chain, LogLine};
use wo_testkit::Run;

use crate::gym::{FILMS, Film, Workspace};
use crate::tool;

pub(crate) const WHY: &str = "asked by the person";

pub(crate) fn forget(workspace: &Workspace, args: &[&str]) -> Run {
    tool()
        .arg("forget")
        .args(args)
        .current_dir(workspace.dir())
        .env("XDG_CACHE_HOME", workspace.caches_dir())
        .run()
}

pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|it| it == needle)
}

/// All that may tell of a film, in any spelling that a search would try.
pub(crate) fn needles(film: &Film) -> Vec<Vec<u8>> {
    let id = film.id();
    let mut needles: Vec<Vec<u8>> = vec![
        id.clone().into_bytes(),
        id[..16].to_owned().into_bytes(),
        film.hash().into_bytes(),
        format!("fingerprint {}", &id[40..]).into_bytes(),
        film.address.as_bytes().to_owned(),
        film.path.as_bytes().to_owned(),
        film.bytes(),
    ];
    needles.extend(film.key_hashes().pop().map(String::into_bytes));
    for index in 0..2 {
        let image = film.image(index);
        let hash = blake3::hash(&image);
        needles.push(hash.to_hex().to_string().into_bytes());
        needles.push(hash.as_bytes()[..16].to_owned());
        needles.push(STANDARD.encode(&image).into_bytes());
        needles.push(image);
    }
    needles
}

/// Files, by their paths or their bytes, in which something of Anna is left.
pub(crate) fn left(workspace: &Workspace) -> Vec<String> {
    let theirs = FILMS.iter().filter(|film| film.is_of_anna());
    let mut needles: Vec<Vec<u8>> = theirs.flat_map(needles).collect();
    // Ben was in her first gym as well.
    let shared = FILMS[2].key_hashes();
    let keys = FILMS[..2].iter().flat_map(Film::key_hashes);
    needles.extend(
        keys.filter(|it| !shared.contains(it))
            .map(String::into_bytes),
    );
    let mut left = Vec::new();
    for (path, bytes) in workspace.files() {
        let name = path
            .strip_prefix(workspace.root())
            .expect("below")
            .to_string_lossy();
        let mut all = name.to_ascii_lowercase().into_bytes();
        all.push(b'\n');
        all.extend(bytes.to_ascii_lowercase());
        if contains(&all, b"anna") {
            left.push(format!("{name}: her name"));
        }
        for needle in &needles {
            if contains(&bytes, needle) || contains(name.as_bytes(), needle) {
                left.push(format!(
                    "{name}: {}",
                    String::from_utf8_lossy(&needle[..needle.len().min(60)])
                ));
            }
        }
    }
    left
}

/// What is left of others is whole: the tools go on with it.
pub(crate) fn check_others(workspace: &Workspace) {
    let ben = &FILMS[2];
    assert!(workspace.has(&format!("data/training_data/{}", ben.path)));
    let groups = "path,person_id,source_id,angle\nsquat/bad_form/ben_1.mp4,Ben,Gym West,side\n";
    assert_eq!(workspace.read("data/training_data/groups.csv"), groups);
    assert_eq!(workspace.read("data/sources.csv").lines().count(), 2);
    let records = workspace.read("data/labeled_frames/records.ndjson");
    assert_eq!(records.lines().count(), 5);
    assert!(
        records.ends_with("{\"type\":\"end\",\"n_videos\":1,\"n_frames\":2,\"n_errors\":0}\n"),
        "{records}"
    );
    assert_eq!(
        workspace
            .read("data/labeled_frames/.wo-extract.ndjson")
            .lines()
            .count(),
        2
    );
    let table = workspace.read("data/labeled_frames/squat_bad_form.csv");
    assert!(
        table.starts_with("frame_path,label,description\r\n") && table.lines().count() == 2,
        "{table}"
    );
    let mut chain = Chain::default();
    let mut notes = Vec::new();
    for line in workspace.read("data/labeled_frames/reviews.ndjson").lines() {
        if let LogLine::Review(review) = chain.follow(line).expect("the log follows") {
            notes.push(review.new.note.clone().unwrap_or_default());
        }
    }
    assert_eq!(
        (chain.n_lines(), notes),
        (4, vec!["Ben again".to_owned(); 2])
    );
    assert!(workspace.has("models/reports/3.html") && workspace.has("models/last-run.json"));
    assert_eq!(
        workspace
            .read("models/retrain.log")
            .matches("ben_1.mp4")
            .count(),
        1
    );
    check_models(workspace, &["models/versions/1", "models/m.bak"]);
    for log in ["retrain.log", "retrain.log.1"] {
        let text = workspace.read(&format!("models/logs/{log}"));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("ben_1.mp4"), "{text}");
    }
    check_sides(workspace);
    let ledger: Vec<wo_ledger::Entry<Value>> =
        wo_ledger::read(&workspace.dir().join("data/ledger.ndjson")).expect("the ledger follows");
    let kinds: Vec<&Value> = ledger.iter().map(|it| &it.what["kind"]).collect();
    assert_eq!(kinds, ["fetched", "forgotten"]);
    assert_eq!(ledger[1].what["why"], WHY);
    assert_eq!(ledger[1].what["n_videos"], 2);
}

/// Nobody can try names in the ledger of models, and all others keep their sides.
fn check_sides(workspace: &Workspace) {
    let assigned = workspace.model_events("assigned");
    let sides: BTreeMap<String, Value> = assigned
        .iter()
        .flat_map(|it| it["sides"].as_object().expect("sides"))
        .map(|(hash, side)| (hash.clone(), side.clone()))
        .collect();
    let expected = FILMS[2].key_hashes().into_iter();
    let expected: BTreeMap<String, Value> = expected
        .map(|hash| (hash, serde_json::json!({"held_out": 1})))
        .collect();
    assert_eq!(sides, expected);
}

/// Ben's groups are what they were, under another name, and the seal fits.
fn check_models(workspace: &Workspace, models: &[&str]) {
    for model in models {
        let text = workspace.read(&format!("{model}/wo.json"));
        let manifest: Value = serde_json::from_str(&text).expect("JSON");
        let videos = manifest["videos"].as_array().expect("videos");
        assert_eq!(videos.len(), 3, "{model}: all are counted");
        assert_eq!(videos[0]["group"], videos[2]["group"]);
        assert_eq!(videos[2]["video_id"], FILMS[2].id());
        assert_eq!(videos[2]["hashes"][0], FILMS[2].hash());
        assert_eq!(
            videos[0]["keys"][1], "source:gymwest",
            "others were filmed there"
        );
        assert_eq!(videos[0]["split"], "train");
        assert_eq!(manifest["redacted"]["n_videos"], 2);
        let weights =
            fs::read(workspace.dir().join(model).join("model.safetensors")).expect("weights");
        let seal = wo_seal::seal_of(&text).expect("a seal");
        assert_eq!(wo_seal::read_seal(&weights), Some(seal), "{model}");
        assert!(weights.ends_with(&[1, 2, 3, 4]), "{model}");
        assert!(
            workspace
                .read(&format!("{model}/README.md"))
                .contains("## Takedown")
        );
    }
}

#[test]
fn nothing_of_a_person_is_found_afterwards() {
    let workspace = Workspace::new();
    assert!(
        left(&workspace).len() > 30,
        "the search finds what is there"
    );
    let run = forget(&workspace, &["anna", "--why", WHY, "--also", "exports"]);
    assert_eq!(left(&workspace), Vec::<String>::new(), "{}", run.stderr);
    // Models that were trained on her stay where they are, which is not done with.
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    for words in [
        "forgot 2 videos: ",
        "2 models were trained on what is forgotten, and stay in place: models/m.bak, models/versions/1",
        "hint: set them aside: wo-collect forget --retire",
        "models/current IS ONE OF THEM",
        "wo-models rollback",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("models/other"), "{}", run.stderr);
    check_others(&workspace);
    assert_eq!(
        workspace
            .read("exports/tasks.json")
            .matches("image")
            .count(),
        1
    );
    assert!(!workspace.has("data/.forget.json"));
}

#[test]
fn models_are_set_aside_also_later() {
    let workspace = Workspace::new();
    assert_eq!(
        forget(&workspace, &["anna", "--why", WHY, "--also", "exports"]).status,
        1
    );
    let run = forget(&workspace, &["--retire"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("models/current LEADS NOWHERE NOW"),
        "{}",
        run.stderr
    );
    assert!(!workspace.has("models/versions/1") && !workspace.has("models/m.bak"));
    check_models(
        &workspace,
        &["models/retired/versions_1", "models/retired/m.bak"],
    );
    fs::remove_file(workspace.dir().join("models/current")).expect("the link");
    std::os::unix::fs::symlink("other", workspace.dir().join("models/current")).expect("a link");
    let run = forget(&workspace, &["--retire"]);
    assert_eq!(
        (run.status, run.stderr.contains("set aside")),
        (0, false),
        "{}",
        run.stderr
    );
    assert_eq!(left(&workspace), Vec::<String>::new());
}

#[test]
fn at_once_with_its_models() {
    let workspace = Workspace::new();
    fs::remove_file(workspace.dir().join("models/current")).expect("the link");
    let run = forget(
        &workspace,
        &["person:Anna", "--retire", "--also", "exports"],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("set aside: "), "{}", run.stderr);
    assert!(
        workspace.has("models/retired/versions_1/model.safetensors")
            && workspace.has("models/other/wo.json")
    );
    assert_eq!(left(&workspace), Vec::<String>::new());
}

#[test]
fn a_dry_run_changes_nothing() {
    let workspace = Workspace::new();
    let before = workspace.files();
    let run = forget(&workspace, &["anna", "--dry-run"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("would forget 2 videos"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("trained on them: models/m.bak, models/versions/1"),
        "{}",
        run.stderr
    );
    assert!(workspace.files() == before);
}

#[test]
fn one_video_goes_and_its_person_stays() {
    let workspace = Workspace::new();
    let (first, second) = (&FILMS[0], &FILMS[1]);
    let run = forget(&workspace, &[&first.id(), "--also", "exports"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for (path, bytes) in workspace.files() {
        for needle in needles(first) {
            assert!(
                !contains(&bytes, &needle),
                "{}: {}",
                path.display(),
                String::from_utf8_lossy(&needle)
            );
        }
    }
    assert!(workspace.has(&format!("data/training_data/{}", second.path)));
    let groups = workspace.read("data/training_data/groups.csv");
    assert!(
        groups.contains("knees cave 2.mp4,anna") && !groups.contains("anna_1.mp4"),
        "{groups}"
    );
    let manifest: Value =
        serde_json::from_str(&workspace.read("models/m.bak/wo.json")).expect("JSON");
    assert_eq!(manifest["videos"][0]["group"], "person:anna");
    assert_eq!(manifest["videos"][1]["hashes"][0], second.hash());
}

#[test]
fn what_is_wrong_is_said_before_anything_is_done() {
    let workspace = Workspace::new();
    let before = workspace.files();
    for (args, status, words) in [
        (&["dora"][..], 1, "nothing is known of dora"),
        (&["ana"], 1, "hint: if you mean anna, give that name"),
        (
            &["anna", "--why", "Anna asked"],
            2,
            "--why says what is to be forgotten",
        ),
        (&["anna", "--data", "none"], 2, "open the folder none"),
        (&[], 2, "required"),
    ] {
        let run = forget(&workspace, args);
        assert_eq!(run.status, status, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
        let mut after = workspace.files();
        after.retain(|(path, _)| !path.ends_with(".records.ndjson.a1B2c3"));
        let mut before = before.clone();
        before.retain(|(path, _)| !path.ends_with(".records.ndjson.a1B2c3"));
        assert!(after == before, "{args:?}");
    }
    let log = workspace.read("data/labeled_frames/reviews.ndjson");
    workspace.write(
        "data/labeled_frames/reviews.ndjson",
        log.replace("Ben again", "Ben Again"),
    );
    let run = forget(&workspace, &["anna"]);
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("reviews.ndjson:2: the line was changed"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_address_and_a_hash_that_are_not_here_are_refused_from_now_on() {
    let workspace = Workspace::new();
    let id = "0".repeat(64);
    let run = forget(&workspace, &[&id, "https://tube.example/never"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("it is refused from now on"),
        "{}",
        run.stderr
    );
    let ledger: Vec<wo_ledger::Entry<Value>> =
        wo_ledger::read(&workspace.dir().join("data/ledger.ndjson")).expect("a ledger");
    let last = &ledger.last().expect("an entry").what;
    assert_eq!(
        (
            last["bytes"].as_array().map(Vec::len),
            last["addresses"].as_array().map(Vec::len)
        ),
        (Some(1), Some(1))
    );
}
