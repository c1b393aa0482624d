//! What the gate lets pass takes the place of the model in use, and nothing else does.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;
use wo_testkit::stream;

use crate::workspace::{FAILED, PASSED, Workspace};

#[test]
fn models_are_promoted_one_after_the_other() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    assert_eq!(workspace.in_use(), "first");
    assert!(!workspace.path("new").exists(), "it moved");
    let first = workspace.last_run();
    assert_eq!(
        (first["outcome"].as_str(), first["exit"].as_u64()),
        (Some("promoted"), Some(0))
    );
    assert_eq!(first["why"], "balanced_accuracy.low>0.5 (0.620)");
    workspace.promote_next("second");
    assert_eq!(workspace.in_use(), "second");
    let versions: Vec<String> = workspace
        .events("promoted")
        .iter()
        .map(|it| it["version"].to_string())
        .collect();
    assert!(versions[0].starts_with("\"000001-") && versions[1].starts_with("\"000002-"));
    let shown = workspace.ok(&["show"]);
    assert!(shown.contains("state     in use, whole\n"), "{shown}");
    assert!(
        shown.contains("gate      difference.balanced_accuracy.low>0 (0.620)\n"),
        "{shown}"
    );
    let history = workspace.ok(&["history"]);
    assert_eq!(
        history
            .lines()
            .filter(|it| it.contains("promoted 0000"))
            .count(),
        2,
        "{history}"
    );
}

#[test]
fn a_closed_gate_leaves_the_model_in_use_and_says_why() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    workspace.look();
    workspace.write_comparison(FAILED);
    let run = workspace.promote(&["--report", "models/reports/a.html"]);
    assert_eq!(run.status, 1);
    let why = "difference.balanced_accuracy.low>0 (0.620)";
    assert_eq!(run.stderr, format!("wo-models: refused: {why}\n"));
    assert_eq!(workspace.in_use(), "first");
    assert!(workspace.path("new").exists());
    let last = workspace.last_run();
    assert_eq!(
        (last["outcome"].as_str(), last["why"].as_str()),
        (Some("refused"), Some(why))
    );
    assert_eq!(last["report"], "models/reports/a.html");
}

#[test]
fn what_was_not_looked_at_or_not_at_its_price_is_not_promoted() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    let refused = |what: &str, said: &str, status: i32| {
        let run = workspace.promote(&[]);
        assert_eq!(run.status, status, "{what}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{what}: {}", run.stderr);
        assert_eq!(workspace.in_use(), "first", "{what}");
    };
    workspace.write_model("second");
    workspace.write_comparison(PASSED);
    refused(
        "no look",
        "no look at the held-out groups was written down for this model",
        6,
    );
    workspace.look();
    workspace.write_model("Second");
    refused(
        "another model than the one looked at",
        "no look at the held-out groups",
        6,
    );
    workspace.write_model("second");
    workspace.write_comparison_at(PASSED, 0.95);
    refused(
        "narrow intervals",
        "have a confidence of 0.95, and this look pays for 0.9875",
        6,
    );
    workspace.write_comparison(("ece<=0.9", true));
    refused(
        "another gate",
        "does not judge \"difference.balanced_accuracy.low>0\"",
        6,
    );
    workspace.write("comparison.ndjson", &stream::<&str>(&[]));
    refused("no comparison", "have a confidence of 0", 6);
    workspace.write_comparison(PASSED);
    let whole = workspace.read("comparison.ndjson");
    workspace.write(
        "comparison.ndjson",
        whole.split_inclusive('\n').next().expect("a line"),
    );
    refused("a cut stream", "the stream was cut", 6);
    workspace.write("comparison.ndjson", &whole);
    assert_eq!(workspace.promote(&[]).status, 0);
    assert_eq!(workspace.in_use(), "second");
}

#[test]
fn a_shortcut_that_the_model_in_use_does_not_need_closes_the_gate() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    let audit = |name: &str, verdict: &str| {
        let audit = json!({"type": "audit", "probe": "duration", "scope": "all", "verdict": verdict, "value": 0.7,
            "low": 0.6, "high": 0.8, "n": 20, "n_groups": 10});
        workspace.write(name, &stream(&[audit.to_string()]));
    };
    let audits = ["--audit", "new.ndjson", "--audit-of-champion", "old.ndjson"];
    for (new, old, status) in [
        ("fail", "warn", 1),
        ("fail", "fail", 0),
        ("warn", "pass", 0),
    ] {
        audit("new.ndjson", new);
        audit("old.ndjson", old);
        workspace.write_model(&format!("{new} {old}"));
        workspace.look();
        workspace.write_comparison(PASSED);
        let run = workspace.promote(&audits);
        assert_eq!(run.status, status, "{new} {old}: {}", run.stderr);
        assert_eq!(
            run.stderr.contains("duration alone has most"),
            status == 1,
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_damaged_model_in_use_stays_until_somebody_asks() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.promote_next("second");
    let weights = workspace.path("models/current/model.safetensors");
    fs::write(&weights, "Second").expect("damage");
    workspace.write_model("third");
    let look = workspace.look();
    assert_eq!((look.status, look.stdout.as_str()), (6, ""));
    let said = "the model in use is damaged: models/versions/000002-";
    assert!(look.stderr.contains(said), "{}", look.stderr);
    assert!(
        look.stderr.contains("hint: wo-models rollback puts"),
        "{}",
        look.stderr
    );
    assert_eq!(workspace.events("looked").len(), 2);
    assert!(workspace.ok(&["show"]).contains("state     damaged: "));

    let force = ["look", "--force", "--challenger", "new", "held-out.ndjson"];
    assert_eq!(workspace.ok(&force), "first\n");
    workspace.write_comparison(("balanced_accuracy.low>0.5", true));
    assert_eq!(workspace.promote(&[]).status, 6, "not without --force");
    assert_eq!(workspace.promote(&["--force"]).status, 0);
    assert_eq!(workspace.in_use(), "third");
    assert_eq!(workspace.events("promoted")[2]["forced"], true);
}

#[test]
fn force_is_nothing_beside_a_whole_model() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    let config = workspace.path("models/current/config.json");
    fs::write(&config, "{ }").expect("damage");
    workspace.write_model("second");
    let force = ["look", "--force", "--challenger", "new", "held-out.ndjson"];
    assert_eq!(workspace.ok(&force), "first\n");
    workspace.write_comparison(("balanced_accuracy.low>0.5", true));
    // Somebody has mended it meanwhile.
    fs::write(&config, "{}").expect("mended");
    let run = workspace.promote(&["--force"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("was not compared with it"),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.in_use(), "first");
}

#[test]
fn a_lost_link_comes_back_and_a_lost_model_is_said() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    let current = workspace.path("models/current");
    fs::remove_file(&current).expect("lost");
    workspace.split("training");
    assert_eq!(workspace.in_use(), "first");
    // A link that somebody turned is turned back: wo-models rollback is the way.
    fs::remove_file(&current).expect("gone");
    symlink("versions/elsewhere", &current).expect("a link");
    workspace.split("training");
    assert_eq!(workspace.in_use(), "first");
    fs::remove_dir_all(workspace.path("models/versions")).expect("lost");
    workspace.write_model("second");
    let look = workspace.look();
    assert_eq!(look.status, 6);
    assert!(look.stderr.contains(" is not there\n"), "{}", look.stderr);
    assert!(
        workspace.path("new/config.json").exists(),
        "the new model stays where it is"
    );
}

#[test]
fn a_model_that_no_ledger_knows_is_not_judged_beside() {
    let workspace = Workspace::with_persons();
    workspace.write("models/versions/mine/config.json", "{}");
    symlink("versions/mine", workspace.path("models/current")).expect("a link");
    workspace.write_model("first");
    let look = workspace.look();
    assert_eq!(look.status, 6);
    assert!(look.stderr.contains("knows of no model"), "{}", look.stderr);
}

#[test]
fn rollback_goes_back_in_what_was_in_use() {
    let workspace = Workspace::with_persons();
    assert_eq!(workspace.run(&["rollback"]).status, 2);
    workspace.promote_first();
    workspace.promote_next("second");
    workspace.promote_next("third");
    workspace.ok(&["rollback"]);
    assert_eq!(workspace.in_use(), "second");
    workspace.promote_next("fourth");
    workspace.ok(&["rollback", "2"]);
    assert_eq!(workspace.in_use(), "first");
    let too_far = workspace.run(&["rollback"]);
    assert_eq!(too_far.status, 2);
    assert!(
        too_far
            .stderr
            .contains("no model was in use 1 promotion ago"),
        "{}",
        too_far.stderr
    );
    // What was taken back is not promoted on the same videos again.
    workspace.promote_next("fifth");
    workspace.ok(&["rollback"]);
    workspace.write_model("fifth");
    let again = workspace.look();
    assert_eq!(again.status, 1);
    assert!(
        again
            .stderr
            .contains("was promoted on the same videos before"),
        "{}",
        again.stderr
    );
}

#[test]
fn rollback_refuses_a_damaged_model_and_goes_on_behind_it() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.promote_next("second");
    workspace.promote_next("third");
    let second = workspace.events("promoted")[1]["version"]
        .as_str()
        .expect("a version")
        .to_owned();
    fs::write(
        workspace.path(&format!("models/versions/{second}/model.safetensors")),
        "x",
    )
    .expect("damage");
    let run = workspace.run(&["rollback"]);
    assert_eq!(run.status, 6);
    assert!(
        run.stderr
            .contains("hint: wo-models rollback 2 goes back further"),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.in_use(), "third");
    workspace.ok(&["rollback", "2"]);
    assert_eq!(workspace.in_use(), "first");
}

#[test]
fn another_model_in_use_since_the_look_needs_another_comparison() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.promote_next("second");
    workspace.write_model("third");
    workspace.look();
    workspace.ok(&["rollback"]);
    workspace.write_comparison(PASSED);
    let run = workspace.promote(&[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr
            .contains("another model was put in use since the comparison"),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.in_use(), "first");
}

#[test]
fn a_ledger_that_was_changed_is_noticed() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    let changed = workspace
        .read("models/ledger.ndjson")
        .replacen("0.00625", "0.00000", 1);
    workspace.write("models/ledger.ndjson", &changed);
    workspace.write_model("second");
    assert_eq!(workspace.look().status, 6);
    assert_eq!(workspace.run(&["history"]).status, 6);
    // A run that fails for it can still say so.
    workspace.ok(&[
        "note",
        "failed",
        "--exit",
        "6",
        "--stage",
        "compare",
        "--why",
        "the ledger",
    ]);
    assert_eq!(workspace.last_run()["why"], "the ledger");
}

#[test]
fn a_note_keeps_when_the_run_began() {
    let workspace = Workspace::new();
    workspace.ok(&["note", "running", "--stage", "start"]);
    let running = workspace.last_run();
    assert!(running["started"].is_string() && running["exit"].is_null());
    workspace.ok(&[
        "note",
        "failed",
        "--exit",
        "5",
        "--stage",
        "extract",
        "--why",
        "the disk is full",
    ]);
    let failed = workspace.last_run();
    assert_eq!(failed["started"], running["started"]);
    assert_eq!(
        (failed["exit"].as_u64(), failed["stage"].as_str()),
        (Some(5), Some("extract"))
    );
    assert!(failed["ended"].is_string());
}

#[test]
fn a_comparison_that_contradicts_itself_promotes_nothing() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    workspace.look();
    workspace.write_comparison(PASSED);
    let sound = workspace.read("comparison.ndjson");
    for (from, to) in [
        ("\"value\":0.62", "\"value\":-0.9"),
        ("\"value\":0.62", "\"value\":null"),
        ("{\"passed\":true,\"terms\"", "{\"passed\":false,\"terms\""),
    ] {
        assert!(sound.contains(from), "{from} in {sound}");
        workspace.write("comparison.ndjson", &sound.replacen(from, to, 1));
        let run = workspace.promote(&[]);
        assert_eq!(run.status, 6, "{to}: {}", run.stderr);
        assert!(run.stderr.contains("contradicts itself"), "{}", run.stderr);
        assert_eq!(workspace.in_use(), "first");
    }
}
