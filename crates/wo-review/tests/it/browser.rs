//! The page in a real browser, by its keys.

// Longer than 400 lines: each test is one story on the page, and all share the helpers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::harness::{Server, folder, frames, log, read};
use crate::uncertain::{prediction, predictions};
use crate::webdriver::Browser;

/// The page of the first reviewer, with its first frame shown.
pub(crate) fn open(server: &Server) -> Option<Browser> {
    open_as(server, 0, 1280, 860)
}

fn open_as(server: &Server, reviewer: usize, width: u32, height: u32) -> Option<Browser> {
    let browser = Browser::open(&server.link(reviewer), width, height)?;
    browser.wait(
        "!!window.woReview?.app.view && !!document.querySelector('.panel h2, .stage .missing')",
    );
    Some(browser)
}

/// The number of the frame at hand.
const AT: &str = "(woReview.app.queue.item ?? null)";
const SAVED: &str = "document.getElementById('status').dataset.state === 'saved'";

fn wait_for_log(browser: &Browser, dir: &std::path::Path, n: usize) {
    browser.wait(SAVED);
    browser.wait("woReview.app.outbox.waiting.length === 0");
    assert_eq!(log(dir).len(), n);
}

fn says(dir: &std::path::Path) -> Vec<serde_json::Value> {
    log(dir).iter().map(|line| line["says"].clone()).collect()
}

/// Decisions reach the server only when the page is told `letGo()`.
fn hold_back(browser: &Browser) {
    browser.eval(
        "(window.gate = new Promise((resolve) => (window.letGo = resolve)), window.fetch = ((fetch) => async (path, ...more) => {
            if (path === '/api/decide') await window.gate;
            return fetch(path, ...more);
        })(window.fetch), 1)",
    );
}

fn choose_queue(browser: &Browser, name: &str) {
    browser.eval(&format!(
        "(document.getElementById('queue').value = '{name}', document.getElementById('queue').dispatchEvent(new Event('change')), 1)"
    ));
    browser.wait(&format!("woReview.app.queue.filter.queue === '{name}'"));
}

#[test]
fn one_key_decides_saves_and_goes_on() {
    let dir = folder(3, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["g", "b", "u", "1", "2", "3"]);
    browser.wait(&format!("{AT} === 6"));
    wait_for_log(&browser, dir.path(), 6);
    let labels: Vec<_> = log(dir.path())
        .iter()
        .map(|line| line["new"]["label"].clone())
        .collect();
    assert_eq!(
        labels,
        [
            "good_form",
            "bad_form",
            "unclear",
            "good_form",
            "bad_form",
            "unclear"
        ]
    );
    browser.press(&["ArrowLeft", "ArrowLeft", "ArrowRight"]);
    browser.wait(&format!("{AT} === 5"));
    browser.press(&["ArrowUp"]);
    browser.wait(&format!("{AT} === 4"));
    browser.press(&["ArrowDown"]);
    browser.wait(&format!("{AT} === 5"));
    // Bad form by a fault, by its number; the description follows.
    browser.press(&["f"]);
    browser.wait("document.querySelectorAll('[data-fault]').length > 2");
    browser.press(&["1", "Enter"]);
    browser.wait(&format!("{AT} === 6"));
    wait_for_log(&browser, dir.path(), 7);
    let last = log(dir.path()).pop().expect("a line");
    assert_eq!(last["new"]["label"], "bad_form");
    assert_eq!(last["new"]["faults"].as_array().map(Vec::len), Some(1));
    // Its words, by hand; a snippet first.
    browser.press(&["e"]);
    browser.wait("document.querySelectorAll('.snippets button').length > 0 && document.activeElement.id === 'text'");
    browser.press(&["Alt+1"]);
    browser.wait("document.activeElement.value.includes('squat')");
    browser.type_text(" and more");
    browser.press(&["Enter"]);
    browser.wait("document.querySelector('.panel').innerText.includes('and more')");
    wait_for_log(&browser, dir.path(), 8);
    browser.press(&["n"]);
    browser.wait("document.activeElement.id === 'text'");
    browser.type_text("bare feet");
    browser.press(&["Enter"]);
    browser.wait("document.querySelector('.panel').innerText.includes('bare feet')");
    browser.press(&["d"]);
    browser.wait(&format!("{AT} === 7"));
    wait_for_log(&browser, dir.path(), 10);
    assert_eq!(log(dir.path())[9]["new"]["deleted"], true);
    browser.press(&["?"]);
    browser.wait("document.getElementById('keys').open && document.getElementById('keys').innerText.includes('good form')");
    browser.press(&["Escape"]);
    browser.wait("!document.getElementById('keys').open");
    // The first frame with `l`, in the grid; two marked, decided together.
    browser.press(&["l"]);
    browser.wait("document.querySelectorAll('.cell').length > 5");
    browser.press(&["x", "ArrowRight", "x", "u"]);
    browser.wait(
        "woReview.app.outbox.waiting.length === 0 && woReview.app.views.grid.marked.size === 0",
    );
    wait_for_log(&browser, dir.path(), 12);
    assert_eq!(log(dir.path())[11]["n_reviews"], 2);
    browser.shot("grid");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn keys_that_are_faster_than_the_server_are_decisions() {
    let dir = folder(2, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    // What the page asks about frames is never answered.
    browser.eval("(woReview.app.queue.details = () => new Promise(() => {}), woReview.app.queue.frames.clear(), 1)");
    browser.press(&["g", "b", "u", "d", "b"]);
    browser.wait(&format!("{AT} === 5"));
    wait_for_log(&browser, dir.path(), 5);
    assert_eq!(log(dir.path())[3]["new"]["deleted"], true);
}

#[test]
fn what_was_written_is_saved_however_the_editor_is_left() {
    let dir = folder(2, 6);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["n"]);
    browser.type_text("label");
    browser.click("[data-action=good_form]");
    browser.wait(&format!("{AT} === 1"));
    browser.press(&["n"]);
    browser.type_text("strip");
    browser.click(".strip li:nth-child(4) button");
    browser.wait(&format!("{AT} === 3"));
    browser.press(&["n"]);
    browser.type_text("grid");
    browser.click("[data-view=grid]");
    browser.click("[data-view=single]");
    browser.wait(&format!("{AT} === 3"));
    browser.press(&["f", "1"]);
    browser.click("[data-action=unclear]");
    browser.wait(&format!("{AT} === 4"));
    browser.press(&["n"]);
    browser.type_text("nothing");
    browser.press(&["Escape", "n"]);
    browser.type_text("queue");
    choose_queue(&browser, "undecided");
    browser.wait("!woReview.app.views.single.editor.isOpen");
    wait_for_log(&browser, dir.path(), 7);
    let lines = log(dir.path());
    let notes: Vec<_> = lines
        .iter()
        .filter(|line| line["says"] == json!(["note"]))
        .map(|line| (line["index"].as_u64(), line["new"]["note"].as_str()))
        .collect();
    let wanted = [(0, "label"), (1, "strip"), (3, "grid"), (4, "queue")];
    assert_eq!(notes, wanted.map(|(at, text)| (Some(at), Some(text))));
    assert_eq!(
        says(dir.path())[4..6],
        [json!(["faults"]), json!(["label"])]
    );
    // The page goes away.
    browser.press(&["n"]);
    browser.type_text("gone");
    browser.eval("(window.isBefore = true, location.reload(), 1)");
    browser.wait("!window.isBefore && !!window.woReview?.app.outbox");
    wait_for_log(&browser, dir.path(), 8);
    assert_eq!(log(dir.path())[7]["new"]["note"], "gone");
}

#[test]
fn a_text_that_is_refused_is_given_back() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["n"]);
    browser.eval("(document.activeElement.value = 'x'.repeat(5000), 1)");
    browser.press(&["Enter", "ArrowRight"]);
    browser.wait(&format!(
        "{AT} === 0 && document.activeElement.value?.length === 5000"
    ));
    assert_eq!(log(dir.path()).len(), 0);
}

#[test]
fn what_is_typed_before_the_server_answers_is_text() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    hold_back(&browser);
    browser.press(&["f"]);
    browser.wait("document.querySelectorAll('[data-fault]').length > 2");
    browser.press(&["1", "e", "b", "u", "g", "Enter"]);
    browser.eval("(letGo(), 1)");
    wait_for_log(&browser, dir.path(), 2);
    assert_eq!(
        says(dir.path()),
        [json!(["faults"]), json!(["description"])]
    );
    assert_eq!(log(dir.path())[1]["new"]["description"], "bug");
    assert_eq!(browser.eval(AT), 0);
    // Where nothing is typed, what the faults make of the description comes in.
    hold_back(&browser);
    browser.press(&["ArrowRight", "f", "2", "e"]);
    browser.wait("document.activeElement.id === 'text'");
    assert_eq!(browser.eval("document.activeElement.value"), "");
    browser.eval("(letGo(), 1)");
    browser.wait("document.activeElement.value.includes('squat')");
    assert_eq!(
        browser.eval("getSelection().toString() === document.activeElement.value"),
        true
    );
}

#[test]
fn a_key_that_is_held_down_decides_once_and_moves_on() {
    let dir = folder(2, 6);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    let hold = |key: &str| {
        browser.eval(&format!(
            "[false, true, true, true].map((repeat) => document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', repeat, bubbles: true }}))).length"
        ))
    };
    hold("g");
    hold("ArrowRight");
    browser.wait(&format!("{AT} === 5"));
    browser.press(&["l"]);
    browser.wait("document.querySelectorAll('.cell').length > 5");
    hold("b");
    hold("z");
    browser.wait("document.getElementById('toast').innerText === 'Undone.'");
    wait_for_log(&browser, dir.path(), 3);
}

#[test]
fn undo_goes_back_across_a_restart() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["b", "b"]);
    wait_for_log(&browser, dir.path(), 2);
    browser.press(&["z"]);
    wait_for_log(&browser, dir.path(), 3);
    browser.wait(&format!(
        "{AT} === 1 && document.querySelector('.now').innerText.includes('good')"
    ));
    assert!(server.stop().success());
    let server = Server::start(dir.path(), &[]);
    browser.go(&server.link(0));
    browser.wait("document.querySelectorAll('.past li').length === 1");
    browser.press(&["z"]);
    browser.wait("document.getElementById('toast').innerText.includes('Undone')");
    assert_eq!(log(dir.path()).len(), 4);
    browser.press(&["z"]);
    browser.wait("document.getElementById('toast').innerText.includes('nothing is left')");
    assert!(server.stop().success());
    assert!(
        frames(dir.path())
            .iter()
            .all(|frame| frame["label"] == "good_form")
    );
}

#[test]
fn a_whole_video_gets_the_last_decision_and_frames_are_punched_out() {
    let dir = folder(2, 5);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["b"]);
    wait_for_log(&browser, dir.path(), 1);
    browser.press(&["v"]);
    browser.wait(&format!("{AT} === 5"));
    wait_for_log(&browser, dir.path(), 6);
    // Back to the standing frame in the middle.
    browser.press(&["ArrowLeft", "ArrowLeft", "u"]);
    wait_for_log(&browser, dir.path(), 7);
    browser.press(&["ArrowRight", "z"]);
    wait_for_log(&browser, dir.path(), 8);
    assert!(server.stop().success());
    let labels: Vec<_> = frames(dir.path())
        .iter()
        .map(|frame| frame["label"].clone())
        .collect();
    assert!(
        labels[..5].iter().all(|label| label == "bad_form")
            && labels[5..].iter().all(|label| label == "good_form")
    );
}

#[test]
fn what_was_taken_back_or_is_a_remark_is_not_for_the_whole_video() {
    let dir = folder(2, 5);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    let refused = "document.getElementById('toast').innerText.includes('Decide one frame')";
    browser.press(&["b", "z"]);
    browser.wait("document.getElementById('toast').innerText === 'Undone.'");
    browser.press(&["v"]);
    browser.wait(refused);
    browser.press(&["n"]);
    browser.type_text("a remark");
    browser.press(&["Enter"]);
    wait_for_log(&browser, dir.path(), 3);
    browser.eval("(document.getElementById('toast').textContent = '', 1)");
    browser.press(&["v"]);
    browser.wait(refused);
    wait_for_log(&browser, dir.path(), 3);
    // A remark that was taken back leaves the decision before it.
    browser.press(&["b", "n"]);
    browser.type_text("another");
    browser.press(&["Enter", "z"]);
    wait_for_log(&browser, dir.path(), 6);
    browser.press(&["v"]);
    browser.wait(&format!("{AT} === 5"));
    wait_for_log(&browser, dir.path(), 11);
    assert!(
        log(dir.path())[6..]
            .iter()
            .all(|line| line["new"]["label"] == "bad_form")
    );
}

#[test]
fn a_label_takes_a_frame_out_of_the_trash_in_the_grid_too() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["d", "d", "l"]);
    wait_for_log(&browser, dir.path(), 2);
    choose_queue(&browser, "trash");
    browser.wait("document.querySelectorAll('.cell').length === 2");
    browser.press(&["g"]);
    browser.wait("document.getElementById('toast').innerText === '1 frame: good form'");
    wait_for_log(&browser, dir.path(), 3);
    assert_eq!(log(dir.path())[2]["new"]["deleted"], false);
}

#[test]
fn a_repeat_whose_answer_is_taken_back_is_asked_again() {
    let dir = folder(2, 20);
    let server = Server::start(dir.path(), &["--blind-repeats", "100"]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["b"; 22]);
    wait_for_log(&browser, dir.path(), 22);
    browser.wait("woReview.app.queue.items.includes(-1)");
    browser.eval("(woReview.app.views.single.visit(-1), 1)");
    browser.wait("document.querySelector('.now').innerText.includes('good form')");
    // A remark is of the frame, and no answer.
    browser.press(&["n"]);
    browser.type_text("a remark");
    browser.press(&["Enter"]);
    wait_for_log(&browser, dir.path(), 23);
    assert_eq!(log(dir.path())[22]["new"]["label"], "bad_form");
    browser.press(&["u"]);
    browser.wait(&format!("{AT} !== -1"));
    wait_for_log(&browser, dir.path(), 24);
    assert_eq!(log(dir.path())[23]["is_repeat"], true);
    browser.press(&["z"]);
    browser.wait(&format!(
        "{AT} === -1 && document.querySelector('.now').innerText.includes('good form')"
    ));
}

#[test]
fn two_people_in_two_browsers() {
    let dir = folder(2, 10);
    let server = Server::start(dir.path(), &["--reviewer", "anna", "--reviewer", "ben"]);
    let Some(anna) = open_as(&server, 0, 1280, 860) else {
        return;
    };
    let Some(ben) = open_as(&server, 1, 1280, 860) else {
        return;
    };
    for _ in 0..5 {
        anna.press(&["g", "b"]);
        ben.press(&["b", "b"]);
    }
    anna.wait("woReview.app.outbox.waiting.length === 0 && woReview.app.queue.at >= 10");
    ben.wait("woReview.app.outbox.waiting.length === 0 && woReview.app.queue.at >= 10");
    let lines = log(dir.path());
    let of = |name: &str| lines.iter().filter(|line| line["reviewer"] == name).count();
    assert_eq!((lines.len(), of("anna"), of("ben")), (20, 10, 10));
    anna.click("[data-view=agreement]");
    anna.wait("document.querySelectorAll('.agreement tbody tr').length > 0 && document.querySelectorAll('.dispute').length === 5");
    anna.shot("agreement");
}

#[test]
fn what_is_not_saved_is_kept_and_sent_when_the_server_is_back() {
    let dir = folder(1, 6);
    let mut server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    let (_, port) = server.address.split_once(':').expect("a port");
    let port = port.to_owned();
    browser.press(&["b"]);
    wait_for_log(&browser, dir.path(), 1);
    server.kill();
    browser.press(&["u", "b"]);
    browser.wait("document.getElementById('status').innerText.includes('not saved')");
    let server = Server::start(dir.path(), &["--port", &port]);
    browser.go(&server.link(0));
    browser.wait("window.woReview?.app.outbox?.waiting.length === 0 && document.getElementById('status').dataset.state === 'saved'");
    let labels: Vec<_> = log(dir.path())
        .iter()
        .map(|line| line["new"]["label"].clone())
        .collect();
    assert_eq!(labels, ["bad_form", "unclear", "bad_form"]);
}

#[test]
fn two_pages_of_one_person_keep_what_each_could_not_save() {
    let dir = folder(1, 6);
    let mut server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.eval("(window.other = window.open('/'), 1)");
    browser.wait("!!other.woReview?.app.view && other.woReview.app.queue.items.length === 6");
    let (_, port) = server.address.split_once(':').expect("a port");
    let port = port.to_owned();
    server.kill();
    for page in ["woReview", "other.woReview", "woReview"] {
        browser.eval(&format!("({page}.app.act('bad_form'), 1)"));
    }
    browser.eval("(other.close(), 1)");
    let server = Server::start(dir.path(), &["--port", &port]);
    browser.go(&server.link(0));
    browser.wait("window.woReview?.app.outbox?.waiting.length === 0 && document.getElementById('status').dataset.state === 'saved'");
    let frames: Vec<_> = log(dir.path())
        .iter()
        .map(|line| line["index"].clone())
        .collect();
    assert_eq!(frames, [0, 0, 1]);
    assert_eq!(browser.eval("localStorage.length"), 0);
}

#[test]
fn hostile_texts_are_texts() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    let texts = crate::hostile::scripts();
    for (i, text) in texts.iter().enumerate() {
        let change = json!({"note": text, "description": text, "label": text, "faults": [text]});
        client.decide(&format!("x{i}"), &[0], change);
    }
    let Some(browser) = Browser::open(&format!("http://{}", server.next_link()), 1280, 860) else {
        return;
    };
    browser.wait("document.querySelectorAll('.past li').length > 5");
    browser.press(&["l"]);
    browser.wait("document.querySelectorAll('.cell .badge').length > 0");
    browser.press(&["l", "n"]);
    browser.wait("document.activeElement.id === 'text'");
    browser.press(&["Escape", "f", "Escape", "e", "Escape"]);
    assert_eq!(
        browser.eval("window.hacked ?? null"),
        serde_json::Value::Null
    );
    assert_eq!(
        browser.eval("document.querySelectorAll('main script, main svg, main iframe').length"),
        0
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// A video is made with the encoder that ffmpeg or GStreamer brings; without one this says so and checks nothing.
#[test]
fn the_video_around_the_frame_plays_in_a_loop() {
    let dir = folder(1, 4);
    let video = dir.path().join("film.webm");
    let made = Command::new("gst-launch-1.0")
        .args([
            "-q",
            "videotestsrc",
            "num-buffers=90",
            "!",
            "video/x-raw,width=160,height=120,framerate=30/1",
            "!",
            "vp8enc",
            "deadline=1",
            "!",
            "webmmux",
            "!",
            "filesink",
        ])
        .arg(format!("location={}", video.display()))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        wo_testkit::skip::not_installed("gst-launch-1.0 with vp8enc");
        return;
    }
    let bytes = fs::read(&video).expect("read the video");
    let id = blake3::hash(&bytes).to_hex().to_string();
    let records = read(dir.path().join("records.ndjson"));
    let records = records
        .replace(&crate::harness::video_id(0), &id)
        .replace("videos/squat_000.mp4", &video.display().to_string());
    fs::write(dir.path().join("records.ndjson"), records).expect("write the records");
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["ArrowRight", " "]);
    browser.wait("(document.querySelector('video')?.currentTime ?? 0) > 0.2");
    browser.wait("woReview.seen = (woReview.seen ?? 0) + (document.querySelector('video').currentTime < (woReview.then ?? 0)), woReview.then = document.querySelector('video').currentTime, woReview.seen > 0");
    browser.shot("video");
    browser.press(&[" "]);
    browser.wait("document.querySelector('video') === null");
    // Other bytes under the same name are not that video.
    fs::write(&video, &bytes[..bytes.len() / 2]).expect("write the video");
    assert_eq!(server_media(&server).status, 404);
}

fn server_media(server: &Server) -> wo_testkit::http::Answer {
    let token = server.next_link();
    let (_, token) = token.split_once('#').expect("a secret");
    let client = crate::harness::Client {
        address: server.address.clone(),
        cookie: String::new(),
    };
    let answer = client
        .post("/api/enter", &json!({"token": token}))
        .expect("an answer");
    let cookie = answer.header("set-cookie").expect("a cookie");
    let client = crate::harness::Client {
        cookie: cookie.split(';').next().unwrap_or_default().to_owned(),
        ..client
    };
    client.get("/media/x/0")
}

#[test]
fn a_finger_moves_on_a_phone_and_nothing_sticks_out() {
    let dir = folder(2, 6);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open_as(&server, 0, 500, 844) else {
        return;
    };
    browser.swipe(-120);
    browser.wait(&format!("{AT} === 1"));
    browser.swipe(120);
    browser.wait(&format!("{AT} === 0"));
    browser.click("[data-action=bad_form]");
    browser.wait(&format!("{AT} === 1"));
    wait_for_log(&browser, dir.path(), 1);
    assert_eq!(
        browser.eval("document.documentElement.scrollWidth <= innerWidth"),
        true
    );
}

#[test]
fn all_frames_come_behind_a_first_look() {
    let dir = folder(3, 4);
    let server = Server::start(dir.path(), &[]);
    let Some(browser) = open(&server) else { return };
    // As it is while the server still reads: only the first frames are known, and one was decided.
    browser.eval("(woReview.app.queue.items.length = 3, 1)");
    browser.press(&["b"]);
    browser.wait(&format!("{AT} === 1"));
    browser.eval("(woReview.app.takeAll(), 1)");
    browser.wait("woReview.app.queue.items.length === 12");
    assert_eq!(browser.eval(AT), 1);
    // A person who was through with those goes on.
    browser.eval("(woReview.app.queue.items.length = 3, 1)");
    browser.press(&["g", "g"]);
    browser.wait("document.querySelector('.stage').innerText.includes('last one')");
    browser.eval("(woReview.app.takeAll(), 1)");
    browser.wait(&format!(
        "{AT} === 3 && !!document.querySelector('.stage img')"
    ));
    // A queue that was chosen meanwhile stays.
    browser.eval("(woReview.app.load({ queue: 'trash' }).then(() => woReview.app.takeAll()), 1)");
    browser.wait(
        "woReview.app.queue.filter.queue === 'trash' && woReview.app.queue.items.length === 0",
    );
    wait_for_log(&browser, dir.path(), 3);
    assert_eq!(browser.eval("woReview.app.queue.items.length"), 0);
}

#[test]
fn the_page_shows_what_to_label_next() {
    let dir = folder(3, 3);
    let lines = [(0, 0.99), (1, 0.45), (2, 0.7)].map(|(video, bad)| prediction(video, bad));
    let file = predictions(dir.path(), &lines).display().to_string();
    let args = ["--queue", "uncertain", "--predictions", &file];
    let server = Server::start(dir.path(), &args);
    let Some(browser) = open(&server) else { return };
    assert_eq!(browser.eval(AT), 4);
    browser.wait(
        "document.getElementById('queue').selectedOptions[0].textContent === 'Uncertain first (9)'",
    );
    browser.press(&["b", "v"]);
    browser.wait(&format!("{AT} === 7"));
    wait_for_log(&browser, dir.path(), 4);
    // The whole video was decided, so it does not come again.
    choose_queue(&browser, "all");
    choose_queue(&browser, "uncertain");
    browser.wait("woReview.app.queue.items.length === 6");
}

#[test]
fn keys_can_be_others() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &["--key", "good_form=a", "--key", "warm_up=w"]);
    let Some(browser) = open(&server) else { return };
    browser.press(&["a", "w", "g"]);
    wait_for_log(&browser, dir.path(), 2);
    assert_eq!(log(dir.path())[1]["new"]["label"], "warm_up");
    browser.press(&["?"]);
    browser.wait("document.getElementById('keys').open");
    browser.click("#keys tr:nth-child(2) button");
    browser.press(&["y", "Escape"]);
    browser.wait("!document.getElementById('keys').open");
    browser.press(&["y"]);
    wait_for_log(&browser, dir.path(), 3);
    assert_eq!(log(dir.path())[2]["new"]["label"], "bad_form");
    // Shift alone is no key; the second key stays, and the one that was taken from another action is gone there.
    browser.press(&["?"]);
    browser.wait("document.getElementById('keys').open");
    browser.click("#keys tr:nth-child(3) button");
    browser.press(&["\u{e008}", "z"]);
    browser.wait("document.getElementById('toast').innerText.includes('undo the last decision')");
    browser.press(&["Escape", "3"]);
    wait_for_log(&browser, dir.path(), 4);
    assert_eq!(log(dir.path())[3]["new"]["label"], "unclear");
    assert_eq!(
        browser.eval("['unclear', 'undo'].map((name) => document.querySelector(`[data-action=${name}] kbd`).textContent)"),
        json!(["z", ""])
    );
}

#[test]
fn axe_finds_nothing_serious() {
    let cache = std::env::var_os("WO_CACHE").map(PathBuf::from);
    let cache =
        cache.or_else(|| Some(PathBuf::from(std::env::var_os("XDG_CACHE_HOME")?).join("wo")));
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/wo")));
    let axe = cache
        .map(|cache| cache.join("axe-core/package/axe.min.js"))
        .unwrap_or_default();
    let Ok(axe) = fs::read_to_string(&axe) else {
        wo_testkit::skip::not_available("axe-core, which comes with npm");
        return;
    };
    let dir = folder(2, 5);
    let server = Server::start(dir.path(), &["--reviewer", "anna", "--reviewer", "ben"]);
    let links = [(0, "good_form"), (1, "bad_form")].map(|(who, label)| {
        server
            .enter(who)
            .decide(&format!("r{who}"), &[0], json!({"label": label}));
        server.next_link()
    });
    let url = format!("http://{}", links[0]);
    let Some(browser) = Browser::open(&url, 1280, 860) else {
        return;
    };
    browser.wait("!!document.querySelector('.panel h2')");
    for (name, prepare) in [
        ("single", "1"),
        ("faults", "woReview.app.act('faults'), 1"),
        ("text", "woReview.app.act('note'), 1"),
        ("keys", "woReview.app.act('help'), 1"),
        (
            "grid",
            "document.getElementById('keys').close(), woReview.app.open('grid'), 1",
        ),
        ("agreement", "woReview.app.open('agreement'), 1"),
    ] {
        for theme in ["light", "dark"] {
            browser.eval(prepare);
            browser.eval(&format!(
                "document.documentElement.dataset.theme = '{theme}'"
            ));
            std::thread::sleep(std::time::Duration::from_millis(400));
            let script = format!(
                "{axe}; axe.run({{resultTypes: ['violations']}}).then((r) => done(r.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200) + ' ' + (n.any[0]?.message ?? '')).join(' | '))));"
            );
            let found = browser.eval_later(&script);
            assert_eq!(found, json!([]), "{name} {theme}");
        }
    }
}
