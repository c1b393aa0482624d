//! A log that somebody removes, moves, replaces or cuts: nothing more is acknowledged, and what was acknowledged is missed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::open;
use crate::harness::{Client, Server, fill, folder, log, read, tool};

fn path(dir: &Path, ending: &str) -> PathBuf {
    dir.join(format!("reviews.ndjson{ending}"))
}

/// What the server answers to a decision about frame 1: status and text.
fn ask(client: &Client, request: &str) -> (u16, String) {
    let body = json!({"request": request, "frames": [1], "change": {"label": "unclear"}});
    let answer = client.post("/api/decide", &body).expect("an answer");
    (answer.status, answer.text())
}

/// Status and stderr of a run that serves no page.
fn run(dir: &Path, args: &[&str]) -> (i32, String) {
    let run = tool().arg(dir).args(args).run();
    (run.status, run.stderr)
}

/// The requests that the log has, in their order.
fn requests(dir: &Path) -> Vec<Value> {
    log(dir)
        .iter()
        .map(|line| line["request"].clone())
        .collect()
}

/// Three decisions, and a server that was stopped as a person does.
fn three(dir: &Path) {
    let server = Server::start(dir, &[]);
    let anna = server.enter(0);
    for i in 0..3 {
        anna.decide(&format!("r{i}"), &[i], json!({"label": "bad_form"}));
    }
    assert!(server.stop().success());
}

#[test]
fn what_somebody_does_to_the_open_log_is_told_and_nothing_is_acknowledged() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 5] = [
        ("was removed or moved away", |dir| {
            fs::remove_file(path(dir, "")).expect("remove the log");
        }),
        ("another file took the place", |dir| {
            let bytes = fs::read(path(dir, "")).expect("read the log");
            fs::remove_file(path(dir, "")).expect("remove the log");
            fs::write(path(dir, ""), bytes).expect("write another");
        }),
        ("shortened", |dir| {
            fs::File::options()
                .write(true)
                .open(path(dir, ""))
                .and_then(|file| file.set_len(0))
                .expect("cut the log");
        }),
        ("another program wrote into", |dir| {
            let text = read(path(dir, "")) + "x";
            fs::write(path(dir, ""), text).expect("write the log");
        }),
        ("the folder of", |dir| {
            fs::remove_dir_all(dir).expect("remove the folder");
        }),
    ];
    for (what, harm) in harms {
        let dir = folder(1, 4);
        let server = Server::start(dir.path(), &[]);
        let anna = server.enter(0);
        assert_eq!(ask(&anna, "r1").0, 200);
        harm(dir.path());
        // Also where the page asks again for what was saved before.
        for request in ["r2", "r1"] {
            let (status, text) = ask(&anna, request);
            assert_eq!(status, 503, "{what}: {text}");
            assert!(text.contains(what) && text.contains("hint: "), "{text}");
        }
        let undo = anna.post("/api/undo", &json!({"request": "u"}));
        // By this the page tells it from what a proxy says.
        let mark = undo.as_ref().and_then(|it| it.header("wo-log"));
        assert_eq!(mark.as_deref(), Some("lost"), "{what}");
        assert_eq!(undo.map(|it| it.status), Some(503), "{what}");
        let (status, stderr) = server.stop_and_read();
        assert_eq!(status.code(), Some(6), "{what}: {stderr}");
        assert_eq!(
            stderr.matches("so decisions are not saved").count(),
            2,
            "{stderr}"
        );
    }
}

#[test]
fn a_folder_that_was_made_anew_is_another_one() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(ask(&anna, "r1").0, 200);
    fs::remove_dir_all(dir.path()).expect("remove the folder");
    fill(dir.path(), 1, 4);
    let records = read(dir.path().join("records.ndjson"));
    let (status, text) = ask(&anna, "r2");
    assert_eq!(status, 503, "{text}");
    assert_eq!(server.stop().code(), Some(6));
    assert_eq!(read(dir.path().join("records.ndjson")), records);
    assert!(!path(dir.path(), "").exists());
}

#[test]
fn a_log_that_comes_back_is_gone_on_with_and_one_that_was_removed_can_be_saved() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(ask(&anna, "r1").0, 200);
    let aside = path(dir.path(), ".aside");
    fs::rename(path(dir.path(), ""), &aside).expect("move the log");
    assert_eq!(ask(&anna, "r2").0, 503);
    // Nor does another server begin a new log meanwhile.
    let (status, stderr) = run(dir.path(), &["--no-open"]);
    assert_eq!(status, 75, "{stderr}");
    assert!(!path(dir.path(), "").exists());
    fs::rename(&aside, path(dir.path(), "")).expect("move it back");
    assert_eq!(ask(&anna, "r2").0, 200);
    // The command of the hint brings back what the server has open.
    fs::remove_file(path(dir.path(), "")).expect("remove the log");
    let (_, text) = ask(&anna, "r3");
    let (_, command) = text.split_once("still runs: ").expect("a command");
    let (command, _) = command.split_once(';').expect("more after it");
    let copied = Command::new("sh").args(["-c", command]).status();
    assert!(copied.expect("run sh").success(), "{command}");
    assert_eq!(ask(&anna, "r3").0, 503, "it is another file");
    assert_eq!(server.stop().code(), Some(6));
    let server = Server::start(dir.path(), &[]);
    assert_eq!(ask(&server.enter(0), "r3").0, 200);
    assert!(server.stop().success());
    assert_eq!(requests(dir.path()), ["r1", "r2", "r3"]);
}

#[test]
fn lines_that_were_removed_at_the_end_are_missed_and_accepted_on_purpose_only() {
    for remove_anchor in ["keep", "remove"] {
        for n_kept in 0..3 {
            let dir = folder(1, 4);
            three(dir.path());
            let text = read(path(dir.path(), ""));
            let kept: String = text.split_inclusive('\n').take(n_kept).collect();
            fs::write(path(dir.path(), ""), &kept).expect("cut the log");
            // The records know of the lines as well.
            if remove_anchor == "remove" {
                fs::remove_file(path(dir.path(), ".anchor")).expect("remove the anchor");
            }
            for args in [&["--no-open"][..], &["--list"]] {
                let (status, stderr) = run(dir.path(), args);
                assert_eq!(status, 6, "{stderr}");
                assert!(stderr.contains("and had 3"), "{stderr}");
                assert!(stderr.contains("--accept-lost-reviews"), "{stderr}");
            }
            let export = tool()
                .arg("export")
                .arg(dir.path())
                .args(["--to", "csv"])
                .run();
            assert_eq!(export.status, 6, "{}", export.stderr);
            assert_eq!(read(path(dir.path(), "")), kept, "nothing is touched");
            let server = Server::start(dir.path(), &["--accept-lost-reviews"]);
            assert_eq!(ask(&server.enter(0), "next").0, 200);
            assert!(server.stop().success());
            let lines = log(dir.path());
            assert_eq!(lines.len(), n_kept + 2);
            let lost = &lines[n_kept];
            assert_eq!(
                (&lost["type"], &lost["sequence"]),
                (&json!("lost_reviews"), &json!(n_kept + 1))
            );
            assert_eq!(lost["lost"][0]["sequence"], 3);
            // From then on all is as usual, and a further loss is missed again.
            let server = Server::start(dir.path(), &[]);
            assert!(server.stop().success());
            let text = read(path(dir.path(), ""));
            let kept: String = text.split_inclusive('\n').take(n_kept + 1).collect();
            fs::write(path(dir.path(), ""), &kept).expect("cut the log");
            assert_eq!(run(dir.path(), &["--list"]).0, 6);
        }
    }
}

#[test]
fn a_log_that_is_gone_is_missed_and_none_is_begun() {
    let dir = folder(1, 4);
    three(dir.path());
    fs::remove_file(path(dir.path(), "")).expect("remove the log");
    fs::remove_file(path(dir.path(), ".anchor")).expect("remove the anchor");
    for _ in 0..2 {
        let (status, stderr) = run(dir.path(), &["--no-open"]);
        assert_eq!(status, 6, "{stderr}");
        assert!(
            stderr.contains("it is not there, and had 3 lines"),
            "{stderr}"
        );
        assert!(!path(dir.path(), "").exists());
    }
    // An acknowledged line of which half is there was not cut off by a crash.
    let dir = folder(1, 4);
    three(dir.path());
    let bytes = fs::read(path(dir.path(), "")).expect("read the log");
    fs::write(path(dir.path(), ""), &bytes[..bytes.len() - 30]).expect("cut the log");
    let (status, stderr) = run(dir.path(), &["--no-open"]);
    assert_eq!(status, 6, "{stderr}");
    assert!(stderr.contains("were removed"), "{stderr}");
    assert!(!path(dir.path(), ".torn").exists());
    // A copy of all of it cures that.
    fs::write(path(dir.path(), ""), &bytes).expect("bring it back");
    assert!(Server::start(dir.path(), &[]).stop().success());
}

#[test]
fn what_was_never_acknowledged_is_told_from_what_was_removed() {
    let dir = folder(1, 4);
    three(dir.path());
    // The crash came between log and anchor.
    let second = &log(dir.path())[1];
    let anchor = json!({"sequence": 2, "hash": second["hash"]}).to_string() + "\n";
    fs::write(path(dir.path(), ".anchor"), &anchor).expect("write the anchor");
    let (status, stderr) = Server::start(dir.path(), &[]).stop_and_read();
    assert!(status.success(), "{stderr}");
    assert!(
        stderr.contains("the last 1 line may not have been acknowledged before the run ended"),
        "{stderr}"
    );
    assert_eq!(requests(dir.path()), ["r0", "r1", "r2"]);
    let anchor: Value = serde_json::from_str(&read(path(dir.path(), ".anchor"))).expect("JSON");
    assert_eq!(anchor["sequence"], 3);
    let (_, stderr) = Server::start(dir.path(), &[]).stop_and_read();
    assert!(!stderr.contains("acknowledged"), "{stderr}");
    // The records name the last review, and a copy elsewhere does not.
    let begin = |text: &str| -> Value {
        serde_json::from_str(text.lines().next().expect("a line")).expect("JSON")
    };
    assert_eq!(
        begin(&read(dir.path().join("records.ndjson")))["reviews"],
        anchor
    );
    let export = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "ndjson"])
        .run();
    assert_eq!(begin(&export.stdout)["reviews"], Value::Null);
}

#[test]
fn a_log_of_an_older_version_gets_an_anchor() {
    let dir = folder(1, 4);
    three(dir.path());
    fs::remove_file(path(dir.path(), ".anchor")).expect("remove the anchor");
    let records = read(dir.path().join("records.ndjson"));
    let (first, rest) = records.split_once('\n').expect("lines");
    let mut begin: Value = serde_json::from_str(first).expect("JSON");
    begin.as_object_mut().expect("a record").remove("reviews");
    fs::write(
        dir.path().join("records.ndjson"),
        format!("{begin}\n{rest}"),
    )
    .expect("write");
    assert!(Server::start(dir.path(), &[]).stop().success());
    assert!(path(dir.path(), ".anchor").exists());
}

#[test]
fn the_page_says_what_happened_to_the_log_and_keeps_what_is_not_saved() {
    let dir = folder(1, 6);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["b"]);
    browser.wait("document.getElementById('status').dataset.state === 'saved'");
    let aside = path(dir.path(), ".aside");
    fs::rename(path(dir.path(), ""), &aside).expect("move the log");
    browser.press(&["u", "b"]);
    browser.wait(
        "!document.getElementById('loss').hidden && document.getElementById('loss').innerText.includes('2 decisions not saved')",
    );
    browser.wait("document.getElementById('loss').innerText.includes('was removed or moved away')");
    assert_eq!(browser.eval("localStorage.length"), 2);
    browser.shot("loss");
    fs::rename(&aside, path(dir.path(), "")).expect("move it back");
    browser
        .wait("woReview.app.outbox.waiting.length === 0 && document.getElementById('loss').hidden");
    let labels: Vec<Value> = log(dir.path())
        .iter()
        .map(|line| line["new"]["label"].clone())
        .collect();
    assert_eq!(labels, ["bad_form", "unclear", "bad_form"]);
    assert_eq!(browser.eval("localStorage.length"), 0);
}

#[test]
fn what_did_not_reach_the_server_is_sent_again_and_a_proxy_says_nothing_of_the_log() {
    let dir = folder(1, 6);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.eval(
        "(window.statuses = [408, 503], window.fetch = ((fetch) => async (path, ...more) => {
            const status = path === '/api/decide' ? window.statuses.shift() : undefined;
            if (!status) return fetch(path, ...more);
            return new Response('<html>', { status, headers: { 'content-type': 'text/html' } });
        })(window.fetch), 1)",
    );
    browser.press(&["b"]);
    browser.wait("document.getElementById('status').innerText.includes('the server answers 408')");
    assert_eq!(browser.eval("localStorage.length"), 1);
    browser.wait("document.getElementById('status').innerText.includes('the server answers 503')");
    assert_eq!(browser.eval("document.getElementById('loss').hidden"), true);
    browser.wait("document.getElementById('status').dataset.state === 'saved'");
    assert_eq!(log(dir.path()).len(), 1);
    assert_eq!(browser.eval("localStorage.length"), 0);
}
