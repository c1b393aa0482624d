//! The recipes of docs/scale.md, where their engines are installed. Those that start servers run with `WO_FULL`, as
//! `scripts/just scale-check` runs all of them.

use std::path::Path;
use std::process::Command;

use crate::binaries;
use crate::files::root;

/// Runs a recipe, and checks that its shards are the whole; or says what is missing.
fn check(recipe: &str, expected: &[&str]) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(binaries()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(all).expect("no colon in the path");
    let output = Command::new(root().join("scripts/scale/check"))
        .arg(recipe)
        .env("PATH", path)
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    if let Some((_, missing)) = said.split_once("skipped: ") {
        let missing = missing.lines().next().unwrap_or_default();
        return wo_testkit::skip::not_available(missing);
    }
    for line in expected {
        assert!(said.contains(line), "{line}: {said}");
    }
}

fn is_full(what: &str) -> bool {
    let is_full = std::env::var_os("WO_FULL").is_some();
    if !is_full {
        wo_testkit::skip::not_available(&format!(
            "{what} without WO_FULL (scripts/just scale-check runs it)"
        ));
    }
    is_full
}

const WHOLE: &str = "8 shards hold the 61 records of one run, none lost and none doubled";

#[test]
fn gnu_parallel_is_killed_and_goes_on() {
    let over_ssh = format!("GNU parallel over ssh to two names of this machine: {WHOLE}");
    if is_full("GNU parallel") {
        check(
            "parallel",
            &[
                &format!("GNU parallel: {WHOLE}"),
                "and resumed: 8 shards",
                &over_ssh,
            ],
        );
    }
}

#[test]
fn a_task_of_slurm_is_killed_and_given_again() {
    if is_full("Slurm") {
        check(
            "slurm",
            &[
                &format!("Slurm: {WHOLE}"),
                "refused as it should: wo-describe: <stdin>: line 65: shard 3/8 is missing",
                &format!("Slurm, a task killed and given again: {WHOLE}"),
            ],
        );
    }
}

#[test]
fn a_worker_of_spark_is_killed_and_nothing_is_lost() {
    if is_full("Spark") {
        check(
            "spark",
            &[
                "Spark: 6 shards hold",
                "of 12 shards: 12 shards hold",
                "a shard that fails",
            ],
        );
    }
}

/// What the page prints is what is there.
#[test]
fn the_page_names_files_that_exist() {
    let page = std::fs::read_to_string(root().join("docs/scale.md")).expect("the page");
    let named: Vec<&str> = page
        .split_whitespace()
        .filter(|word| word.starts_with("scripts/scale/"))
        .collect();
    assert_eq!(named.len(), 2, "{named:?}");
    for file in named {
        assert!(Path::new(root()).join(file).is_file(), "{file}");
    }
}

#[test]
fn an_engine_that_is_not_known_is_named() {
    let run = Command::new(root().join("scripts/scale/check"))
        .arg("hadoop")
        .output()
        .expect("bash runs");
    assert_eq!(run.status.code(), Some(2));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("there is no recipe for hadoop"), "{said}");
}
