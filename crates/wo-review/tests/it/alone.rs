//! People judge alone: what one says is made of what they see, and of nothing that others said.

use serde_json::{Value, json};

use crate::harness::{Client, Server, folder, frames, log};

fn both(dir: &wo_testkit::TempDir) -> (Server, Client, Client) {
    let server = Server::start(dir.path(), &["--reviewer", "anna", "--reviewer", "ben"]);
    let (anna, ben) = (server.enter(0), server.enter(1));
    (server, anna, ben)
}

fn undo(client: &Client, request: &str) -> Value {
    let answer = client.post("/api/undo", &json!({"request": request}));
    answer.expect("an answer").json()
}

#[test]
fn nobody_confirms_faults_that_another_one_saw() {
    let dir = folder(1, 2);
    let (server, anna, ben) = both(&dir);
    anna.decide("a", &[0], json!({"faults": ["knees_cave"]}));
    assert_eq!(ben.frame(0)["faults"], json!([]));
    ben.decide("b", &[0], json!({"label": "bad_form"}));
    assert_eq!(log(dir.path())[1]["new"]["faults"], json!([]));
    drop(server);
    // Nor do snippets tell them.
    let (_server, anna, ben) = both(&dir);
    let snippets = |who: &Client| who.get("/api/snippets/1").json();
    let before = snippets(&ben);
    anna.decide("a1", &[1], json!({"faults": ["knees_cave"]}));
    assert_eq!(snippets(&ben), before);
    assert_ne!(snippets(&anna), before);
}

#[test]
fn a_remark_shows_nothing_and_holds_nothing() {
    let dir = folder(1, 1);
    let (server, anna, ben) = both(&dir);
    anna.decide("a", &[0], json!({"faults": ["knees_cave"]}));
    ben.decide("b", &[0], json!({"note": "shoes"}));
    let shown = ben.frame(0);
    assert_eq!(
        (&shown["label"], &shown["faults"], &shown["note"]),
        (&json!("good_form"), &json!([]), &json!("shoes"))
    );
    assert_eq!(
        log(dir.path())[1]["new"]["label"],
        "bad_form",
        "it still holds"
    );
    undo(&anna, "ua");
    let last = &log(dir.path())[2];
    assert_eq!(
        (&last["new"]["label"], &last["new"]["note"]),
        (&json!("good_form"), &json!("shoes"))
    );
    assert!(server.stop().success());
    assert_eq!(frames(dir.path())[0]["label"], "good_form");
}

#[test]
fn what_others_wrote_is_kept_by_who_confirms_the_class() {
    let dir = folder(1, 1);
    let (_server, anna, ben) = both(&dir);
    anna.decide("a1", &[0], json!({"description": "knees travel inward"}));
    anna.decide("a2", &[0], json!({"note": "left side"}));
    ben.decide("b", &[0], json!({"label": "good_form"}));
    let now = log(dir.path())[2]["new"].clone();
    assert_eq!(
        (&now["description"], &now["note"]),
        (&json!("knees travel inward"), &json!("left side"))
    );
    // A frame that one threw away stays away when another one judges it.
    anna.decide("a3", &[0], json!({"deleted": true}));
    ben.decide("b2", &[0], json!({"label": "unclear"}));
    assert_eq!(log(dir.path())[4]["new"]["deleted"], true);
}

#[test]
fn a_remark_on_a_repeat_is_a_remark_and_a_deletion_deletes() {
    let dir = folder(10, 3);
    let server = Server::start(dir.path(), &["--blind-repeats", "100"]);
    let anna = server.enter(0);
    for i in 0..25 {
        anna.decide(&format!("r{i}"), &[i], json!({"label": "bad_form"}));
    }
    let again = |frame: u32, change: Value| {
        let request = format!("again {frame} {change}");
        let body =
            json!({"request": request, "frames": [frame], "change": change, "is_repeat": true});
        anna.post("/api/decide", &body).expect("an answer").json()
    };
    assert_eq!(again(0, json!({"note": "dark"}))["is_repeat"], false);
    assert_eq!(anna.frame(0)["note"], "dark");
    assert_eq!(again(0, json!({"label": "bad_form"}))["is_repeat"], true);
    again(1, json!({"deleted": true}));
    assert_eq!(anna.queue("queue=trash"), [1]);
    let row = anna.get("/api/agreement").json()["rows"][0].clone();
    assert_eq!(
        (&row["who"], &row["n_frames"], &row["low"]),
        (&json!("anna again"), &json!(1), &Value::Null),
        "only what was said of the class, and no interval from one video"
    );
}

#[test]
fn disputes_of_others_are_not_shown_before_one_has_judged() {
    let dir = folder(1, 2);
    let names = [
        "--reviewer",
        "anna",
        "--reviewer",
        "ben",
        "--reviewer",
        "cleo",
    ];
    let server = Server::start(dir.path(), &names);
    let [anna, ben, cleo] = [0, 1, 2].map(|who| server.enter(who));
    anna.decide("a", &[0], json!({"label": "bad_form"}));
    ben.decide("b", &[0], json!({"label": "unclear"}));
    let of = |who: &Client| {
        let page = who.get("/api/agreement").json();
        (
            page["disputed"].as_array().map(Vec::len),
            page["n_hidden"].clone(),
        )
    };
    assert_eq!(of(&anna), (Some(1), json!(0)));
    assert_eq!(of(&cleo), (Some(0), json!(1)));
}

#[test]
fn a_page_of_an_earlier_start_means_the_same_frames_or_is_refused() {
    let dir = folder(3, 3);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let numbering = anna.get("/api/session").json()["numbering"].clone();
    anna.decide("r1", &[1], json!({"deleted": true}));
    assert!(server.stop().success());
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let decide = |request: &str, numbering: &Value| {
        let body = json!({"request": request, "frames": [4], "change": {"label": "unclear"}, "numbering": numbering});
        anna.post("/api/decide", &body).expect("an answer")
    };
    // What was thrown away keeps its number.
    assert_eq!(decide("r2", &numbering).status, 200);
    let line = &log(dir.path())[1];
    assert_eq!(
        (line["video_id"].as_str(), &line["index"]),
        (Some(&*crate::harness::video_id(1)), &json!(1))
    );
    let refused = decide("r3", &json!("another folder"));
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(
        decide("r2", &json!("another folder")).status,
        200,
        "it was decided before"
    );
    assert_eq!(log(dir.path()).len(), 2);
}
