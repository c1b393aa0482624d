//! Pictures wherever they are, and what is measured of them where no record says it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wo_testkit::{TempDir, tempdir};

use crate::browser::open;
use crate::harness::{Client, Server, frames, jpeg, read, tool, video_id};

/// A folder whose pictures are in the records.
fn inline_folder(n_frames: usize) -> TempDir {
    let dir = tempdir().expect("make a folder");
    let mut lines = vec![json!({"type": "video", "video_id": video_id(0), "n_frames": n_frames})];
    for index in 0..n_frames {
        lines.push(json!({"type": "frame", "video_id": video_id(0), "index": index, "exercise": "squat", "label": "good_form",
            "image": {"inline": {"jpeg_base64": STANDARD.encode(colour(index))}}}));
    }
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(
        dir.path().join("records.ndjson"),
        wo_testkit::stream(&lines),
    )
    .expect("write the records");
    dir
}

fn colour(index: usize) -> Vec<u8> {
    jpeg(|_, _| [60, (index * 20 + 40) as u8, 120])
}

fn wait_until(what: impl Fn() -> bool) {
    for _ in 0..1000 {
        if what() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it does not come");
}

#[test]
fn pictures_in_records_are_shown_wherever_the_records_go() {
    let dir = inline_folder(4);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let picture = |anna: &Client, id: usize| anna.get(&format!("/picture/x/{id}"));
    let is_shown = |anna: &Client, id: usize| picture(anna, id).body == colour(id);
    assert_eq!(
        picture(&anna, 0).header("content-type").as_deref(),
        Some("image/jpeg")
    );
    assert!((0..4).all(|id| is_shown(&anna, id)));
    anna.decide(
        "r1",
        &[0],
        json!({"label": "bad_form", "description": "a longer line than before"}),
    );
    anna.decide("r2", &[1], json!({"deleted": true}));
    // The records are written anew while the server runs, with all lines in other places.
    wait_until(|| frames(dir.path()).len() == 3);
    assert!((0..4).all(|id| is_shown(&anna, id)));
    assert!(server.stop().success());
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let trash = anna.queue("queue=trash");
    let of = |index: u64| {
        let ids = anna.queue("queue=all").into_iter().chain(trash.clone());
        let with_index = |id: &u64| anna.frame(*id as u32)["index"] == index;
        ids.into_iter().find(with_index).expect("it is there") as usize
    };
    for index in 0..4 {
        assert_eq!(picture(&anna, of(index)).body, colour(index as usize));
    }
    assert!(server.stop().success());
    let out = dir.path().join("out");
    let export = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "imagefolder", "-o"])
        .arg(&out)
        .run();
    let said = format!("{}: 3 frames; excluded: 1 deleted\n", out.display());
    assert_eq!(export, wo_testkit::Run::new(0, "", &said));
    assert_eq!(read(out.join("metadata.jsonl")).lines().count(), 3);
    assert_eq!(
        fs::read(out.join("0000000000000000_000.jpg")).expect("a picture"),
        colour(0)
    );
}

#[test]
fn a_record_that_is_no_picture_any_more_is_no_answer() {
    let dir = inline_folder(2);
    let records = dir.path().join("records.ndjson");
    let text = read(&records).replace(
        &STANDARD.encode(colour(1)),
        &STANDARD.encode("<svg onload=alert(1)>"),
    );
    fs::write(&records, text).expect("write the records");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(anna.get("/picture/x/0").status, 200);
    assert_eq!(anna.get("/picture/x/1").status, 404);
}

/// A folder of tables alone: two sharp pictures that are alike, one smeared, one that is none.
fn folder_without_figures(dir: &Path) {
    let lines =
        |period: usize| jpeg(move |x, _| [if x % period < period / 2 { 30 } else { 220 }; 3]);
    let smooth = jpeg(|x, y| [(2 * x + y) as u8; 3]);
    let pictures = [
        ("squat_001.jpg", lines(4)),
        ("squat_002.jpg", smooth),
        ("squat_003.jpg", lines(4)),
        ("squat_004.jpg", b"\xff\xd8\xff".to_vec()),
    ];
    let mut table = String::from("frame_path,label,description\n");
    for (name, bytes) in pictures {
        fs::write(dir.join(name), bytes).expect("write a picture");
        table.extend([name, ",good_form,\n"]);
    }
    fs::write(dir.join("squat_good_form.csv"), table).expect("write the table");
}

#[test]
fn what_no_record_says_is_measured_once_a_picture_is_shown() {
    let dir = tempdir().expect("make a folder");
    folder_without_figures(dir.path());
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let measuring = || anna.get("/api/progress").json()["measuring"].clone();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(
        measuring(),
        json!({"n_done": 0, "n_all": 4}),
        "the first picture comes first"
    );
    assert_eq!(anna.get("/picture/x/0").status, 200);
    wait_until(|| measuring().is_null());
    assert_eq!(anna.queue("queue=blurry").first(), Some(&1));
    assert_eq!(anna.queue("queue=blurry").len(), 3);
    assert_eq!(anna.queue("queue=near_duplicates"), [0, 2]);
    assert_eq!(anna.queue("similar=0"), [0, 2]);
}

#[test]
fn the_page_shows_what_is_measured_when_it_is() {
    let dir = tempdir().expect("make a folder");
    folder_without_figures(dir.path());
    let server = Server::start(dir.path(), &["--queue", "blurry"]);
    let Some(browser) = open(&server) else { return };
    browser.wait("woReview.app.queue.items.join() === '1,0,2' || woReview.app.queue.items.join() === '1,2,0'");
    browser.wait("document.getElementById('progress').innerText === '0 of 4 decided'");
}

#[test]
fn pictures_in_records_are_not_exported_to_a_terminal() {
    let dir = inline_folder(1);
    let export = || {
        tool()
            .arg("export")
            .arg(dir.path())
            .args(["--to", "ndjson"])
    };
    let refused = export().into_terminal();
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.contains("`> FILE` or `-o FILE`"),
        "{}",
        refused.stderr
    );
    let kept = export().run();
    assert!(kept.status == 0 && kept.stdout.contains("jpeg_base64"));
}
