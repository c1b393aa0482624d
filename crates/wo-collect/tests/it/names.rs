//! What is misspelt or contradicts itself, and how targets of a takedown may be written.

use std::fs;

use wo_testkit::{Run, TempDir, tempdir};

use crate::gym::{self, FILMS};
use crate::tool;
use crate::workspace::{Workspace, outcomes, video};

#[test]
fn misspelt_faults_and_angles_are_said_and_stop_nothing() {
    let workspace = Workspace::new();
    for n in 0..3 {
        fs::write(workspace.path(&format!("data/{n}.mp4")), video(n)).unwrap();
    }
    workspace.sources(&[
        ("0.mp4", "squat,bad,knee_cave,anna,gym,sidewise"),
        ("1.mp4", "squat,bad,knees_cave;wobbly,anna,gym,front left"),
        ("2.mp4", "squat,good,,anna,gym,above"),
    ]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "wo-collect: data/sources.csv:2: squat has no fault knee_cave in the captions table\n\
         hint: if knees_cave is meant, write that; else add knee_cave to captions.toml\n\
         wo-collect: data/sources.csv:2: the angle sidewise is none of front, oblique, side, back\n\
         hint: if side is meant, write that\n\
         wo-collect: data/sources.csv:4: the angle above is none of front, oblique, side, back\n\
         hint: write the nearest of them, since angles count by their names\n\
         wo-collect: 3 sources: 3 fetched\n"
    );
    // A fault of one's own table is known.
    let captions = workspace.path("data/captions.toml");
    let text = fs::read_to_string(&captions).unwrap_or_default();
    let fault = "\n[exercises.squat.faults.knee_cave]\nobservations = [\"one knee\"]\n";
    fs::write(&captions, text + fault).unwrap();
    let run = workspace.run(&["--dry-run"]);
    assert!(!run.stderr.contains("knee_cave"), "{}", run.stderr);
}

#[test]
fn settings_that_are_wrong_are_named_by_all_tasks() {
    let workspace = Workspace::new();
    workspace.settings("max_byte = \"1 B\"\n");
    for arguments in [
        &["check"][..],
        &["check", "--settings", "wo.toml"],
        &["forget", "anna", "--dry-run"],
        &["forget", "anna", "--why", "asked"],
    ] {
        let run = workspace.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(
            run.stderr
                .contains("[collect] has no key `max_byte`; write `max_bytes`"),
            "{}",
            run.stderr
        );
    }
    fs::remove_file(workspace.path("wo.toml")).unwrap();
    let run = workspace.run(&["check", "--settings", "none.toml"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("read none.toml"), "{}", run.stderr);
}

/// A folder with videos and a table of groups.
fn checked(videos: &[&str], groups: &str) -> (TempDir, Run) {
    let folder = tempdir().unwrap();
    for path in videos {
        let path = folder.path().join("data/training_data").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, path.to_str().unwrap()).unwrap();
    }
    fs::write(folder.path().join("data/training_data/groups.csv"), groups).unwrap();
    let table = "url,exercise,lable\n";
    fs::write(folder.path().join("data/sources.csv"), table).unwrap();
    let run = tool().arg("check").current_dir(folder.path()).run();
    (folder, run)
}

#[test]
fn check_names_what_is_wrong_with_tables() {
    let videos = [
        "squat/good_form/a.mp4",
        "squat/good_form/b.mp4",
        "squat/bad_form/kness_cave/c.mp4",
        "squat/bad_form/knees_cave-shalow_depth/d.mp4",
    ];
    let groups = "path,persn_id,person,angle\nsquat/good_form/a.mp4,x,anna,side\n\
                  squat/good_form/b.mp4,,ben,sidewise\n./squat/good_form/a.mp4,,ben,side\n\
                  squat/good_form/b.mp4,,Ben,Sidewise\nsquat/good_form/z.mp4,,\"zoe\nb\",side\n";
    let (_folder, run) = checked(&videos, groups);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for words in [
        "contradicting_rows: data/training_data/groups.csv: lines 2, 4 say different things of squat/good_form/a.mp4\n  delete all of them but one",
        "unknown_angle: data/training_data/groups.csv: the angle sidewise is none of front, oblique, side, back: line 3, 5\n  if side is meant, write that",
        "wrong_column: data/sources.csv: the column `lable` is not read\n  if you mean `label`, rename it",
        "row_without_video: 1 row names no video: data/training_data/groups.csv:6 squat/good_form/z.mp4",
        "misspelt_fault: squat: 1 video under the name kness_cave, which is no fault that is known\n  if knees_cave is meant, rename it to knees_cave",
        "misspelt_fault: squat: 1 video under the name shalow_depth, which is no fault that is known\n  if shallow_depth is meant",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    assert_eq!(
        run.stdout.matches("contradicting_rows").count(),
        1,
        "{}",
        run.stdout
    );
    let (_folder, run) = checked(&videos, "path,persn_id\nsquat/good_form/a.mp4,anna\n");
    let words = "wrong_column: data/training_data/groups.csv: the column `persn_id` is not read\n  if you mean `person_id`, rename it";
    assert!(run.stdout.contains(words), "{}", run.stdout);
}

#[test]
fn a_name_of_several_lines_stays_on_one() {
    let videos = ["squat/good_form/a.mp4", "squat/good_form/b.mp4"];
    let groups =
        "path,person_id\nsquat/good_form/a.mp4,\"an\nna\"\nsquat/good_form/b.mp4,\"an\nna\"\n";
    let (_folder, run) = checked(&videos, groups);
    assert!(
        run.stdout.contains("show an\\nna: a model"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_copy_without_a_label_is_not_called_another_label() {
    let folder = tempdir().unwrap();
    for path in ["squat/good_form/a.mp4", "b.mp4"] {
        let path = folder.path().join("data/training_data").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "the same").unwrap();
    }
    let run = tool().arg("check").current_dir(folder.path()).run();
    let words =
        "b.mp4 and squat/good_form/a.mp4 are the same file, and no label is known of b.mp4\n";
    assert!(run.stdout.contains(words), "{}", run.stdout);
    let none = tool()
        .arg("check")
        .current_dir(folder.path().join("data"))
        .run();
    assert_eq!(none.status, 2);
    assert!(
        none.stderr
            .contains("hint: wo-collect init DIR makes a workspace"),
        "{}",
        none.stderr
    );
}

#[test]
fn a_takedown_knows_paths_as_tables_and_the_shell_write_them() {
    let workspace = gym::Workspace::new();
    let path = FILMS[2].path;
    let absolute = workspace.dir().join("data/training_data").join(path);
    let dry = |target: &str| {
        tool()
            .args(["forget", target, "--dry-run"])
            .current_dir(workspace.dir())
            .run()
    };
    for target in [
        path,
        &format!("./{path}"),
        &format!("data/training_data/{path}"),
        &format!("./data/training_data/{path}"),
        &format!("video:{path}"),
        absolute.to_str().unwrap(),
    ] {
        let run = dry(target);
        assert_eq!(run.status, 0, "{target}: {}", run.stderr);
        assert!(
            run.stderr.contains("would forget 1 video:"),
            "{target}: {}",
            run.stderr
        );
    }
    for target in [
        "squat/bad_form/bne_1.mp4",
        "data/training_data/squat/bad_form/bne_1.mp4",
        "bne_1.mp4",
    ] {
        let run = dry(target);
        assert_eq!(run.status, 1, "{target}: {}", run.stderr);
        for words in [
            "hint: if you mean ",
            "ben_1.mp4",
            "hint: a target is a person or a source",
        ] {
            assert!(run.stderr.contains(words), "{target}: {}", run.stderr);
        }
    }
}

#[test]
fn a_takedown_knows_a_local_file_by_its_cell() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("data/films")).unwrap();
    fs::write(workspace.path("data/films/c.mp4"), video(1)).unwrap();
    fs::write(workspace.path("data/films/d.mp4"), video(2)).unwrap();
    workspace.sources(&[
        ("films/c.mp4", "squat,good,,anna"),
        ("films/d.mp4", "squat,good,,ben"),
    ]);
    assert_eq!(workspace.run(&[]).status, 0);
    for target in [
        "films/c.mp4",
        "data/films/c.mp4",
        "./data/films/c.mp4",
        "url:films/c.mp4",
    ] {
        let run = workspace.run(&["forget", target, "--dry-run"]);
        assert_eq!(run.status, 0, "{target}: {}", run.stderr);
        assert!(
            run.stderr.contains("would forget 1 video:"),
            "{target}: {}",
            run.stderr
        );
    }
    let cache = workspace.path("cache");
    let forget = workspace.tool(&["forget", "films/c.mp4", "--why", "asked"]);
    let run = forget.env("XDG_CACHE_HOME", cache).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!workspace.path("data/films/c.mp4").exists());
    assert_eq!(workspace.videos().len(), 1);
    let table = workspace.text("data/sources.csv");
    assert!(
        !table.contains("anna") && table.contains("films/d.mp4"),
        "{table}"
    );
}

#[test]
fn the_row_of_a_video_that_was_moved_goes_along() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    workspace.sources(&[("a.mp4", "squat,good,,anna,gym,side")]);
    assert_eq!(workspace.run(&[]).status, 0);
    let old = workspace.videos().remove(0);
    let new = old.replace("good_form", "unclear");
    let videos = workspace.path("data/training_data");
    fs::rename(videos.join(&old), videos.join(&new)).unwrap();
    for _ in 0..2 {
        let run = workspace.run(&[]);
        assert_eq!(
            (run.status, outcomes(&run)[0].1.as_str()),
            (0, "known"),
            "{}",
            run.stderr
        );
        assert_eq!(
            workspace.text("data/training_data/groups.csv"),
            format!("path,person_id,source_id,angle\n{new},anna,gym,side\n")
        );
    }
}
