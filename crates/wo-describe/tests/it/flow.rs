//! A stream flows: what came goes out before the next record comes, and long streams stay in order.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use wo_testkit::{BEGIN, Run, end, stream};

use crate::{FRAME, VIDEO, begin, frame_out, tool};

const KNEES_CAVE: &str =
    r#""knee valgus in the squat: thighs pointing in and knees almost touching""#;
/// No machine is so busy that a record takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running tool, whose lines come as it writes them.
fn started() -> (ChildStdin, Receiver<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wo-describe"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start wo-describe");
    let stdin = child.stdin.take().expect("stdin is piped");
    let stdout = child.stdout.take().expect("stdout is piped");
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
        child.wait().expect("wait for wo-describe");
    });
    (stdin, lines)
}

fn described() -> String {
    frame_out("bad_form", "folder", r#"["knees_cave"]"#, KNEES_CAVE)
}

#[test]
fn a_record_comes_out_before_the_next_one_comes() {
    let (mut input, lines) = started();
    let mut check = |text: &str, expected: &str| {
        input.write_all(text.as_bytes()).expect("wo-describe reads");
        let line = lines.recv_timeout(PATIENCE);
        assert_eq!(line.as_deref(), Ok(expected));
    };
    check(&format!("{BEGIN}\n"), &begin());
    check(&format!("{VIDEO}\n"), VIDEO);
    check(&format!("{FRAME}\n"), &described());
    // The beginning of the next one holds nothing back.
    let (head, tail) = FRAME.split_at(40);
    check(&format!("{FRAME}\n{head}"), &described());
    check(&format!("{tail}\n"), &described());
    // Another stream may follow, so the end comes with that of the input.
    let text = format!("{}\n", end(1, 3, 0));
    input.write_all(text.as_bytes()).expect("wo-describe reads");
    drop(input);
    assert_eq!(lines.recv_timeout(PATIENCE), Ok(end(1, 3, 0)));
}

#[test]
fn a_line_of_many_reads_comes_out_when_it_is_whole() {
    let (mut input, lines) = started();
    let note = "x".repeat(3 << 20);
    let long = format!(r#"{{"type":"weather","note":"{note}"}}"#);
    let text = format!("{BEGIN}\n{long}\n");
    input.write_all(text.as_bytes()).expect("wo-describe reads");
    assert_eq!(lines.recv_timeout(PATIENCE), Ok(begin()));
    assert!(lines.recv_timeout(PATIENCE) == Ok(long));
}

#[test]
fn a_bad_line_far_in_is_named_and_all_before_it_came_out() {
    const N: usize = 5000;
    let mut lines = vec![VIDEO];
    lines.extend(std::iter::repeat_n(FRAME, N));
    lines.push(r#"{"type":"frame","video_id":7}"#);
    lines.extend(std::iter::repeat_n(FRAME, N));
    let run = tool().stdin(stream(&lines)).run();
    let offset = BEGIN.len() + 1 + VIDEO.len() + 1 + N * (FRAME.len() + 1);
    let cause = format!(
        "line {} (byte {offset}): not a record: invalid type: integer `7`, expected a string at column 28",
        N + 3
    );
    let mut expected = begin() + "\n" + VIDEO + "\n";
    for _ in 0..N {
        expected.push_str(&described());
        expected.push('\n');
    }
    let message = format!("wo-describe: <stdin>: {cause}\n");
    assert_eq!(run, Run::new(6, &expected, &message));
}
