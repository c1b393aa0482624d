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
    assert_eq!(workspace.run(&[]).status, 0);
    assert_eq!(workspace.videos(), [moved]);
}
