//! Each way in which a source answers.

use std::time::Duration;

use serde_json::Value;

use crate::server::{Route, Server};
use crate::workspace::{Workspace, outcomes, records, video, yt_dlp};

fn expected(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(url, outcome)| ((*url).to_owned(), (*outcome).to_owned()))
        .collect()
}

fn failed(run: &wo_testkit::Run) -> Vec<(String, String)> {
    let errors = records(run, "error").into_iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let end = |url: String| url.rsplit('/').next().unwrap_or_default().to_owned();
    errors
        .map(|it| (end(text(&it["path"])), text(&it["code"])))
        .collect()
}

#[test]
fn good_sources_become_videos_with_a_ledger() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let good = server.route("/good.mp4", Route::Video(video(1)));
    server.route("/new.mp4", Route::Video(video(2)));
    let moved = server.route("/moved.mp4", Route::Moved("/new.mp4".to_owned()));
    let slow = server.route(
        "/slow.mp4",
        Route::Slow(video(3), Duration::from_millis(100)),
    );
    let no_range = server.route("/range.mp4", Route::NoRange(video(4)));
    let again = server.route("/again.mp4", Route::Video(video(1)));
    workspace.sources(&[
        (
            &good,
            "squat,bad,knees cave;shallow_depth,Anna,gym west,side,,,CC BY 4.0,written 2026-12-01,",
        ),
        (&moved, "squat,good"),
        (&slow, "deadlift,good,,ben"),
        (&no_range, "deadlift,unclear"),
        (&again, "squat,bad,knees cave;shallow_depth"),
    ]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        outcomes(&run),
        expected(&[
            ("good.mp4", "fetched"),
            ("moved.mp4", "fetched"),
            ("slow.mp4", "fetched"),
            ("range.mp4", "fetched"),
            ("again.mp4", "duplicate"),
        ])
    );
    let videos = workspace.videos();
    assert_eq!(videos.len(), 4);
    let folders: Vec<&str> = videos
        .iter()
        .filter_map(|it| it.rsplit_once('/'))
        .map(|it| it.0)
        .collect();
    assert_eq!(
        folders,
        [
            "deadlift/good_form",
            "deadlift/unclear",
            "squat/bad_form/knees_cave-shallow_depth",
            "squat/good_form"
        ]
    );
    let bytes = std::fs::read(workspace.path("data/training_data").join(&videos[2])).unwrap();
    assert_eq!(bytes, video(1));
    let groups = workspace.text("data/training_data/groups.csv");
    let rows = format!("{},Anna,gym west,side\n{},ben,,\n", videos[2], videos[0]);
    assert_eq!(groups, format!("path,person_id,source_id,angle\n{rows}"));

    let ledger = workspace.ledger();
    let first = &ledger[0];
    assert_eq!(first["kind"], "fetched");
    assert_eq!(first["address"], Value::from(good));
    assert_eq!(
        (&first["said"]["licence"], &first["said"]["consent"]),
        (&"CC BY 4.0".into(), &"written 2026-12-01".into())
    );
    assert_eq!(first["origin"]["title"], "good");
    assert_eq!(first["file"]["path"], Value::from(videos[2].clone()));
    assert_eq!(
        first["file"]["blake3"],
        Value::from(blake3::hash(&video(1)).to_hex().to_string())
    );
    let tools: Vec<&Value> = first["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["tool"])
        .collect();
    assert_eq!(tools, ["wo-collect", "yt-dlp"]);
    assert!(first["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    let to = format!("{}/new.mp4", server.address);
    assert_eq!(ledger[1]["origin"]["final_url"], Value::from(to));
    assert_eq!(
        (&ledger[4]["kind"], &ledger[4]["file"]),
        (&"duplicate".into(), &first["file"])
    );
    assert!(
        run.stderr
            .contains("again.mp4: it is the same video as squat/bad_form"),
        "{}",
        run.stderr
    );

    // The second run asks nobody.
    for path in ["/good.mp4", "/moved.mp4", "/new.mp4", "/again.mp4"] {
        assert!(server.n_asked(path) > 0, "{path}");
    }
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(outcomes(&run).iter().all(|(_, outcome)| outcome == "known"));
    assert_eq!(
        server.n_asked("/good.mp4") + server.n_asked("/again.mp4"),
        0
    );
    assert_eq!(workspace.ledger().len(), 5);
    assert!(!workspace.path("data/.collect").exists());
}

#[test]
fn bad_sources_fail_for_a_reason_and_cost_no_other() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let html = "<!DOCTYPE html><html><head><title>Log in</title></head></html>";
    let n_cut = video(1).len() / 2;
    let huge = 1 << 21;
    let routes = [
        ("/cut.mp4", Route::Cut(video(1), n_cut)),
        ("/half.mp4", Route::Video(video(2)[..n_cut].to_vec())),
        ("/html.mp4", Route::Video(html.as_bytes().to_vec())),
        ("/page", Route::Text("text/html", html.to_owned())),
        ("/huge.mp4", Route::Huge(video(3), huge)),
        ("/endless.mp4", Route::HugeUnannounced(video(4), huge * 100)),
        ("/gone.mp4", Route::Status(410, "X: y")),
        ("/good.mp4", Route::Video(video(5))),
    ];
    let urls: Vec<String> = routes
        .into_iter()
        .map(|(path, route)| server.route(path, route))
        .collect();
    let missing = format!("{}/missing.mp4", server.address);
    let mut rows: Vec<(&str, &str)> = urls
        .iter()
        .map(|url| (url.as_str(), "squat,good"))
        .collect();
    rows.insert(0, (&missing, "squat,good"));
    workspace.sources(&rows);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(
        failed(&run),
        expected(&[
            ("missing.mp4", "gone"),
            ("cut.mp4", "truncated"),
            ("half.mp4", "truncated"),
            ("html.mp4", "not_media"),
            ("page", "not_media"),
            ("huge.mp4", "too_large"),
            ("endless.mp4", "too_large"),
            ("gone.mp4", "gone"),
        ]),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.videos().len(), 1);
    assert!(
        run.stderr.contains("what came is a web page, and no video"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("larger than max_bytes, which is 1 MiB"),
        "{}",
        run.stderr
    );

    // What is gone is said once, what failed waits, and nobody is asked.
    server.n_asked("/cut.mp4");
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let outcomes = outcomes(&run);
    let of = |url: &str| &outcomes.iter().find(|it| it.0 == url).unwrap().1;
    assert_eq!(
        [
            of("missing.mp4"),
            of("gone.mp4"),
            of("cut.mp4"),
            of("good.mp4")
        ],
        ["gone", "gone", "waiting", "known"]
    );
    assert_eq!(server.n_asked("/cut.mp4"), 0);

    // It works now, and is fetched on demand.
    server.route("/cut.mp4", Route::Video(video(1)));
    let run = workspace.run(&["--retry-failed"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(workspace.videos().len(), 2);
    let cut = workspace.ledger().into_iter().filter(|it| {
        it["address"]
            .as_str()
            .is_some_and(|it| it.ends_with("/cut.mp4"))
    });
    let kinds: Vec<Value> = cut.map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["failed", "fetched"]);
    let twice = workspace.ledger().into_iter().rfind(|it| {
        it["address"]
            .as_str()
            .is_some_and(|it| it.ends_with("/html.mp4"))
    });
    assert_eq!(twice.unwrap()["n_failures"], 2);
}

#[test]
fn a_host_that_asks_for_patience_gets_it() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let busy = server.route("/busy.mp4", Route::Status(429, "Retry-After: 86400"));
    let good = server.route("/good.mp4", Route::Video(video(1)));
    workspace.sources(&[(&busy, "squat,good"), (&good, "squat,good")]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(
        outcomes(&run),
        expected(&[("busy.mp4", "failed"), ("good.mp4", "waiting")])
    );
    assert_eq!(failed(&run), expected(&[("busy.mp4", "rate_limited")]));
    assert_eq!(server.n_asked("/good.mp4"), 0);
    let entry = &workspace.ledger()[0];
    let time = |key: &str| {
        entry[key]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert_eq!(
        time("next_try").duration_since(time("at")).as_secs(),
        86_400
    );
    // The next run leaves the host alone as well.
    let run = workspace.run(&[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(server.n_asked("/busy.mp4"), 1);
    server.route("/busy.mp4", Route::Video(video(2)));
    assert_eq!(workspace.run(&["--retry-failed"]).status, 0);
    assert_eq!(workspace.videos().len(), 2);
}

#[test]
fn hostile_names_stay_inside() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let paths = [
        "/..%2f..%2f..%2fescaped.mp4",
        "/%00%0a%1b%5b2J.mp4",
        "/--exec=touch%20pwned.mp4",
        "/$(touch%20pwned)%60id%60;%7c&'%22.mp4",
        "/knees_cave%E2%80%AE4pm.mp4",
        "/%25%28title%29s%3C%3E:%2a%3F.mp4",
    ];
    let mut urls = Vec::new();
    for (n, path) in (1..).zip(paths) {
        urls.push(server.route(path, Route::Video(video(n))));
    }
    let rows: Vec<(&str, &str)> = urls
        .iter()
        .map(|url| (url.as_str(), "squat,good"))
        .collect();
    workspace.sources(&rows);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let videos = workspace.videos();
    assert_eq!(videos.len(), paths.len());
    for video in &videos {
        let name = video.strip_prefix("squat/good_form/").unwrap();
        let stem = name.strip_suffix(".mp4").unwrap();
        assert!(
            stem.len() == 16 && stem.bytes().all(|it| it.is_ascii_hexdigit()),
            "{video}"
        );
    }
    let outside: Vec<_> = std::fs::read_dir(workspace.path(""))
        .unwrap()
        .flatten()
        .map(|it| it.file_name())
        .collect();
    assert_eq!(outside.len(), 6, "{outside:?}");
    assert!(!run.stderr.contains('\u{1b}'));
}

#[test]
fn each_entry_of_a_playlist_becomes_a_video() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let one = server.route("/one/v.mp4", Route::Video(video(1)));
    let two = server.route("/two/v.mp4", Route::Video(video(2)));
    let item = |url: &str| format!("<item><title>a &lt;b&gt;</title><link>{url}</link></item>");
    let feed = |urls: &[&str]| {
        let items: String = urls.iter().map(|url| item(url)).collect();
        let text = format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>"
        );
        Route::Text("application/rss+xml", text)
    };
    let list = server.route("/list", feed(&[&one, &two]));
    server.route("/c.mp4", Route::Video(video(3)));
    server.route("/d.mp4", Route::Video(video(4)));
    let html = "<html><head><title>Two</title></head><body><video src=\"/c.mp4\"></video><video src=\"/d.mp4\"></video></body></html>";
    let page = server.route("/page", Route::Text("text/html", html.to_owned()));
    workspace.sources(&[(&list, "squat,good,,anna"), (&page, "deadlift,good")]);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(workspace.videos().len(), 4, "{}", run.stderr);
    assert!(
        outcomes(&run)
            .iter()
            .all(|(_, outcome)| outcome == "fetched")
    );
    assert_eq!(
        workspace
            .text("data/training_data/groups.csv")
            .matches(",anna,")
            .count(),
        2
    );

    // A playlist that grew: only what is new is fetched.
    let three = server.route("/three/v.mp4", Route::Video(video(5)));
    server.route("/list", feed(&[&one, &two, &three]));
    server.n_asked("/one/v.mp4");
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(workspace.videos().len(), 5);
    assert_eq!(
        (server.n_asked("/one/v.mp4"), server.n_asked("/d.mp4") > 1),
        (0, false)
    );
    // Only so many are taken, and that is said.
    workspace.settings("max_entries = 1\npause_s = 0\n");
    let run = workspace.run(&[]);
    assert!(
        run.stderr.contains("a playlist of more than 1 videos"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_part_of_a_video_is_taken() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let url = server.route("/long.mp4", Route::Video(video(1)));
    workspace.sources(&[
        (&url, "squat,good,,,,,1,2.5"),
        (&url, "squat,bad,,,,,0:02.5,"),
        (&url, "deadlift,good"),
    ]);
    let run = workspace.run(&[]);
    if run.stderr.contains("the program ffmpeg") {
        return wo_testkit::skip::not_installed("ffmpeg");
    }
    assert_eq!(run.status, 0, "{}", run.stderr);
    let sizes = records(&run, "source").into_iter().map(|it| {
        std::fs::metadata(workspace.path(it["path"].as_str().unwrap()))
            .unwrap()
            .len()
    });
    let sizes: Vec<u64> = sizes.collect();
    assert!(
        sizes[0] < sizes[2] && sizes[1] < sizes[2] && sizes[0] > 500,
        "{sizes:?}"
    );
    assert_eq!(workspace.ledger()[0]["address"], format!("{url}#t=1,2.5"));
}
