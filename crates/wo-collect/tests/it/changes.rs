//! Rows that change after their video was fetched.

use std::fs;

use crate::workspace::{Workspace, outcomes, video};

fn collected(rest: &str) -> Workspace {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), video(1)).unwrap();
    workspace.sources(&[("a.mp4", rest)]);
    assert_eq!(workspace.run(&[]).status, 0);
    workspace
}

#[test]
fn a_changed_label_moves_the_video() {
    let workspace = collected("squat,good,,anna,gym,side");
    let stem = workspace.videos()[0]
        .strip_prefix("squat/good_form/")
        .unwrap()
        .to_owned();
    workspace.sources(&[("a.mp4", "squat,bad,knees_cave,anna,gym,front,,,own,yes")]);
    let run = workspace.run(&[]);
    assert_eq!(
        (run.status, outcomes(&run)[0].1.as_str()),
        (0, "known"),
        "{}",
        run.stderr
    );
    let to = format!("squat/bad_form/knees_cave/{stem}");
    assert_eq!(workspace.videos(), std::slice::from_ref(&to));
    let groups = workspace.text("data/training_data/groups.csv");
    assert_eq!(
        groups,
        format!("path,person_id,source_id,angle\n{to},anna,gym,front\n")
    );
    let ledger = workspace.ledger();
    assert_eq!(
        (&ledger[1]["kind"], &ledger[1]["said"]["consent"]),
        (&"changed".into(), &"yes".into())
    );
    assert_eq!(ledger[1]["file"]["path"], to);
    // It changes once.
    let run = workspace.run(&[]);
    assert_eq!((run.status, workspace.ledger().len()), (0, 2));
}

#[test]
fn a_row_of_groups_that_a_person_changed_holds() {
    let workspace = collected("squat,good,,anna");
    let table = workspace.path("data/training_data/groups.csv");
    let text = fs::read_to_string(&table)
        .unwrap()
        .replace(",anna,", ",Ben,");
    fs::write(&table, &text).unwrap();
    workspace.sources(&[("a.mp4", "squat,good,,carl")]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("groups.csv says something else"),
        "{}",
        run.stderr
    );
    assert_eq!(fs::read_to_string(&table).unwrap(), text);
}

#[test]
fn a_file_that_a_person_moved_stays_where_it_is() {
    let workspace = collected("squat,good,,anna");
    let videos = workspace.path("data/training_data");
    let video = workspace.videos().remove(0);
    let moved = video.replace("good_form", "unclear");
    fs::rename(videos.join(&video), videos.join(&moved)).unwrap();
    workspace.sources(&[("a.mp4", "squat,bad,,anna")]);
    for _ in 0..2 {
        let run = workspace.run(&[]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_eq!(workspace.videos(), std::slice::from_ref(&moved));
        assert!(
            run.stderr
                .contains("has the label of its folder, and this row says squat/bad_form"),
            "{}",
            run.stderr
        );
    }
    // The cure works.
    let run = workspace.run(&[]);
    let mut lines = run.stderr.lines();
    let cure = lines.find_map(|it| it.split_once("move the file: "));
    let done = wo_testkit::Tool::new("/bin/sh")
        .args(["-c", cure.unwrap().1])
        .current_dir(workspace.path(""))
        .run();
    assert_eq!(done.status, 0, "{}", done.stderr);
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(workspace.videos()[0].starts_with("squat/bad_form/"));
}

#[test]
fn a_video_that_no_row_names_any_more_is_said() {
    let workspace = collected("squat,good,,anna");
    let old = workspace.videos().remove(0);
    assert_eq!(workspace.run(&[]).stderr, "");
    fs::write(workspace.path("data/b.mp4"), video(2)).unwrap();
    // Another address.
    workspace.sources(&[("b.mp4", "squat,good,,anna")]);
    for _ in 0..2 {
        let run = workspace.run(&[]);
        assert_eq!((run.status, workspace.videos().len()), (0, 2));
        let words = format!("names the same address, start and end, and stays in use: {old}\n");
        assert!(run.stderr.contains(&words), "{}", run.stderr);
        assert!(
            run.stderr
                .contains("hint: delete what is not wanted, such as: rm data/"),
            "{}",
            run.stderr
        );
    }
    // A row that cannot be used is named for itself.
    workspace.sources(&[("b.mp4", "squat,good,,anna"), ("a.mp4", "sqaut,good")]);
    assert!(!workspace.run(&[]).stderr.contains("stays in use"));
    workspace.sources(&[("b.mp4", "squat,good,,anna")]);
    fs::remove_file(workspace.path("data/training_data").join(&old)).unwrap();
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}
