use wo_record::Name;

use super::*;
use crate::groups_table::TEMPLATE;
use crate::provenance::{Fetched, Origin, Said, StoredFile};

const TO: &str = "squat/good_form/0123456789abcdef.mp4";

fn places(folder: &Path) -> Places {
    Places {
        sources: folder.join("sources.csv"),
        videos: folder.join("training_data"),
        ledger: folder.join("ledger.ndjson"),
    }
}

fn entry() -> Entry {
    let said = Said {
        exercise: Name::new("squat"),
        ..Said::default()
    };
    Entry::Fetched(Fetched {
        at: "2026-12-01T00:00:00Z".to_owned(),
        address: "a.mp4".to_owned(),
        said,
        origin: Origin::default(),
        file: StoredFile {
            path: TO.to_owned(),
            blake3: blake3::hash(b"a video").to_hex().to_string(),
            n_bytes: 7,
        },
        tools: Vec::new(),
    })
}

/// A folder in which a run has fetched a video and put its intent on the disk.
fn intended() -> (tempfile::TempDir, Intent) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("training_data")).unwrap();
    let store = Store::open(&places(folder.path())).unwrap();
    let staged = store.staging.folder("name").unwrap().join("video.mp4");
    fs::write(&staged, "a video").unwrap();
    let intent = Intent {
        from: staged,
        to: TO.to_owned(),
        keys: ["anna", "", ""].map(str::to_owned),
        old_row: None,
        entry: entry(),
    };
    store.staging.intend("name", &intent).unwrap();
    (folder, intent)
}

/// What all three say after the next run.
fn recovered(folder: &Path) -> (bool, String, usize, usize) {
    let store = Store::open(&places(folder)).unwrap();
    let n_recovered = store.recovered.len();
    let n_entries = store.ledger.entries().len();
    store.staging.close();
    assert!(!folder.join(".collect").exists());
    let groups = fs::read_to_string(folder.join("training_data/groups.csv"));
    let is_there = fs::read(folder.join("training_data").join(TO)).is_ok_and(|it| it == b"a video");
    (is_there, groups.unwrap_or_default(), n_entries, n_recovered)
}

#[test]
fn a_kill_between_any_two_steps_comes_to_the_same() {
    let expected = (true, format!("{TEMPLATE}{TO},anna,,\n"), 1, 1);
    for n_steps in 0..4 {
        let (folder, intent) = intended();
        let mut store = Store::unrecovered(&places(folder.path())).unwrap();
        if n_steps > 0 {
            move_to(&intent.from, &store.videos.join(TO)).unwrap();
        }
        if n_steps > 1 {
            store.say_groups(&intent).unwrap();
        }
        if n_steps > 2 {
            store.note(intent.entry.clone()).unwrap();
        }
        drop(store);
        assert_eq!(recovered(folder.path()), expected, "after {n_steps} steps");
        // And once more, with nothing left to do.
        let again = (expected.0, expected.1.clone(), expected.2, 0);
        assert_eq!(recovered(folder.path()), again);
    }
}

#[test]
fn an_intent_without_its_file_is_dropped() {
    let (folder, intent) = intended();
    fs::remove_file(&intent.from).unwrap();
    assert_eq!(recovered(folder.path()), (false, String::new(), 0, 0));
}

#[test]
fn half_an_intent_and_half_a_video_are_dropped() {
    let (folder, _) = intended();
    let staging = folder.path().join(".collect");
    let text = fs::read(staging.join("name.intent")).unwrap();
    fs::write(staging.join("name.intent"), &text[..text.len() / 2]).unwrap();
    fs::write(staging.join("groups.csv.new"), "path,per").unwrap();
    assert_eq!(recovered(folder.path()), (false, String::new(), 0, 0));
}

#[test]
fn a_file_that_somebody_put_there_is_not_taken_for_ours() {
    let (folder, _) = intended();
    let place = folder.path().join("training_data").join(TO);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, "mine").unwrap();
    assert_eq!(recovered(folder.path()), (false, String::new(), 0, 0));
    assert_eq!(fs::read(&place).unwrap(), b"mine");
}
