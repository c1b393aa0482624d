//! Beginning: the folder, and exercises that are added to it.

use std::fs;
use std::path::Path;

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

/// The script that also draws videos, with a program that stands in for the one that draws.
fn init_script(workspace: &Workspace, args: &[&str]) -> wo_testkit::Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let script = root.unwrap().join("scripts/init");
    let own = Path::new(env!("CARGO_BIN_EXE_wo-collect"));
    let bin = workspace.path("bin");
    fs::create_dir_all(&bin).unwrap();
    let draws = "#!/bin/sh\nmkdir \"$2\" && echo drawn > \"$2/groups.csv\"\n";
    fs::write(bin.join("wo-synth"), draws).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(bin.join("wo-synth"), mode).unwrap();
    let own = own.parent().unwrap().display();
    let path = format!("{}:{own}:/usr/bin:/bin", bin.display());
    wo_testkit::Tool::new(script)
        .args(args)
        .current_dir(workspace.path(""))
        .env("PATH", path)
        .run()
}

#[test]
fn videos_are_drawn_only_where_nothing_is() {
    let workspace = Workspace::new();
    assert_eq!(init_script(&workspace, &["gym"]).status, 0);
    let table = "gym/sample_videos/groups.csv";
    assert_eq!(workspace.text(table), "drawn\n");
    fs::write(workspace.path(table), "mine\n").unwrap();
    assert_eq!(init_script(&workspace, &["gym"]).status, 0);
    assert_eq!(workspace.text(table), "mine\n");
    // Somebody's own videos, without a table.
    for name in ["anna.mp4", ".hidden", "deep/anna.mp4"] {
        let samples = workspace.path("own/sample_videos");
        let _ = fs::remove_dir_all(&samples);
        let path = samples.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "a video").unwrap();
        let run = init_script(&workspace, &["own"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains("no videos are drawn"), "{}", run.stderr);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a video");
        assert!(!samples.join("groups.csv").exists());
    }
    for args in [&[][..], &[""], &["a", "b"], &["--help"]] {
        let run = init_script(&workspace, args);
        assert_eq!(run.status, 2, "{args:?}: {}", run.stderr);
    }
}

#[test]
fn git_keeps_what_people_write_and_nothing_else() {
    let workspace = Workspace::new();
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        let run = command.args(args).current_dir(workspace.path(""));
        run.output().ok()
    };
    if git(&["init", "--quiet"]).is_none_or(|it| !it.status.success()) {
        wo_testkit::skip::not_available("git");
        return;
    }
    for (path, is_kept) in [
        ("data/films/IMG_0412.mp4", false),
        ("data/.forget.json", false),
        ("data/described.ndjson", false),
        ("data/ledger.ndjson", false),
        ("data/.ledger.ndjson.head", false),
        ("data/labeled_frames/records.ndjson", false),
        ("data/training_data/squat/good_form/a.mp4", false),
        ("models/ledger.ndjson", false),
        ("report.html", false),
        ("predictions.ndjson", false),
        ("sample_videos/a.mp4", false),
        ("wo.toml", true),
        ("data/sources.csv", true),
        ("data/captions.toml", true),
        ("data/training_data/Groups.csv", true),
        ("data/training_data/squat/groups.csv", true),
        ("data/training_data/squat/good_form/README.md", true),
        ("data/training_data/squat/good_form/.gitkeep", true),
        ("models/.gitkeep", true),
    ] {
        let run = git(&["check-ignore", "--quiet", "--no-index", path]).unwrap();
        assert_eq!(!run.status.success(), is_kept, "{path}");
    }
}
