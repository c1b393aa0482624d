//! What is deleted, and what never is.

use std::fs;

use crate::workspace::Workspace;

fn versions(workspace: &Workspace) -> Vec<String> {
    let versions = fs::read_dir(workspace.path("models/versions")).expect("a folder");
    let names = versions.map(|it| {
        it.expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut names: Vec<String> = names
        .map(|it| it.split('-').next().expect("a number").to_owned())
        .collect();
    names.sort();
    names
}

fn five() -> Workspace {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    for number in 2..=5 {
        workspace.promote_next(&number.to_string());
    }
    workspace
}

fn gc(workspace: &Workspace, args: &[&str]) -> wo_testkit::Run {
    let home = workspace.path("home");
    let args = [&["gc"], args].concat();
    workspace
        .tool()
        .args(args)
        .env("XDG_CACHE_HOME", home)
        .run()
}

#[test]
fn the_newest_models_stay_with_the_one_in_use_and_the_one_before() {
    let workspace = five();
    workspace.write("wo.toml", "[keep]\nmodels = 3\n");
    let said = gc(&workspace, &["--dry-run"]);
    assert!(
        said.stderr
            .starts_with("would delete models/versions/000001-"),
        "{}",
        said.stderr
    );
    assert_eq!(versions(&workspace).len(), 5);
    assert_eq!(gc(&workspace, &[]).status, 0);
    assert_eq!(versions(&workspace), ["000003", "000004", "000005"]);
    // What is in use stays, however old it is, and so does what was in use before it.
    workspace.ok(&["rollback"]);
    workspace.write("wo.toml", "[keep]\nmodels = 1\n");
    assert_eq!(gc(&workspace, &[]).status, 0);
    assert_eq!(versions(&workspace), ["000003", "000004"]);
    assert_eq!(workspace.in_use(), "4");
    workspace.ok(&["rollback"]);
    assert_eq!(workspace.in_use(), "3");
    assert_eq!(workspace.run(&["rollback"]).status, 2);
}

#[test]
fn the_budget_takes_caches_first_and_data_never() {
    let workspace = five();
    let large = "x".repeat(100_000);
    workspace.write("home/wo/features/a.rows", &large);
    workspace.write("models/reports/old.html", &large);
    workspace.write("data/training_data/squat/good_form/a.mp4", &large);
    workspace.write("models/mine/config.json", "{}");
    workspace.write("models/versions/mine/config.json", "{}");
    workspace.write("wo.toml", "[keep]\ndisk = \"150 kB\"\n");
    assert_eq!(gc(&workspace, &[]).status, 0);
    assert_eq!(
        versions(&workspace).len(),
        6,
        "models fit without the cache"
    );
    assert!(!workspace.path("home/wo/features/a.rows").exists());
    workspace.write("wo.toml", "[keep]\ndisk = \"100 B\"\n");
    let run = gc(&workspace, &[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("more than keep.disk of wo.toml allows"),
        "{}",
        run.stderr
    );
    assert_eq!(versions(&workspace), ["000004", "000005", "mine"]);
    for name in [
        "data/training_data/squat/good_form/a.mp4",
        "models/ledger.ndjson",
        "models/mine/config.json",
        "models/last-run.json",
    ] {
        assert!(workspace.path(name).exists(), "{name}");
    }
    assert_eq!(workspace.in_use(), "5");
}

#[test]
fn without_its_ledger_nothing_is_deleted() {
    let workspace = five();
    fs::remove_file(workspace.path("models/ledger.ndjson")).expect("removed");
    workspace.write("wo.toml", "[keep]\nmodels = 1\ndisk = \"100 B\"\n");
    let lost = gc(&workspace, &[]);
    assert_eq!(lost.status, 6);
    assert!(
        lost.stderr.contains("models/ledger.ndjson"),
        "{}",
        lost.stderr
    );
    assert_eq!(versions(&workspace).len(), 5);
    assert_eq!(workspace.in_use(), "5");
}

#[test]
fn a_ledger_that_lost_its_end_moves_no_link_and_gives_no_look_back() {
    let workspace = five();
    let ledger = workspace.read("models/ledger.ndjson");
    let without_last = &ledger[..=ledger.trim_end().rfind('\n').expect("lines")];
    workspace.write("models/ledger.ndjson", without_last);
    workspace.write_model("sixth");
    for run in [workspace.look(), gc(&workspace, &[])] {
        assert_eq!(run.status, 6, "{}", run.stderr);
    }
    assert_eq!(versions(&workspace).len(), 5);
    assert_eq!(workspace.in_use(), "5");
}
