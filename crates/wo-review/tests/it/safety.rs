//! The page is safe as it comes: against other sites in the same browser, other users of the machine, and what stands in
//! labels and records.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Client, Server, folder, log, picture, read, tool};
use wo_testkit::http::{raw, request};

/// Sends a decision with these headers in the place of the usual ones, and says whether anything was written.
fn changes(server: &Server, client: &Client, dir: &std::path::Path, headers: &[String]) -> bool {
    let before = log(dir).len();
    let request_id = format!(
        "{}",
        Instant::now().elapsed().as_nanos()
            + before as u128
            + headers.concat().len() as u128 * 1000
    );
    let body =
        json!({"request": request_id, "frames": [0], "change": {"label": "bad_form"}}).to_string();
    let cookie = format!("Cookie: {}", client.cookie);
    let mut lines: Vec<&str> = headers.iter().map(String::as_str).collect();
    lines.extend([&cookie[..], "Content-Type: application/json"]);
    let _ = request(&server.address, "POST", "/api/decide", &lines, &body);
    log(dir).len() != before
}

#[test]
fn only_its_own_name_and_its_own_page_are_taken() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    let host = format!("Host: {}", server.address);
    let with = |headers: &[&str]| {
        changes(
            &server,
            &client,
            dir.path(),
            &headers.iter().map(|&h| h.to_owned()).collect::<Vec<_>>(),
        )
    };
    assert!(with(&[&host]), "the usual request passes");
    let hosts = [
        "evil.com",
        "127.0.0.1.evil.com",
        "[::ffff:1.2.3.4]",
        "localhost.",
        "127.0.0.1.",
        "evil.com:80",
        "0.0.0.0",
        "127.1",
        "127.0.0.1:x",
        "127.0.0.1@evil.com",
        "localhost.evil.com",
        "2130706433",
        "",
    ];
    for name in hosts {
        assert!(!with(&[&format!("Host: {name}")]), "{name}");
    }
    assert!(!with(&[]), "no host");
    assert!(
        !with(&[&host, "Host: evil.com"]) && !with(&["Host: evil.com", &host]),
        "two hosts"
    );
    assert!(
        with(&["Host: LOCALHOST:9"]),
        "another case and the port of a tunnel"
    );
    let port = server.address.split(':').next_back().expect("a port");
    let origins = [
        "http://evil.com",
        "null",
        "file://",
        "http://127.0.0.1:1",
        "https://evil.com",
        "",
        &format!("http://localhost:{port}"),
        &format!("http://{}.evil.com", server.address),
    ];
    for origin in origins {
        assert!(!with(&[&host, &format!("Origin: {origin}")]), "{origin}");
    }
    for site in ["cross-site", "same-site"] {
        assert!(
            !with(&[&host, &format!("Sec-Fetch-Site: {site}")]),
            "{site}"
        );
    }
    assert!(with(&[
        &host,
        &format!("Origin: http://{}", server.address),
        "Sec-Fetch-Site: same-origin"
    ]));
    // Neither may another page read: not even that there is something to read.
    for path in ["/api/session", "/picture/x/0", "/api/queue"] {
        let cookie = format!("Cookie: {}", client.cookie);
        let answer = request(
            &server.address,
            "GET",
            path,
            &[&host, &cookie, "Sec-Fetch-Site: cross-site"],
            "",
        )
        .expect("an answer");
        assert_eq!(answer.status, 403, "{path}");
    }
}

#[test]
fn without_the_secret_nothing_is_told() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    let strangers = [
        "",
        "wo_review_1=0",
        "wo_review=1",
        &client.cookie[..client.cookie.len() - 1],
        &client.cookie.to_uppercase(),
    ];
    for cookie in strangers {
        let stranger = Client {
            cookie: cookie.to_owned(),
            ..client.clone()
        };
        for path in [
            "/api/session",
            "/api/queue",
            "/api/frames?ids=0",
            "/api/video/0",
            "/api/history",
            "/api/agreement",
            "/picture/x/0",
            "/media/x/0",
        ] {
            assert_eq!(stranger.get(path).status, 401, "{path} with {cookie:?}");
        }
        let body = json!({"request": "s", "frames": [0], "change": {"label": "bad_form"}});
        assert_eq!(
            stranger
                .post("/api/decide", &body)
                .map(|answer| answer.status),
            Some(401)
        );
        let page = stranger.get("/");
        assert_eq!(page.status, 200);
        assert!(
            !page.text().contains("squat"),
            "it holds nothing of the folder"
        );
    }
    // The link was used.
    let (_, token) = {
        let link = server.link(0);
        let (a, b) = link.split_once('#').expect("a secret");
        (a.to_owned(), b.to_owned())
    };
    let answer = client
        .post("/api/enter", &json!({"token": token}))
        .expect("an answer");
    assert_eq!(answer.status, 401);
    assert!(log(dir.path()).is_empty());
}

#[test]
fn every_answer_tells_the_browser_what_to_refuse() {
    let dir = folder(1, 1);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    for path in [
        "/",
        "/api/enter",
        "/assets/app.js",
        "/api/session",
        "/picture/x/0",
        "/nowhere",
        "/assets/../Cargo.toml",
    ] {
        let answer = client.get(path);
        let header = |name: &str| answer.header(name).unwrap_or_default();
        assert!(
            header("content-security-policy").starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(!header("content-security-policy").contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(header("referrer-policy"), "no-referrer");
    }
    let dir = folder(1, 1);
    let fresh = Server::start(dir.path(), &[]);
    let (_, token) = {
        let link = fresh.link(0);
        let (a, b) = link.split_once('#').expect("a secret");
        (a.to_owned(), b.to_owned())
    };
    let client = Client {
        address: fresh.address.clone(),
        cookie: String::new(),
    };
    let cookie = client
        .post("/api/enter", &json!({"token": token}))
        .expect("an answer")
        .header("set-cookie")
        .expect("a cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
}

#[test]
fn no_path_leads_out_of_the_folder() {
    let dir = folder(1, 8);
    let secret = dir
        .path()
        .parent()
        .expect("a parent")
        .join(format!("secret-{}.jpg", std::process::id()));
    fs::write(&secret, b"\xff\xd8\xff secret").expect("write a secret");
    let records = read(dir.path().join("records.ndjson"));
    let mut hostile = records.clone();
    // Records that name files outside, over links and by their whole names.
    let outside = secret
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    symlink(&secret, dir.path().join("link.jpg")).expect("make a link");
    symlink("/", dir.path().join("root")).expect("make a link");
    symlink(
        dir.path().parent().expect("a parent"),
        dir.path().join("up"),
    )
    .expect("make a link");
    let absolute = secret.display().to_string();
    let paths = [
        format!("../{outside}"),
        absolute.clone(),
        "link.jpg".to_owned(),
        format!("up/{outside}"),
        format!("root{absolute}"),
        format!("frames_squat_good/../../{outside}"),
        "/proc/self/environ".to_owned(),
    ];
    for (i, path) in paths.iter().enumerate() {
        hostile = hostile.replace(&picture(0, i), path);
    }
    fs::write(dir.path().join("records.ndjson"), &hostile).expect("write the records");
    fs::remove_file(dir.path().join("squat_good_form.csv")).expect("remove the table");
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    for (i, path) in paths.iter().enumerate() {
        assert_eq!(client.get(&format!("/picture/x/{i}")).status, 404, "{path}");
        // Nor does deleting such a frame move the file.
        client.decide(&format!("d{i}"), &[i as u32], json!({"deleted": true}));
    }
    assert_eq!(client.get("/picture/x/7").status, 200);
    let bases = ["/picture/x/", "/media/x/", "/assets/", "/api/video/", "/"];
    let tails = [
        "../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..\\..\\etc\\passwd",
        "....//....//etc/passwd",
        "%252e%252e%252fetc%252fpasswd",
        "/etc/passwd",
        "0/../../../etc/passwd",
    ];
    let mut n = 0;
    for base in bases {
        for tail in tails {
            n += 1;
            let (host, cookie) = (
                format!("Host: {}", server.address),
                format!("Cookie: {}", client.cookie),
            );
            let text = format!(
                "GET {base}{tail} HTTP/1.1\r\n{host}\r\n{cookie}\r\nConnection: close\r\n\r\n"
            );
            if let Some(answer) = raw(&server.address, text.as_bytes()) {
                assert!(answer.status >= 400, "{base}{tail}: {}", answer.status);
                assert!(!answer.text().contains("root:"), "{base}{tail}");
            }
        }
    }
    assert!(n >= 40);
    assert!(server.stop().success());
    assert!(secret.exists());
    fs::remove_file(secret).expect("remove the secret");
}

#[test]
fn what_is_no_picture_is_not_sent() {
    let dir = folder(1, 2);
    fs::write(
        dir.path().join(picture(0, 0)),
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    )
    .expect("write a picture");
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    assert_eq!(client.get("/picture/x/0").status, 404);
    assert_eq!(
        client.get("/picture/x/1").header("content-type").as_deref(),
        Some("image/jpeg")
    );
}

#[test]
fn too_much_and_too_slow_is_survived() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    let body = json!({"request": "big", "frames": [0], "change": {"note": "x".repeat(1 << 20)}});
    let status = client
        .post("/api/decide", &body)
        .map(|answer| answer.status);
    assert!(matches!(status, None | Some(413)), "{status:?}");
    for (what, change) in [
        ("long", json!({"note": "x".repeat(5000)})),
        ("empty", json!({"label": "--"})),
    ] {
        let body = json!({"request": what, "frames": [0], "change": change});
        assert_eq!(
            client
                .post("/api/decide", &body)
                .map(|answer| answer.status),
            Some(400),
            "{what}"
        );
    }
    for body in [
        json!({}),
        json!({"request": "n", "frames": [], "change": {}}),
        json!({"request": "n", "frames": [99], "change": {}}),
        json!([1]),
    ] {
        let status = client.post("/api/decide", &body).expect("an answer").status;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).expect("connect");
            stream
                .write_all(b"POST /api/decide HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
                .expect("send a part");
            stream
        })
        .collect();
    let since = Instant::now();
    client.decide("r1", &[0], json!({"label": "bad_form"}));
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    drop(slow);
    assert_eq!(log(dir.path()).len(), 1);
}

#[test]
fn other_machines_are_let_in_only_when_asked_for() {
    let dir = folder(1, 1);
    let run = tool()
        .arg(dir.path())
        .args(["--no-open", "--bind", "0.0.0.0"])
        .run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("--allow-remote"), "{}", run.stderr);
}
