//! The order of records: what a reader says of one that is out of place, and what may be done about it.

use wo_record::{DEFAULT_MAX_LINE, ReadError, Reader};
use wo_testkit::{BEGIN, end};

fn video(id: &str) -> String {
    format!(r#"{{"type":"video","video_id":"{id}"}}"#)
}

fn frame(id: &str) -> String {
    format!(
        r#"{{"type":"frame","video_id":"{id}","index":0,"image":{{"inline":{{"jpeg_base64":""}}}}}}"#
    )
}

/// What is read of these lines: the types, and for a bad line what is said of it, with the hint.
fn read(lines: &[String]) -> Vec<String> {
    let text = lines.join("\n");
    let mut input = text.as_bytes();
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    let mut seen = Vec::new();
    loop {
        match reader.next_line() {
            Ok(None) => return seen,
            Ok(Some(line)) => seen.push(line.record.expect("a known type").kind().to_owned()),
            Err(error) => {
                let hint = error.hint().unwrap_or_default();
                seen.push(format!("{error}; {hint}"));
                if !matches!(error, ReadError::Line { .. }) {
                    return seen;
                }
            }
        }
    }
}

fn stream(lines: &[String]) -> Vec<String> {
    [&[BEGIN.to_owned()], lines, &[end(0, 0, 0)]].concat()
}

#[test]
fn a_frame_before_its_video_is_named_with_its_line_and_the_cure() {
    let seen = read(&stream(&[frame("a"), video("a"), frame("a")]));
    let place = format!("line 2 (byte {})", BEGIN.len() + 1);
    assert_eq!(
        seen[1],
        format!(
            "{place}: a `frame` record of video a, and no `video` record of it came before; put each frame behind the \
             `video` record of its video and before the next video, as wo-extract writes them; a filter must keep both the \
             order and the `video` records"
        )
    );
    // The others are read, for those who skip bad lines.
    assert_eq!(seen[2..], ["video", "frame", "end"]);
}

#[test]
fn a_frame_whose_video_never_comes_or_is_not_the_last_one_is_out_of_place() {
    let never = read(&stream(&[video("a"), frame("b")]));
    assert!(
        never[2].contains("of video b, and no `video` record of it came"),
        "{never:?}"
    );
    let other = read(&stream(&[video("a"), video("b"), frame("a"), frame("b")]));
    assert!(
        other[3].contains("of video a, whose `video` record is line 2, and line 3 came between"),
        "{other:?}"
    );
    assert_eq!(other[4..], ["frame", "end"]);
}

#[test]
fn a_video_may_come_again_and_streams_may_follow_one_another() {
    let one = stream(&[video("a"), frame("a"), video("a"), frame("a")]);
    let other = stream(&[video("b"), frame("b"), video("a"), frame("a")]);
    let seen = read(&[one.clone(), other].concat());
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert!(seen.iter().all(|it| !it.contains(' ')), "{seen:?}");
    // Each stream has its own videos.
    let alone = stream(&[frame("a")]);
    let seen = read(&[one, alone].concat());
    assert!(
        seen[7].contains("whose `video` record is line 4, and line 7 came between"),
        "{seen:?}"
    );
}

#[test]
fn what_follows_end_is_named_with_the_cure() {
    let mut lines = stream(&[video("a"), frame("a")]);
    lines.push(frame("a"));
    let seen = read(&lines);
    assert!(
        seen[4].contains(
            "a `frame` record with no `begin` record before it; nothing may follow `end`"
        ),
        "{seen:?}"
    );
}

#[test]
fn frames_that_are_kept_apart_need_no_videos() {
    let text = stream(&[frame("a"), frame("b")]).join("\n");
    let mut input = text.as_bytes();
    let mut reader = Reader::of_frames_alone(&mut input, DEFAULT_MAX_LINE);
    let mut n_lines = 0;
    while reader.next_line().expect("in order").is_some() {
        n_lines += 1;
    }
    assert_eq!(n_lines, 4);
}
