use serde::Deserialize;
use wo_cli::message_of;

use super::*;
use crate::read;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
}

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
    }
}

fn names(entries: &[Entry<Person>]) -> Vec<(u64, &str)> {
    let names = entries
        .iter()
        .map(|it| (it.sequence, it.what.name.as_str()));
    names.collect()
}

/// A folder with a ledger of Anna, Ben and Carl.
fn three() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.ndjson");
    let mut ledger = Ledger::open(&path).unwrap();
    for name in ["Anna", "Ben", "Carl"] {
        ledger.append(person(name)).unwrap();
    }
    (folder, path)
}

fn open(path: &Path) -> anyhow::Result<Ledger<Person>> {
    Ledger::open(path)
}

#[test]
fn what_was_taken_is_read_again() {
    let (_folder, path) = three();
    let expected = [(1, "Anna"), (2, "Ben"), (3, "Carl")];
    assert_eq!(names(&read(&path).unwrap()), expected);
    let mut ledger = open(&path).unwrap();
    assert_eq!(names(ledger.entries()), expected);
    ledger.append(person("Dora")).unwrap();
    assert_eq!(names(ledger.entries())[3], (4, "Dora"));
    let nobody: Vec<Entry<Person>> = read(&path.with_file_name("none")).unwrap();
    assert!(nobody.is_empty());
}

#[test]
fn one_run_writes_at_a_time() {
    let (_folder, path) = three();
    let ledger = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(message_of(&error).to_string().contains("another run has"));
    drop(ledger);
    assert!(open(&path).is_ok());
}

#[test]
fn half_a_line_is_moved_aside() {
    let (_folder, path) = three();
    let whole = fs::read(&path).unwrap();
    for torn in [&b"{\"sequence\":4,\"prev"[..], b"\0\0\0\0\n", b"\xff"] {
        fs::write(&path, [&whole, torn].concat()).unwrap();
        assert_eq!(read::<Person>(&path).unwrap().len(), 3);
        assert_eq!(open(&path).unwrap().entries().len(), 3);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    let aside = fs::read(beside(&path, "torn")).unwrap();
    assert_eq!(aside, b"{\"sequence\":4,\"prev\0\0\0\0\n\xff");
}

#[test]
fn a_changed_line_is_refused() {
    let (_folder, path) = three();
    let text = fs::read_to_string(&path).unwrap();
    let last = text.lines().last().unwrap();
    for changed in [
        text.replace("Anna", "Emma"),
        text.replace("Carl", "Kurt"),
        text.replace("{\"name\":\"Carl\"}", "{\"name\":\"Carl\""),
        text.split_inclusive('\n').skip(1).collect(),
        format!("{text}{last}\n"),
        format!("{text}and more\n"),
        format!("half a line\n{text}"),
    ] {
        fs::write(&path, &changed).unwrap();
        for error in [open(&path).unwrap_err(), read::<Person>(&path).unwrap_err()] {
            let message = message_of(&error).to_string();
            assert!(message.contains("hint: bring back a copy"), "{message}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    }
}

#[test]
fn what_is_forgotten_is_in_no_file() {
    let (folder, path) = three();
    fs::write(beside(&path, "torn"), "Ben").unwrap();
    let mut ledger = open(&path).unwrap();
    ledger.forget(&[2, 9], person("nobody")).unwrap();
    let expected = [(1, "Anna"), (3, "Carl"), (4, "nobody")];
    assert_eq!(names(ledger.entries()), expected);
    ledger.append(person("Dora")).unwrap();
    // The lock is still held, on the new file.
    assert!(open(&path).is_err());
    drop(ledger);
    let ledger = open(&path).unwrap();
    assert_eq!(names(ledger.entries())[..3], expected);
    for file in fs::read_dir(folder.path()).unwrap().flatten() {
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains("Ben"), "{}", file.path().display());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn who_waited_for_the_lock_reads_the_new_file() {
    let (_folder, path) = three();
    let old = opened(&path).unwrap();
    let mut ledger = open(&path).unwrap();
    ledger.forget(&[1], person("nobody")).unwrap();
    // The old file is free and nobody's any more; the new one is locked.
    assert!(old.try_lock().is_ok());
    assert!(open(&path).is_err());
}

#[test]
fn a_crash_before_the_new_file_appears_changes_nothing() {
    let (_folder, path) = three();
    let text = fs::read(&path).unwrap();
    fs::write(beside(&path, "new"), &text[..40]).unwrap();
    assert_eq!(open(&path).unwrap().entries().len(), 3);
    assert!(!beside(&path, "new").exists());
    assert_eq!(fs::read(&path).unwrap(), text);
}
