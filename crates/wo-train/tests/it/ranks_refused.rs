//! What several processes cannot do, or were started for in a wrong way.

use std::process::{Command, Stdio};

use wo_testkit::tempdir;

use crate::ranks::{Processes, Run, Said, all, free_port, seventeen};
use crate::{SMALL, colours};

#[test]
fn what_several_processes_cannot_do_is_refused() {
    let folder = tempdir().expect("a folder");
    let run = Run::new(folder.path(), &colours(), &[]);
    let refused = |more: &[&str], env: &[(&str, &str)], status: i32, words: &str| {
        let mut command = run.command("model");
        command
            .args(more)
            .envs([("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", "29500")]);
        command
            .envs([("RANK", "1"), ("WORLD_SIZE", "2")])
            .envs(env.iter().copied());
        let said = Said::of(&command.output().expect("it runs"));
        assert_eq!(said.status, Some(status), "{said:?}");
        assert!(said.stderr.contains(words), "{words}: {said:?}");
    };
    let as_one = [("WO_GROUP_TIMEOUT", "1")];
    refused(
        &["--loss", "infonce"],
        &[],
        2,
        "rank 1: the losses infonce and diagonal compare",
    );
    refused(
        &[],
        &[("RANK", "x")],
        2,
        "RANK is \"x\", and must be a number",
    );
    refused(
        &[],
        &[("RANK", "2")],
        2,
        "processes are numbered from 0 to 1",
    );
    refused(&[], &[("MASTER_PORT", "")], 2, "but not MASTER_PORT");
    refused(
        &[],
        &[("WO_GROUP_TIMEOUT", "soon")],
        2,
        "must be a number of seconds",
    );
    let port = free_port().to_string();
    let nobody = [("MASTER_PORT", port.as_str()), as_one[0]];
    refused(&[], &nobody, 5, "cannot reach 127.0.0.1:");

    let mut command = Command::new(env!("CARGO_BIN_EXE_wo-train"));
    command
        .args(SMALL)
        .envs([("RANK", "0"), ("WORLD_SIZE", "2")]);
    command.envs([("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", "29500")]);
    let said = Said::of(&command.stdin(Stdio::null()).output().expect("it runs"));
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(
        said.stderr
            .contains("several processes cannot read one stream"),
        "{said:?}"
    );
}

#[test]
fn processes_that_read_other_videos_or_flags_are_refused() {
    let folder = tempdir().expect("a folder");
    let other = tempdir().expect("a folder");
    let run = Run::new(folder.path(), &colours(), &["--epochs", "2"]);
    for (lines, epochs, words) in [
        (seventeen(), "2", "videos of rank 1 differ"),
        (colours(), "3", "flags or device of rank 1 differ"),
    ] {
        let second = Run::new(other.path(), &lines, &["--epochs", epochs]);
        let port = free_port();
        let first = run.start("model", (0, 2), port);
        let second = second.start("model", (1, 2), port);
        for said in all(Processes(vec![first, second])) {
            assert_eq!(said.status, Some(6), "{said:?}");
            assert!(said.stderr.contains(words), "{said:?}");
        }
    }
}
