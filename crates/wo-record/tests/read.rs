//! What a reader takes, what it refuses, and what it says of it.

// Longer than 400 lines: one case for each error of a stream.

use std::io::{BufRead, BufReader, Read, repeat};

use wo_record::{DEFAULT_MAX_LINE, Kind, Line, ReadError, Reader, Record};

const BEGIN: &str =
    r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
const END: &str = r#"{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#;
const FRAME: &str =
    r#"{"type":"frame","video_id":"v","index":0,"image":{"inline":{"jpeg_base64":""}}}"#;

const VIDEO: &str = r#"{"type":"video","video_id":"v"}"#;

/// All that a reader gives out: `type@line+byte` for a line, the message for an error. Goes on after bad lines.
fn read(input: &[u8]) -> Vec<String> {
    read_from(&mut &*input, DEFAULT_MAX_LINE)
}

fn read_from(input: &mut dyn BufRead, max_line: u64) -> Vec<String> {
    let mut reader = Reader::new(input, max_line);
    let mut seen = Vec::new();
    loop {
        match reader.next_line() {
            Ok(Some(line)) => seen.push(short(&line)),
            Ok(None) => return seen,
            Err(error) => {
                seen.push(
                    error
                        .to_string()
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                );
                if !matches!(error, ReadError::Line { .. }) {
                    return seen;
                }
            }
        }
    }
}

fn short(line: &Line) -> String {
    let kind = match &line.record {
        Ok(record) => record.kind(),
        Err(Kind(kind)) => kind,
    };
    format!("{kind}@{}+{}", line.number, line.offset)
}

/// One line inside a stream that is whole: `None` where it is taken, else what the reader says of it.
fn complaint(line: &[u8]) -> Option<String> {
    let head = format!("{BEGIN}\n{VIDEO}\n");
    let input = [head.as_bytes(), line, b"\n", END.as_bytes(), b"\n"].concat();
    let seen = read(&input);
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[0], "begin@1+0");
    assert!(
        seen[3].starts_with("end@4+"),
        "the line after a bad one is read: {seen:?}"
    );
    let place = format!("line 3 (byte {}): ", head.len());
    let complaint = seen[2].strip_prefix(&place).map(str::to_owned);
    assert!(complaint.is_some() || seen[2].contains("@3+"), "{seen:?}");
    complaint
}

fn check_refused(line: &str, expected: &str) {
    assert_eq!(
        complaint(line.as_bytes()).as_deref(),
        Some(expected),
        "{line}"
    );
}

fn check_taken(line: &str) {
    assert_eq!(complaint(line.as_bytes()), None, "{line}");
}

/// `FRAME` with one more field.
fn frame_with(field: &str) -> String {
    format!("{},{field}}}", &FRAME[..FRAME.len() - 1])
}

#[test]
fn a_whole_stream_is_read() {
    let input = format!("{BEGIN}\n{VIDEO}\n{END}\n");
    let (video, end) = (BEGIN.len() + 1, BEGIN.len() + VIDEO.len() + 2);
    assert_eq!(
        read(input.as_bytes()),
        [
            "begin@1+0",
            &format!("video@2+{video}"),
            &format!("end@3+{end}")
        ]
    );
}

#[test]
fn line_ends_blank_lines_and_a_byte_order_mark_do_not_matter() {
    let input = format!("\u{feff}{BEGIN}\r\n\r\n \t\n{VIDEO}\r\n\n{END}");
    let seen = read(input.as_bytes());
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[2].starts_with("end@6+"), "{seen:?}");
}

#[test]
fn a_byte_order_mark_inside_a_stream_is_no_record() {
    check_refused(
        &format!("\u{feff}{FRAME}"),
        "not a record: expected value at column 1",
    );
}

#[test]
fn bad_utf8_has_its_place() {
    assert_eq!(
        complaint(b"{\"type\":\"\xff\"}").as_deref(),
        Some("not UTF-8 at its byte 9")
    );
    assert_eq!(
        complaint(b"\xed\xa0\x80").as_deref(),
        Some("not UTF-8 at its byte 0")
    );
}

#[test]
fn what_is_no_object_with_a_type_is_no_record() {
    check_refused("hello", "not a record: expected value at column 1");
    check_refused(
        "[1]",
        "not a record: invalid type: integer `1`, expected a string at column 2",
    );
    check_refused("{}", "not a record: missing field `type` at column 2");
    check_refused(
        r#"{"type":7}"#,
        "not a record: invalid type: integer `7`, expected a string at column 9",
    );
    check_refused(
        &format!("{FRAME}{FRAME}"),
        &format!(
            "not a record: trailing characters at column {}",
            FRAME.len() + 1
        ),
    );
    check_refused(
        &FRAME[..20],
        "not a record: EOF while parsing a string at column 20",
    );
}

#[test]
fn a_duplicate_field_is_refused() {
    check_refused(
        &frame_with(r#""index":1"#),
        "not a record: duplicate field `index` at column 86",
    );
    check_refused(
        r#"{"type":"frame","type":"video"}"#,
        "not a record: duplicate field `type` at column 22",
    );
}

#[test]
fn numbers_have_their_ranges() {
    check_refused(
        &frame_with(r#""pts_ms":NaN"#),
        "not a record: expected value at column 89",
    );
    check_refused(
        &frame_with(r#""pts_ms":1e999"#),
        "not a record: number out of range at column 93",
    );
    check_refused(
        &frame_with(r#""pts_ms":Infinity"#),
        "not a record: expected value at column 89",
    );
    check_taken(&frame_with(r#""pts_ms":1e39"#));
    check_refused(
        &FRAME.replace("\"index\":0", "\"index\":-1"),
        "not a record: invalid value: integer `-1`, expected u32 at column 41",
    );
    check_refused(
        &FRAME.replace("\"index\":0", "\"index\":4294967296"),
        "not a record: invalid value: integer `4294967296`, expected u32 at column 49",
    );
    let end = |n: &str| {
        let line = format!(r#"{{"type":"end","n_videos":{n},"n_frames":0,"n_errors":0}}"#);
        read(format!("{BEGIN}\n{line}\n").as_bytes()).swap_remove(1)
    };
    assert_eq!(
        end("18446744073709551615"),
        format!("end@2+{}", BEGIN.len() + 1)
    );
    assert!(
        end("18446744073709551616").contains("expected u64"),
        "{}",
        end("18446744073709551616")
    );
}

#[test]
fn a_lone_surrogate_is_no_text() {
    check_refused(
        &FRAME.replace("\"v\"", r#""\ud800""#),
        "not a record: unexpected end of hex escape at column 35",
    );
    // In a field that nobody reads it does no harm, and passes through as it came.
    check_taken(&frame_with(r#""note":"\ud800""#));
}

#[test]
fn depth_costs_nothing() {
    for depth in [200, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        check_taken(&frame_with(&format!(r#""deep":{open}{close}"#)));
        check_taken(&format!(r#"{{"type":"unheard_of","deep":{open}{close}}}"#));
        let in_field = frame_with(&format!(r#""faults":{open}{close}"#));
        assert!(complaint(in_field.as_bytes()).is_some(), "{depth}");
    }
}

#[test]
fn what_is_not_known_is_taken() {
    check_taken(&frame_with(
        r#""stage":{"bottom":true},"":null,"weird\u0000name":1e999"#,
    ));
    check_taken(r#"{"type":"unheard_of"}"#);
    check_taken(r#"{"a":1,"type":"unheard_of"}"#);
}

#[test]
fn a_long_line_costs_no_memory_and_the_next_one_is_read() {
    for (n_bytes, max_line) in [(10 << 20, 1000), (10 << 20, 10 << 10), (1 << 29, 1 << 20)] {
        let before = peak_kib();
        let begin = format!("{BEGIN}\n");
        let rest = format!("\n{END}\n");
        let long = repeat(b'x').take(n_bytes);
        let mut input = BufReader::new(begin.as_bytes().chain(long).chain(rest.as_bytes()));
        let seen = read_from(&mut input, max_line);
        let (bad, end) = (begin.len(), begin.len() as u64 + n_bytes + 1);
        let complaint = format!("line 2 (byte {bad}): longer than {max_line} bytes");
        assert_eq!(seen, ["begin@1+0", &complaint, &format!("end@3+{end}")]);
        let grown_kib = peak_kib() - before;
        assert!(grown_kib < 64 << 10, "{grown_kib} KiB for {n_bytes} bytes");
    }
}

/// The most memory that this process has had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("Linux says it");
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number")
}

#[test]
fn the_limit_is_on_the_line_without_its_end() {
    let input = format!("{BEGIN}\n{VIDEO}\n{END}\n");
    let longest = BEGIN.len().max(VIDEO.len()) as u64;
    assert_eq!(read_from(&mut input.as_bytes(), longest).len(), 3);
    assert!(
        read_from(&mut input.as_bytes(), longest - 1)[0]
            .ends_with(&format!("longer than {} bytes", longest - 1))
    );
    assert_eq!(read_from(&mut input.as_bytes(), u64::MAX).len(), 3);
    // The last line may end with the input.
    assert_eq!(
        read_from(&mut input.trim_end().as_bytes(), longest).len(),
        3
    );
}

#[test]
fn bad_lines_are_skipped_on_demand() {
    let input = format!("{BEGIN}\nx\n{VIDEO}\n{{}}\n{END}\n");
    let mut told = Vec::new();
    let mut input = input.as_bytes();
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    reader.skip_bad_lines(|error| told.push(error.to_string()));
    let mut kinds = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        kinds.push(line.record.unwrap().kind());
    }
    assert_eq!(kinds, ["begin", "video", "end"]);
    assert_eq!(reader.n_skipped(), 2);
    drop(reader);
    assert!(told[0].starts_with("line 2 (byte "), "{told:?}");
    assert!(told[1].starts_with("line 4 (byte "), "{told:?}");
}

#[test]
fn a_record_before_begin_is_refused() {
    let seen = read(format!("{FRAME}\n{BEGIN}\n{END}\n").as_bytes());
    assert_eq!(
        seen[0],
        "line 1 (byte 0): a `frame` record with no `begin` record before it"
    );
    assert_eq!(seen.len(), 3);
    let seen = read(b"{\"type\":\"unheard_of\"}\n");
    assert_eq!(seen[0], "line 1 (byte 0): no `begin` record before it");
}

fn cut_after(n_lines: u64, n_bytes: usize) -> String {
    format!(
        "the stream was cut: the input ended after line {n_lines} (byte {n_bytes}) without an `end` record"
    )
}

#[test]
fn a_stream_without_end_was_cut() {
    assert_eq!(read(b""), [cut_after(0, 0)]);
    assert_eq!(read(b"\n\n"), [cut_after(2, 2)]);
    let cut = format!("{BEGIN}\n{VIDEO}\n");
    assert_eq!(read(cut.as_bytes()).last(), Some(&cut_after(2, cut.len())));
    // Wherever it is cut.
    let whole = format!("{BEGIN}\n{VIDEO}\n{END}\n");
    for n in 0..whole.len() - 1 {
        let seen = read(&whole.as_bytes()[..n]);
        assert!(
            seen.last()
                .is_some_and(|last| last.starts_with("the stream was cut")),
            "{n}: {seen:?}"
        );
    }
}

#[test]
fn nothing_may_follow_end_but_another_stream() {
    let seen = read(format!("{BEGIN}\n{END}\n{FRAME}\n").as_bytes());
    assert!(
        seen[2].ends_with("a `frame` record with no `begin` record before it"),
        "{seen:?}"
    );
    let seen = read(format!("{BEGIN}\n{END}\n{END}\n").as_bytes());
    assert!(
        seen[2].ends_with("a `end` record with no `begin` record before it"),
        "{seen:?}"
    );
}

#[test]
fn streams_may_follow_one_another_and_their_tools_add_up() {
    let other = BEGIN.replace(
        r#""tool":"t""#,
        r#""tool":"u","upstream":[{"tool":"s","version":"1"},{"tool":"t","version":"1"}]"#,
    );
    let input = format!("{BEGIN}\n{VIDEO}\n{END}\n{other}\n{VIDEO}\n{END}\n");
    let mut input = input.as_bytes();
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    let mut n_lines = 0;
    while reader.next_line().unwrap().is_some() {
        n_lines += 1;
    }
    assert_eq!(n_lines, 6);
    let tools: Vec<&str> = reader
        .producers()
        .iter()
        .map(|producer| producer.tool.as_str())
        .collect();
    assert_eq!(tools, ["t", "s", "u"]);
}

#[test]
fn a_cut_stream_before_another_one_is_noticed() {
    let first = format!("{BEGIN}\n{VIDEO}\n");
    let seen = read(format!("{first}{BEGIN}\n{END}\n").as_bytes());
    assert_eq!(seen[2], cut_after(2, first.len()));
    assert_eq!(seen.len(), 3);
}

#[test]
fn a_newer_or_foreign_contract_is_refused() {
    let newer = BEGIN.replace("\"schema_version\":1", "\"schema_version\":2");
    assert_eq!(
        read(newer.as_bytes()),
        ["line 1: the stream is wo-record version 2, this reader knows wo-record up to 1"]
    );
    let foreign = BEGIN.replace("wo-record", "other");
    assert_eq!(
        read(foreign.as_bytes()),
        ["line 1: the stream is other version 1, this reader knows wo-record up to 1"]
    );
}

#[test]
fn an_input_that_fails_is_no_end() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let begin = format!("{BEGIN}\n{END}\n");
    let mut input = BufReader::new(begin.as_bytes().chain(Broken));
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    assert!(matches!(
        reader.next_line(),
        Ok(Some(Line {
            record: Ok(Record::Begin(_)),
            ..
        }))
    ));
    assert!(matches!(reader.next_line(), Ok(Some(_))));
    assert!(matches!(reader.next_line(), Err(ReadError::Io(_))));
}
