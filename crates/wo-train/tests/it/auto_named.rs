//! Who names the base model, and what is said of a wrong name.

use std::fs;

use wo_testkit::stream;

use crate::auto::{REPOSITORY, World, commit, took_the_real_one};
use crate::looks::{drawn, photographed};

#[test]
fn the_flag_goes_before_the_variable_and_the_variable_before_the_file() {
    let world = World::new();
    let plan = |variable: Option<&str>, settings: &str, more: &[&str]| {
        fs::write(world.at("wo.toml"), settings).expect("written");
        let tool = world
            .tool()
            .args(["--dry-run"])
            .args(more)
            .stdin(stream(&drawn(16)));
        let run = match variable {
            Some(name) => tool.env("WO_INIT", name).run(),
            None => tool.run(),
        };
        assert_eq!(run.status, 0, "{}", run.stderr);
        let line = run
            .stderr
            .lines()
            .find_map(|it| it.strip_prefix("base model "));
        line.expect("the plan names it").to_owned()
    };
    let file = "[train]\ninit = \"scratch:tiny\"\n";
    let auto = "tiny (auto: all 16 videos look drawn)";
    assert_eq!(plan(None, "", &[]), auto);
    assert_eq!(
        plan(None, file, &[]),
        "scratch:tiny (from train.init of wo.toml)"
    );
    assert_eq!(
        plan(Some("scratch:small"), file, &[]),
        "scratch:small (from WO_INIT)"
    );
    assert_eq!(
        plan(Some("scratch:small"), file, &["--init", "tiny"]),
        "tiny (from --init)"
    );
    assert_eq!(plan(Some("auto"), file, &[]), auto);
    assert_eq!(plan(Some("scratch:small"), file, &["--init", "auto"]), auto);
    assert_eq!(world.hub.n_connections(), 0);
}

#[test]
fn an_empty_or_wrong_name_is_refused_with_its_place() {
    let world = World::new();
    let refused = |variable: Option<&str>, settings: &str, more: &[&str], words: &str| {
        fs::write(world.at("wo.toml"), settings).expect("written");
        let tool = world.tool().args(more).stdin(stream(&drawn(16)));
        let run = match variable {
            Some(name) => tool.env("WO_INIT", name).run(),
            None => tool.run(),
        };
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    };
    refused(
        Some(""),
        "",
        &[],
        "WO_INIT is empty\nhint: name a base model, or unset it",
    );
    refused(Some("teeny"), "", &[], "WO_INIT: there is no model teeny");
    refused(
        Some("scratch:huge"),
        "",
        &[],
        "WO_INIT: there is no scratch:huge",
    );
    refused(
        None,
        "[train]\ninit = \"\"\n",
        &[],
        "wo.toml: line 2: train.init is empty",
    );
    refused(
        None,
        "[train]\ninit = 7\n",
        &[],
        "wo.toml: line 2: train.init is a text in quotes",
    );
    refused(
        None,
        "[train]\ninit = \"teeny\"\n",
        &[],
        "train.init of wo.toml: there is no model teeny",
    );
    refused(None, "[train]\nint = \"tiny\"\n", &[], "write `init`");
    refused(None, "", &["--init", ""], "--init is empty");
    refused(
        None,
        "",
        &["--revision", "main"],
        "--revision is one of a repository, and none is named",
    );
}

#[test]
fn the_arguments_of_the_workspace_are_named_where_they_are_not_in_force() {
    let world = World::new();
    let settings = "[train]\narguments = [\"--method\", \"probe\", \"--seed\", \"7\"]\n";
    fs::write(world.at("wo.toml"), settings).expect("written");
    let words = "train.arguments of wo.toml are for scripts/retrain, and not in force here: --method probe --seed 7";
    let by_hand = world.train(&drawn(16), &["--dry-run"]);
    assert!(by_hand.stderr.contains(words), "{}", by_hand.stderr);
    let by_script = world.train(
        &drawn(16),
        &["--dry-run", "--method", "probe", "--seed", "7"],
    );
    assert!(
        !by_script.stderr.contains("not in force"),
        "{}",
        by_script.stderr
    );
}

#[test]
fn the_base_model_can_be_fetched_alone() {
    let world = World::new();
    let run = world.train(&[], &["--fetch-base"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(
        run.stderr
            .contains(&format!("base model {REPOSITORY} at commit {}", commit())),
        "{}",
        run.stderr
    );
    world.hub.fail_with(Some(500));
    took_the_real_one(&world, &world.train(&photographed(16), &["--offline"]));
    let other = World::new();
    let run = other.train(&[], &["--fetch-base", "--offline"]);
    assert_eq!((run.status, run.stdout.as_str()), (4, ""), "{}", run.stderr);
    assert!(run.stderr.contains("this run is offline"), "{}", run.stderr);
}
