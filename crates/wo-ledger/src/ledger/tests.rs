use serde::Deserialize;
use wo_cli::message_of;

use super::*;
use crate::head;
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
    assert!(message_of(&error).shown().contains("another run has"));
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
            let message = message_of(&error).shown();
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
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
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

fn told(result: anyhow::Result<impl Sized>) -> String {
    message_of(&result.err().unwrap()).shown()
}

#[test]
fn lines_that_are_cut_off_are_missed() {
    let (_folder, path) = three();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (left, words) in [
        (lines[..2].concat(), "it ends after 2 lines, and had 3"),
        (lines[..1].concat(), "it ends after 1 line, and had 3"),
        (String::new(), "it ends after 0 lines, and had 3"),
        // Cut within the last line, as no crash leaves what was acknowledged.
        (text[..text.len() - 9].to_owned(), "it ends after 2 lines"),
    ] {
        fs::write(&path, &left).unwrap();
        for message in [told(open(&path)), told(read::<Person>(&path))] {
            assert!(message.contains(words), "{message}");
            assert!(message.contains("hint: bring back a copy"), "{message}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), left);
    }
    fs::remove_file(&path).unwrap();
    assert!(told(read::<Person>(&path)).contains("it ends after 0 lines"));
    // The cure works.
    fs::remove_file(head::path_of(&path)).unwrap();
    assert!(open(&path).unwrap().entries().is_empty());
}

#[test]
fn a_ledger_may_be_ahead_of_its_head() {
    let (_folder, path) = three();
    let head = fs::read(head::path_of(&path)).unwrap();
    open(&path).unwrap().append(person("Dora")).unwrap();
    // As a crash between the line and its head leaves it, and as an older version does.
    fs::write(head::path_of(&path), head).unwrap();
    assert_eq!(open(&path).unwrap().entries().len(), 4);
    fs::remove_file(head::path_of(&path)).unwrap();
    assert_eq!(read::<Person>(&path).unwrap().len(), 4);
    assert_eq!(open(&path).unwrap().entries().len(), 4);
    let text = fs::read_to_string(&path).unwrap();
    let cut = text.lines().take(3).map(|it| format!("{it}\n"));
    fs::write(&path, cut.collect::<String>()).unwrap();
    assert!(told(open(&path)).contains("it ends after 3 lines, and had 4"));
}

#[test]
fn another_ledger_in_its_place_is_noticed() {
    let (_folder, path) = three();
    let (_other, other) = three();
    fs::copy(&other, &path).unwrap();
    assert!(told(open(&path)).contains("line 3 is not the one that was written"));
}

#[test]
fn after_a_step_that_failed_nothing_more_is_written() {
    for forgets in [false, true] {
        let (_folder, path) = three();
        let mut ledger = open(&path).unwrap();
        let head = head::path_of(&path);
        fs::remove_file(&head).unwrap();
        fs::create_dir(&head).unwrap();
        let done = if forgets {
            ledger.forget(&[2], person("Dora"))
        } else {
            ledger.append(person("Dora"))
        };
        assert!(told(done).contains(".ledger.ndjson.head"));
        assert!(told(ledger.append(person("Emma"))).contains("an earlier write failed"));
        drop(ledger);
        fs::remove_dir(&head).unwrap();
        // What is on the disk follows, and the next run goes on from there.
        let mut ledger = open(&path).unwrap();
        assert_eq!(names(ledger.entries()).last(), Some(&(4, "Dora")));
        assert_eq!(ledger.entries().len(), if forgets { 3 } else { 4 });
        ledger.append(person("Emma")).unwrap();
    }
}
