//! What is said of tables, settings and a run that cannot be.

use std::fs::{self, File};

use wo_testkit::Run;

use crate::workspace::{Workspace, outcomes, records, video};

#[test]
fn bad_rows_are_named_and_the_others_go_on() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    workspace.sources(&[
        ("a.mp4", "sqaut,good"),
        ("a.mp4", "squat,good"),
        ("ftp://x/a.mp4", "squat,good"),
        ("a.mp4", "squat,bad"),
    ]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3);
    assert_eq!(
        run.stderr,
        "wo-collect: data/sources.csv:2: the exercise sqaut has no folder\n\
         hint: if squat is meant, write that\n\
         wo-collect: data/sources.csv:4: ftp: is no kind of address that is fetched\n\
         hint: write an address that begins with https://, or a path of a file\n\
         wo-collect: data/sources.csv:5: line 3 says something else of the same video\n\
         hint: delete one of the two rows\n\
         wo-collect: 4 sources: 3 refused, 1 fetched\n"
    );
    let lines: Vec<_> = records(&run, "error")
        .into_iter()
        .map(|it| it["code"].clone())
        .collect();
    assert_eq!(lines, ["bad_row", "bad_row", "bad_row"]);
    assert_eq!(records(&run, "begin").len() + records(&run, "end").len(), 2);
}

#[test]
fn an_empty_table_is_no_fault_and_a_broken_one_is() {
    let workspace = Workspace::new();
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let table = workspace.path("data/sources.csv");
    for (text, status, words) in [
        ("", 6, "hint: the first line is url,exercise"),
        ("a,b\n", 6, "no column `url`"),
        (
            "url,exercise,label\n\"a,squat,good\nb,squat,good\n",
            6,
            "a double quote opens a cell",
        ),
        ("url,exercise,lable\n", 0, "if you mean `label`, rename it"),
    ] {
        fs::write(&table, text).unwrap();
        let run = workspace.run(&[]);
        assert_eq!(run.status, status, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    fs::remove_file(&table).unwrap();
    let run = workspace.run(&[]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("hint: `wo-collect init .`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    workspace.sources(&[
        ("a.mp4", "squat,good"),
        ("https://example.invalid/v", "squat,bad,knees_cave"),
    ]);
    let run = workspace.run(&["--dry-run"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "would fetch a.mp4 into squat/good_form\n\
         would fetch https://example.invalid/v into squat/bad_form/knees_cave\n\
         wo-collect: 2 sources: 2 planned\n"
    );
    assert!(workspace.videos().is_empty());
    assert!(
        !workspace.path("data/ledger.ndjson").exists() && !workspace.path("data/.collect").exists()
    );
}

#[test]
fn a_program_that_is_missing_is_named_with_what_brings_it() {
    let workspace = Workspace::new();
    workspace.sources(&[("https://example.invalid/v", "squat,good")]);
    let run = workspace
        .tool(&[])
        .env("PATH", "")
        .env("HOME", "/none")
        .env("WO_CACHE", "/none")
        .run();
    assert_eq!(run.status, 4, "{}", run.stderr);
    assert!(
        run.stderr.contains("hint: scripts/setup collect"),
        "{}",
        run.stderr
    );
    let run = workspace.run(&["--yt-dlp", "./none"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(workspace.ledger().is_empty());
}

#[test]
fn a_missing_runtime_for_javascript_is_said_once() {
    let workspace = Workspace::new();
    // Stands in for yt-dlp: what it does is not looked at.
    let program = workspace.path("yt-dlp");
    fs::write(&program, "#!/bin/sh\necho 2026.10.26\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).unwrap();
    workspace.sources(&[
        ("https://example.invalid/1", "squat,good"),
        ("https://example.invalid/2", "squat,good"),
    ]);
    let tool = workspace.tool(&["--yt-dlp", "./yt-dlp"]);
    let run = tool.env("PATH", "").env("WO_CACHE", "/none").run();
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(
        run.stderr.matches("finds no JavaScript runtime").count(),
        1,
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("hint: scripts/setup collect brings Deno"),
        "{}",
        run.stderr
    );
}

#[test]
fn settings_that_are_not_known_are_refused() {
    let workspace = Workspace::new();
    workspace.settings("pause = 1\nmax_byte = \"1 B\"\n");
    let run = workspace.run(&[]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr
            .contains("[collect] has no key `max_byte`; write `max_bytes`"),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.run(&["--settings", "none.toml"]).status, 2);
}

#[test]
fn a_ledger_that_was_changed_is_refused() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    workspace.sources(&[("a.mp4", "squat,good,,anna")]);
    workspace.run(&[]);
    let ledger = workspace.path("data/ledger.ndjson");
    let text = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, text.replace("anna", "emma")).unwrap();
    let run = workspace.run(&[]);
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(
        run.stderr.contains("ledger.ndjson:1: the line was changed"),
        "{}",
        run.stderr
    );
}

#[test]
fn one_run_at_a_time() {
    let workspace = Workspace::new();
    let ledger = workspace.path("data/ledger.ndjson");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&ledger)
        .unwrap();
    file.try_lock().unwrap();
    let run = workspace.run(&[]);
    assert_eq!(run.status, 75, "{}", run.stderr);
    assert!(run.stderr.contains("another run has"), "{}", run.stderr);
    drop(file);
    assert_eq!(workspace.run(&[]).status, 0);
}

#[test]
fn videos_are_kept_when_nobody_reads_the_records() {
    let workspace = Workspace::new();
    let names: Vec<String> = (0..3).map(|n| format!("{n}.mp4")).collect();
    for (n, name) in (0..).zip(&names) {
        fs::write(workspace.path("data").join(name), video(n)).unwrap();
    }
    let rows: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), "squat,good"))
        .collect();
    workspace.sources(&rows);
    let run: Run = workspace.tool(&[]).into_closed_pipe();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(workspace.videos().len(), 3);
    let run = workspace.tool(&["--restore"]).into_dev_full();
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert_eq!(outcomes(&workspace.run(&[])).len(), 3);
}

#[test]
fn help_and_version_answer_without_a_workspace() {
    let workspace = Workspace::new();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["init", "--help"],
        &["forget", "--help"],
    ] {
        assert_eq!(workspace.run(arguments).status, 0);
    }
    assert!(!workspace.run(&["--help"]).stdout.contains("guard"));
    assert_eq!(workspace.run(&["--no-such-flag"]).status, 2);
}

#[test]
fn a_local_file_that_is_missing_has_one_cure() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/b.mp4"), "G").unwrap();
    workspace.sources(&[("a.mp4", "squat,good"), ("b.mp4", "squat,good")]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    let expected = "wo-collect: data/sources.csv:2: a.mp4: data/a.mp4 is not there\n\
         hint: put the file there, then: wo-collect --retry-failed; or correct the path in the column url\n\
         wo-collect: data/sources.csv:3: b.mp4: the file is no video\n\
         hint: play it; if it does not play, correct the path in the column url\n\
         hint: it is tried again after ";
    assert!(run.stderr.starts_with(expected), "{}", run.stderr);
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    assert_eq!(
        outcomes(&workspace.run(&["--retry-failed"]))[0].1,
        "fetched"
    );
}

#[test]
fn columns_and_addresses_that_are_written_wrong_say_what_to_write() {
    let workspace = Workspace::new();
    let table = "url,exercise,label,person,person\nhttps://example.org/a b.mp4,squat,good,,\n";
    fs::write(workspace.path("data/sources.csv"), table).unwrap();
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    for words in [
        "the column `person` is there twice, and only the first `person` is read\n",
        "the url has a space in it\nhint: write it percent-encoded: https://example.org/a%20b.mp4\n",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn a_terminal_gets_lines_and_a_pipe_records() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    workspace.sources(&[("a.mp4", "squat,good"), ("b.mp4", "squat,good")]);
    let run = workspace.tool(&["--dry-run"]).into_terminal();
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let run = workspace.tool(&[]).into_terminal();
    assert_eq!(run.status, 3, "{}", run.stderr);
    let video = workspace.videos().remove(0);
    let expected = format!(
        "fetched    a.mp4  data/training_data/{video}\ngone       b.mp4  data/b.mp4 is not there\n"
    );
    assert_eq!(run.stdout, expected);
    let known = workspace.tool(&[]).into_terminal().stdout;
    assert_eq!(known, expected.replace("fetched", "known  "));
    assert_eq!(records(&workspace.run(&[]), "source").len(), 2);
}

#[test]
fn names_of_exercises_and_folders_that_cannot_be_are_refused() {
    let workspace = Workspace::new();
    for (name, meant) in [("../x", "x"), ("a/b", "a_b"), ("a.b", "a_b")] {
        let run = workspace.run(&["add-exercise", name]);
        assert_eq!(run.status, 2, "{name}: {}", run.stderr);
        let cure = format!("hint: if {meant} is meant: wo-collect add-exercise {meant}\n");
        assert!(run.stderr.contains(&cure), "{}", run.stderr);
        assert!(!workspace.path("data/training_data").join(meant).exists());
    }
    let run = workspace.run(&["add-exercise", "squats"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("squats is a new exercise beside squat\nhint: if squat is meant, remove"),
        "{}",
        run.stderr
    );
    let run = workspace.run(&["init", "wo.toml"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "wo-collect: wo.toml is a file, and a workspace is a folder\n\
         hint: name a folder; it is made where it is not there\n"
    );
}
