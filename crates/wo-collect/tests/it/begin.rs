//! Beginning: the folder, and exercises that are added to it.

use std::fs;

use wo_label::{Captions, MissingEntry};
use wo_record::{BAD_FORM, GOOD_FORM, Name};
use wo_testkit::tempdir;

use crate::workspace::Workspace;

#[test]
fn a_folder_is_made_once_and_nothing_that_is_there_is_touched() {
    let workspace = Workspace::new();
    for path in [
        "README.md",
        ".gitignore",
        "wo.toml",
        "data/sources.csv",
        "data/captions.toml",
        "data/training_data/groups.csv",
        "data/training_data/squat/good_form/README.md",
        "data/training_data/overhead_press/unclear/.gitkeep",
        "models/.gitkeep",
        "sample_videos/.gitkeep",
    ] {
        assert!(workspace.path(path).is_file(), "{path}");
    }
    assert_eq!(
        fs::read_dir(workspace.path("data/training_data"))
            .unwrap()
            .count(),
        6
    );
    fs::write(workspace.path("wo.toml"), "# mine\n").unwrap();
    fs::remove_file(workspace.path("data/captions.toml")).unwrap();
    let run = workspace.run(&["init", "."]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(
        run.stderr,
        ".: made 1 file; ./README.md says how to go on\n"
    );
    assert_eq!(workspace.text("wo.toml"), "# mine\n");
    let run = workspace.run(&["init", "."]);
    assert_eq!(run.stderr, ".: all of it is there already\n");
}

#[test]
fn a_page_says_where_to_find_videos_and_what_their_licences_allow() {
    let workspace = Workspace::new();
    let page = workspace.text("data/training_data/deadlift/bad_form/README.md");
    for part in [
        "# Deadlift, bad form",
        "`deadlift common mistakes`",
        "`rounded_back`",
        "CC BY",
        "Pexels",
        "wo-collect forget",
        "no legal advice",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let workspace = Workspace::new();
    let dir = folder.path().join("file/gym");
    let run = workspace.run(&["init", dir.to_str().unwrap()]);
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(run.stderr.contains("file/gym"), "{}", run.stderr);
}

#[test]
fn exercises_are_added_and_one_that_is_there_is_refused() {
    let workspace = Workspace::new();
    for (name, folder) in [("lunge", "lunge"), ("Push Up", "push_up")] {
        let run = workspace.run(&["add-exercise", name]);
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
        assert!(
            run.stderr.contains("say in data/captions.toml"),
            "{}",
            run.stderr
        );
        for label in ["good_form", "bad_form", "unclear"] {
            let path = format!("data/training_data/{folder}/{label}/README.md");
            assert!(workspace.path(&path).is_file(), "{path}");
        }
        // What wo-describe needs is there.
        let captions = Captions::parse(&workspace.text("data/captions.toml")).unwrap();
        for label in [GOOD_FORM, BAD_FORM] {
            let (name, label) = (Name::new(name), Name::new(label));
            assert!(captions.missing_words(&name, &label, &[]).is_empty());
            let faults = captions.missing_words(&name, &Name::new(BAD_FORM), &[Name::new("slow")]);
            assert_eq!(faults[0].what, MissingEntry::Fault(Name::new("slow")));
        }
    }
    let before = workspace.text("data/captions.toml");
    for name in ["push-up", "squat", "--", ""] {
        let run = workspace.run(&["add-exercise", "--", name]);
        assert_eq!(run.status, 2, "{name}: {}", run.stderr);
    }
    assert_eq!(workspace.text("data/captions.toml"), before);
    assert!(!workspace.path("data/training_data/push-up").exists());
}

#[test]
fn a_captions_table_that_cannot_be_read_is_not_changed() {
    let workspace = Workspace::new();
    let text = "[exercises.lunge\n";
    fs::write(workspace.path("data/captions.toml"), text).unwrap();
    let run = workspace.run(&["add-exercise", "lunge"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("read data/captions.toml"),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.text("data/captions.toml"), text);
    let run = workspace.run(&["add-exercise", "lunge", "--captions", "words/mine.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        workspace
            .text("words/mine.toml")
            .contains("[exercises.lunge]")
    );
}
