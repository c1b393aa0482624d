//! The reader refuses records whose ids and names could not be parts of a path.

use wo_record::{DEFAULT_MAX_LINE, ReadError, Reader};
use wo_testkit::stream;

/// How many lines of a stream are read, its first and its last among them, and the causes of the others.
fn read(lines: &[&str]) -> (usize, Vec<String>) {
    let text = stream(lines);
    let mut input = text.as_bytes();
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    let (mut n_read, mut causes) = (0, Vec::new());
    loop {
        match reader.next_line() {
            Ok(Some(_)) => n_read += 1,
            Ok(None) => return (n_read, causes),
            Err(ReadError::Line { number, cause, .. }) => causes.push(format!("{number}: {cause}")),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_path_is_no_id_and_the_next_line_is_read() {
    let frame = |id: &str| {
        format!(
            r#"{{"type":"frame","video_id":"{id}","index":0,"image":{{"inline":{{"jpeg_base64":""}}}}}}"#
        )
    };
    let (bad, good) = (frame("../../etc/x"), frame("af13"));
    let absolute = frame("/etc/x");
    let video = r#"{"type":"video","video_id":"af13","path":null}"#;
    let (n_read, causes) = read(&[video, &bad, &good, &absolute]);
    assert_eq!(n_read, 4);
    assert_eq!(
        causes,
        [
            "3: the video_id \"../../etc/x\" is no id: up to 128 of A-Z a-z 0-9 _ - . and no - or . first",
            "5: the video_id \"/etc/x\" is no id: up to 128 of A-Z a-z 0-9 _ - . and no - or . first"
        ]
    );
}

#[test]
fn a_name_of_101_bytes_is_refused_and_one_of_100_is_read() {
    let video = |n: usize| {
        let name = "n".repeat(n);
        format!(r#"{{"type":"video","video_id":"v","path":null,"label":"{name}"}}"#)
    };
    let (n_read, causes) = read(&[&video(100), &video(101)]);
    assert_eq!((n_read, causes.len()), (3, 1));
    assert!(causes[0].starts_with("3: the label"), "{causes:?}");
}

#[test]
fn what_is_not_known_passes() {
    let other = r#"{"type":"new_kind","video_id":"../x"}"#;
    assert_eq!(read(&[other]), (3, Vec::new()));
}
