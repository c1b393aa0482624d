//! An input that is a part of a whole, or parts of it.

use wo_testkit::{stream, tempdir};

use crate::told::said;
use crate::{SMALL, colours, tool};

#[test]
fn one_shard_alone_is_said_and_a_missing_one_stops_the_run() {
    let folder = tempdir().expect("a folder");
    let marked = |lines: &[String], index: u32| {
        let mark = format!(r#""upstream":[],"shard":{{"index":{index},"count":3,"whole":"w"}}"#);
        stream(lines).replacen(r#""upstream":[]"#, &mark, 1)
    };
    let run = |input: String| {
        tool()
            .args(SMALL)
            .args([
                "--dry-run",
                "--validation",
                "0.3",
                "--test",
                "0",
                "--output",
            ])
            .arg(folder.path().join("m"))
            .stdin(input)
            .run()
    };
    let alone = run(marked(&colours(), 2));
    assert_eq!(alone.status, 0, "{}", alone.stderr);
    said(&alone, &["the input is shard 2/3 alone"]);
    let two = run(marked(&colours(), 2) + &marked(&[], 1));
    assert_eq!(two.status, 6, "{}", two.stderr);
    said(&two, &["shard 3/3 is missing"]);
    let all = run(marked(&colours(), 2) + &marked(&[], 1) + &marked(&[], 3));
    assert_eq!(all.status, 0, "{}", all.stderr);
    assert!(!all.stderr.contains("shard"), "{}", all.stderr);
}
