//! Clients that are slow, many, or never done: the page answers all the same.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use wo_testkit::http::raw;

use crate::harness::{Client, Server, folder, log};

/// The page answers within this time.
const QUICK: Duration = Duration::from_secs(5);

/// Connections that send a part of a head and wait.
fn half_heads(server: &Server, n: usize) -> Vec<TcpStream> {
    let open = (0..n).map(|_| {
        let mut stream = TcpStream::connect(&server.address).expect("connect");
        let part = b"POST /api/decide HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le";
        stream.write_all(part).expect("send a part");
        stream
    });
    open.collect()
}

fn decide_quickly(client: &Client, request: &str) {
    let since = Instant::now();
    client.decide(request, &[0], json!({"label": "bad_form"}));
    assert!(since.elapsed() < QUICK, "{request}: {:?}", since.elapsed());
}

/// The time until the server closes a connection, and what it sent before.
fn until_closed(mut stream: TcpStream) -> (Duration, String) {
    let since = Instant::now();
    let limit = Duration::from_mins(1);
    stream.set_read_timeout(Some(limit)).expect("set a limit");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    (
        since.elapsed(),
        String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn n_open_files(server: &Server) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", server.pid()));
    files.expect("the server runs").count()
}

#[test]
fn half_sent_heads_keep_nobody_out_and_end() {
    for n_files in [64, 1024] {
        let dir = folder(1, 2);
        let server = Server::start_with_files(dir.path(), n_files);
        let client = server.enter(0);
        let open = half_heads(&server, 300);
        for i in 0..3 {
            decide_quickly(&client, &format!("r{i}"));
        }
        assert!(n_open_files(&server) <= 290, "there is a limit");
        assert_eq!(client.get("/picture/x/0").status, 200);
        let (time, _) = until_closed(open.into_iter().next_back().expect("one"));
        assert!(time < Duration::from_secs(15), "{time:?}");
        assert_eq!(log(dir.path()).len(), 3);
        assert!(server.stop().success());
    }
}

/// Connections of strangers that name a body and send none of it.
fn awaited_bodies(server: &Server, n: usize, head: &str) -> Vec<TcpStream> {
    let open = (0..n).map(|_| {
        let mut stream = TcpStream::connect(&server.address).expect("connect");
        let head = format!(
            "{head} HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n",
            server.address
        );
        // The server may have closed it already to make way for the next.
        let _ = stream.write_all(head.as_bytes());
        stream
    });
    open.collect()
}

#[test]
fn bodies_that_never_come_keep_nobody_out() {
    for n_files in [64, 1024] {
        for head in ["GET /", "GET /assets/app.js", "POST /api/enter", "POST /"] {
            let dir = folder(1, 2);
            let server = Server::start_with_files(dir.path(), n_files);
            let client = server.enter(0);
            let open = awaited_bodies(&server, 300, head);
            for i in 0..3 {
                decide_quickly(&client, &format!("{head} {i}"));
            }
            let since = Instant::now();
            assert_eq!(client.get("/").status, 200);
            assert!(since.elapsed() < QUICK, "{head}: {:?}", since.elapsed());
            drop(open);
            assert_eq!(log(dir.path()).len(), 3);
            assert!(server.stop().success());
        }
    }
}

#[test]
fn a_request_for_the_page_has_no_body() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let open = awaited_bodies(&server, 1, "GET /");
    let (time, answer) = until_closed(open.into_iter().next().expect("one"));
    assert!(time < QUICK, "{time:?}");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[test]
fn a_body_that_is_too_long_is_told_from_one_that_is_not_whole() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    let head = format!(
        "POST /api/decide HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.address, client.cookie
    );
    let long = format!("{:x}\r\n{}\r\n0\r\n\r\n", 800_001, "x".repeat(800_001));
    let ask = |body: &str| raw(&server.address, (head.clone() + body).as_bytes());
    let status = ask(&long).map(|it| it.status);
    // The server may close before the client has sent all.
    assert!(matches!(status, None | Some(413)), "{status:?}");
    assert_eq!(ask("zz\r\n").map(|it| it.status), Some(408));
}

#[test]
fn a_body_has_a_time_as_well_and_answers_are_taken_or_dropped() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    let head = |length: &str| {
        format!(
            "POST /api/decide HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Type: application/json\r\n{length}\r\n\r\n",
            server.address, client.cookie
        )
    };
    let parts = ["Content-Length: 90", "Transfer-Encoding: chunked"].map(|length| {
        let mut stream = TcpStream::connect(&server.address).expect("connect");
        let text = head(length) + "5\r\n{\"req";
        stream.write_all(text.as_bytes()).expect("send a part");
        thread::spawn(move || until_closed(stream))
    });
    decide_quickly(&client, "r1");
    for part in parts {
        let (time, answer) = part.join().expect("it ends");
        assert!(time < Duration::from_secs(35), "{time:?}");
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert_eq!(log(dir.path()).len(), 1);
}

#[test]
fn a_server_without_a_free_file_goes_on_when_it_has_one() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let client = server.enter(0);
    decide_quickly(&client, "r1");
    let pid = Pid::from_raw(server.pid() as i32).expect("a process");
    let limit = |current: u64, maximum: Option<u64>| {
        let new = Rlimit {
            current: Some(current),
            maximum,
        };
        prlimit(Some(pid), Resource::Nofile, new).expect("set the limit of open files")
    };
    let n_open = n_open_files(&server) as u64;
    let old = limit(n_open, Some(1024));
    let waiting: Vec<TcpStream> = half_heads(&server, 20);
    thread::sleep(Duration::from_millis(500));
    drop(waiting);
    limit(1024.min(old.maximum.unwrap_or(1024)), Some(1024));
    decide_quickly(&client, "r2");
    assert!(server.stop().success());
    assert_eq!(log(dir.path()).len(), 2);
}
