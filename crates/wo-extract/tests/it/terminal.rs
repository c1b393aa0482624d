//! A terminal as the place where records go.

use crate::harness::tool;
use crate::videos;

#[test]
fn pictures_do_not_go_to_a_terminal_and_the_hint_works() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 8, "ball");
    let refused = tool(dir.path(), &["a.mp4"]).into_terminal();
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    for hint in ["--out DIR", "> FILE", "wo-extract probe PATH --table"] {
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
    for args in [
        &["a.mp4", "--out", "out"][..],
        &["probe", "a.mp4", "--table"],
        &["probe", "a.mp4"],
    ] {
        let run = tool(dir.path(), args).into_terminal();
        assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
        let is_short = run.stdout.lines().all(|line| line.len() < 2000);
        assert!(is_short && run.stdout.contains("a.mp4"), "{}", run.stdout);
    }
    let piped = tool(dir.path(), &["a.mp4"]).run();
    assert!(piped.status == 0 && piped.stdout.contains("jpeg_base64"));
}

#[test]
fn what_is_missing_is_said_before_where_pictures_go() {
    let dir = wo_testkit::tempdir().unwrap();
    let run = tool(dir.path(), &[]).into_terminal();
    assert!(
        run.status == 2 && run.stderr.contains("no videos named"),
        "{}",
        run.stderr
    );
}
