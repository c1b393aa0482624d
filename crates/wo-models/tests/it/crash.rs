//! Each call of the disk fails once, and the tool is killed before each: what is left is the old state or the new one, and the
//! same command goes on from there.

use std::process::{Command, ExitStatus};

use crate::workspace::{PASSED, Workspace};

/// The calls that change something on a disk.
const CALLS: &str = "write,fsync,fdatasync,rename,renameat,renameat2,symlink,symlinkat,link,linkat,mkdir,ftruncate,unlink,\
                     unlinkat,rmdir";
/// More calls than any command makes.
const MAX_CALLS: usize = 400;

/// What happens at a call.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    DiskFull,
    Killed,
}

impl Mishap {
    fn injected(self) -> &'static str {
        match self {
            Self::DiskFull => "error=ENOSPC",
            Self::Killed => "signal=KILL",
        }
    }
}

/// Runs the tool so that its call number `at` fails. `None` where it makes fewer calls; else how it ended.
fn struck(workspace: &Workspace, args: &[&str], mishap: Mishap, at: usize) -> Option<ExitStatus> {
    let log = workspace.path("strace.log");
    let output = Command::new("strace")
        .args(["-f", "-o"])
        .arg(&log)
        .args(["-e", &format!("trace={CALLS}")])
        .args([
            "-e",
            &format!("inject={CALLS}:{}:when={at}", mishap.injected()),
        ])
        .arg(env!("CARGO_BIN_EXE_wo-models"))
        .args(args)
        .current_dir(workspace.path(""))
        .output()
        .expect("strace runs");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let has_struck = log.contains("(INJECTED)") || log.contains("+++ killed by SIGKILL");
    has_struck.then_some(output.status)
}

fn can_strace() -> bool {
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    match works {
        Ok(output) if output.status.success() => true,
        Ok(_) => {
            wo_testkit::skip::not_available("the right to watch processes with strace");
            false
        }
        Err(_) => {
            wo_testkit::skip::not_installed("strace");
            false
        }
    }
}

/// Strikes a command at each of its calls, in a copy of `before` each time; `check` looks at what is left, then the command
/// runs again, and `after` is what it must come to.
fn strike(
    before: &Workspace,
    args: &[&str],
    check: impl Fn(&Workspace),
    after: impl Fn(&Workspace) -> String,
) {
    if !can_strace() {
        return;
    }
    let expected = {
        let undisturbed = before.copied();
        undisturbed.run(args);
        after(&undisturbed)
    };
    for mishap in [Mishap::DiskFull, Mishap::Killed] {
        let mut n_struck = 0;
        for at in 1..MAX_CALLS {
            let workspace = before.copied();
            let Some(status) = struck(&workspace, args, mishap, at) else {
                break;
            };
            let code = status.code();
            n_struck += 1;
            let is_expected = match mishap {
                // What is said on stderr, or tidied up, may fail without harm.
                Mishap::DiskFull => matches!(code, Some(0 | 1 | 5)),
                Mishap::Killed => code.is_none(),
            };
            assert!(is_expected, "{args:?}: {mishap:?} at {at}: {code:?}");
            check(&workspace);
            workspace.run(args);
            assert_eq!(after(&workspace), expected, "{args:?}: {mishap:?} at {at}");
        }
        assert!(
            (3..MAX_CALLS - 1).contains(&n_struck),
            "{args:?}: {n_struck}"
        );
    }
}

fn last_run_is_whole(workspace: &Workspace) {
    if workspace.path("models/last-run.json").exists() {
        workspace.last_run();
    }
}

#[test]
fn a_split_is_made_once() {
    let workspace = Workspace::new();
    workspace.write_persons(10);
    let args = ["split", "--keep", "training", "described.ndjson"];
    // The salt is drawn anew where the first run did not come to it, so that sides may differ; there is one assignment.
    let after = |workspace: &Workspace| {
        format!(
            "{} {}",
            workspace.events("begun").len(),
            workspace.events("assigned").len()
        )
    };
    strike(&workspace, &args, |_| {}, after);
}

#[test]
fn a_look_is_paid_for_once() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    let args = ["look", "--challenger", "new", "held-out.ndjson"];
    let after = |workspace: &Workspace| workspace.events("looked").len().to_string();
    strike(&workspace, &args, last_run_is_whole, after);
}

#[test]
fn a_promotion_is_made_once_and_there_is_always_a_model() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    workspace.look();
    workspace.write_comparison(PASSED);
    let args = [
        "promote",
        "--challenger",
        "new",
        "--comparison",
        "comparison.ndjson",
        "--inputs",
        "hash",
    ];
    let check = |workspace: &Workspace| {
        assert!(["first", "second"].contains(&&*workspace.in_use()));
        last_run_is_whole(workspace);
    };
    let after = |workspace: &Workspace| {
        // A run that was cut off after the decision finds nothing left to promote, and completes it.
        format!(
            "{} {}",
            workspace.in_use(),
            workspace.events("promoted").len()
        )
    };
    strike(&workspace, &args, check, after);
}

#[test]
fn a_rollback_is_made_or_not() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.promote_next("second");
    if !can_strace() {
        return;
    }
    for at in 1..MAX_CALLS {
        let copy = workspace.copied();
        let Some(_) = struck(&copy, &["rollback"], Mishap::Killed, at) else {
            break;
        };
        assert!(["first", "second"].contains(&&*copy.in_use()), "{at}");
        // The next command that writes completes it.
        copy.split("training");
        let shown = copy.ok(&["show"]);
        let expected = if copy.events("rolled_back").is_empty() {
            "second"
        } else {
            "first"
        };
        assert_eq!(copy.in_use(), expected, "{at}");
        assert!(shown.contains("in use, whole"), "{shown}");
    }
}

#[test]
fn a_collection_is_completed() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    for number in 2..6 {
        workspace.promote_next(&number.to_string());
    }
    workspace.write("wo.toml", "[keep]\nmodels = 2\n");
    let after = |workspace: &Workspace| {
        let versions = std::fs::read_dir(workspace.path("models/versions")).expect("a folder");
        format!("{} {}", workspace.in_use(), versions.count())
    };
    strike(&workspace, &["gc"], last_run_is_whole, after);
}
