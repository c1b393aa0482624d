//! Hostile requests by the thousand, with kills of the server among decisions: it answers, and loses nothing.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Client, Server, folder, log};

/// Requests between two kills.
const BETWEEN_KILLS: usize = 40;
/// Requests between two decisions.
const BETWEEN_DECISIONS: usize = 8;
/// How long an answer is waited for, since to many there is none.
const PATIENCE: Duration = Duration::from_millis(150);

/// Numbers that look drawn and are the same in each run.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.below(256) as u8).collect()
    }
}

/// A request that would be obeyed, in parts.
struct Request<'a> {
    client: &'a Client,
    method: &'a str,
    path: String,
    headers: String,
    body: String,
}

impl<'a> Request<'a> {
    fn decision(client: &'a Client, request: &str) -> Self {
        let body = json!({"request": request, "frames": [0], "change": {"label": "unclear"}});
        Self {
            client,
            method: "POST",
            path: "/api/decide".to_owned(),
            headers: String::new(),
            body: body.to_string(),
        }
    }

    fn host_and_cookie(&self) -> String {
        format!(
            "Host: {}\r\nCookie: {}\r\n",
            self.client.address, self.client.cookie
        )
    }

    fn bytes(&self) -> Vec<u8> {
        let Self {
            method,
            path,
            headers,
            body,
            ..
        } = self;
        format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.host_and_cookie(),
            body.len()
        )
        .into_bytes()
    }
}

/// The bytes of a hostile request, and what kind it is.
fn hostile(dice: &mut Dice, client: &Client, number: usize) -> (&'static str, Vec<u8>) {
    let it = Request::decision(client, &format!("hostile {number}"));
    match dice.below(13) {
        0 => {
            let whole = it.bytes();
            let n = dice.below(whole.len());
            ("a part of a request", whole[..n].to_vec())
        }
        1 => {
            let mut bytes = it.bytes();
            for _ in 0..=dice.below(4) {
                let place = dice.below(bytes.len());
                bytes[place] = 0x80 + dice.below(0x80) as u8;
            }
            ("bytes that are no UTF-8", bytes)
        }
        2 => {
            let host = it.host_and_cookie();
            let get = format!("GET /api/session HTTP/1.1\r\n{host}\r\n");
            let mut bytes = get.repeat(1 + dice.below(30)).into_bytes();
            bytes.extend(it.bytes());
            bytes.extend(dice.bytes(20));
            ("many in one", bytes)
        }
        3 | 4 => {
            let n = 1 + dice.below(4000);
            ("noise", dice.bytes(n))
        }
        5..=8 => hostile_head(dice, it),
        _ => hostile_body(dice, it),
    }
}

fn hostile_head(dice: &mut Dice, mut it: Request<'_>) -> (&'static str, Vec<u8>) {
    match dice.below(5) {
        0 => {
            for i in 0..dice.below(3000) {
                let _ = write!(it.headers, "X-{i}: {}\r\n", "x".repeat(dice.below(200)));
            }
            ("a huge head", it.bytes())
        }
        1 => {
            let methods = [
                "PUT", "DELETE", "TRACE", "CONNECT", "get", "P OST", "", "\0",
            ];
            it.method = dice.one(&methods);
            let paths = ["/api/decide", "/", "*", "/api/enter", "http://evil.com/"];
            dice.one(&paths).clone_into(&mut it.path);
            ("another method", it.bytes())
        }
        2 => {
            let ups = [
                "../",
                "..%2f",
                "%2e%2e/",
                "..\\",
                "....//",
                "%252e%252e%252f",
                "%00",
            ];
            let up = dice.one(&ups).repeat(1 + dice.below(6));
            let bases = ["/", "/assets/", "/picture/x/", "/media/x/", "/api/video/"];
            it.path = format!("{}{up}etc/passwd", dice.one(&bases));
            (it.method, it.body) = ("GET", String::new());
            ("a way out of the folder", it.bytes())
        }
        3 => {
            let others = [
                "Host: evil.com",
                "Origin: http://evil.com",
                "Origin: null",
                "Sec-Fetch-Site: cross-site",
                "Host:",
            ];
            it.headers = format!("{}\r\n", dice.one(&others));
            ("another site", it.bytes())
        }
        _ => {
            let cookie = dice.one(&["", "wo_review=1", "=;=;=", "wo_review_1=0"]);
            let text = String::from_utf8_lossy(&it.bytes()).into_owned();
            let text = text.replace(&it.client.cookie, cookie);
            ("another cookie", text.into_bytes())
        }
    }
}

fn hostile_body(dice: &mut Dice, mut it: Request<'_>) -> (&'static str, Vec<u8>) {
    let head = format!("POST /api/decide HTTP/1.1\r\n{}", it.host_and_cookie());
    match dice.below(4) {
        0 => {
            let n = dice.below(it.body.len());
            it.body.truncate(n);
            it.body += dice.one(&["", "}", "\0", "[[[[", "{\"a\":", "\"\\ud800\"", "1e999"]);
            ("bad JSON", it.bytes())
        }
        1 => {
            it.body = "[".repeat(dice.below(200_000));
            ("deep JSON", it.bytes())
        }
        2 => {
            let chunks = [
                "zz\r\n",
                "-1\r\n",
                "ffffffffffffffff\r\nx",
                "5\r\nab",
                "1;ext=\"\r\nx\r\n0\r\n\r\n",
                "0\r\nX: y\r\n",
            ];
            let chunk = dice.one(&chunks);
            let text = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
            ("chunks that are none", text.into_bytes())
        }
        _ => {
            let lengths = [
                "-1",
                "99999999999999999999",
                "1, 2",
                "0x10",
                " ",
                "800001",
                "5\r\nContent-Length: 6",
                "5\r\nTransfer-Encoding: chunked",
            ];
            let length = dice.one(&lengths);
            let text = format!("{head}Content-Length: {length}\r\n\r\n{{}}");
            ("a length that is none", text.into_bytes())
        }
    }
}

/// Sends bytes, in one or two pieces, and returns the status of the first answer.
fn send(dice: &mut Dice, address: &str, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let (one, other) = bytes.split_at(dice.below(bytes.len() + 1));
    let _ = stream.write_all(one);
    let _ = stream.write_all(other);
    if dice.below(2) == 0 {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = vec![0; 64];
    let n = stream.read(&mut answer).ok()?;
    let head = String::from_utf8_lossy(&answer[..n]).into_owned();
    head.split(' ').nth(1)?.parse().ok()
}

/// Each decision that was acknowledged is in the log once.
fn check(dir: &Path, acknowledged: &[String]) {
    let lines = log(dir);
    for request in acknowledged {
        let n = lines
            .iter()
            .filter(|line| line["request"] == request.as_str())
            .count();
        assert_eq!(n, 1, "{request}");
    }
}

/// Kills the server while it decides, and returns what it acknowledged before.
fn killed_among_decisions(
    server: &mut Server,
    client: &Client,
    dice: &mut Dice,
    number: usize,
) -> Vec<String> {
    let going: Vec<_> = (0..3)
        .map(|i| {
            let client = client.clone();
            let request = format!("last {number} {i}");
            std::thread::spawn(move || {
                let body =
                    json!({"request": request, "frames": [i], "change": {"label": "unclear"}});
                let answer = client.post("/api/decide", &body)?;
                (answer.status == 200).then_some(request)
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(dice.below(12) as u64));
    server.kill();
    let told = going
        .into_iter()
        .map(|it| it.join().expect("no client fails"));
    told.flatten().collect()
}

#[test]
fn hostile_requests_and_kills_lose_no_decision() {
    let n_requests = if std::env::var_os("WO_FULL").is_some() {
        2000
    } else {
        200
    };
    let dir = folder(2, 5);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut acknowledged: Vec<String> = Vec::new();
    let (mut n_kills, mut number) = (0, 0);
    while number < n_requests {
        let mut server = Server::start(dir.path(), &[]);
        check(dir.path(), &acknowledged);
        let client = server.enter(0);
        for _ in 0..BETWEEN_KILLS {
            number += 1;
            let (kind, bytes) = hostile(&mut dice, &client, number);
            let status = send(&mut dice, &server.address, &bytes);
            let is_right = status.is_none_or(|it| it < 500 || [501, 505].contains(&it));
            assert!(
                is_right,
                "{kind}: {status:?}: {}",
                String::from_utf8_lossy(&bytes)
            );
            if number.is_multiple_of(BETWEEN_DECISIONS) {
                let request = format!("decision {number}");
                let since = Instant::now();
                client.decide(
                    &request,
                    &[(number % 10) as u32],
                    json!({"label": "bad_form"}),
                );
                acknowledged.push(request);
                assert!(since.elapsed() < Duration::from_secs(5), "after {kind}");
            }
        }
        acknowledged.extend(killed_among_decisions(
            &mut server,
            &client,
            &mut dice,
            number,
        ));
        n_kills += 1;
    }
    let server = Server::start(dir.path(), &[]);
    assert!(server.stop().success());
    check(dir.path(), &acknowledged);
    println!(
        "{number} hostile requests, {n_kills} kills, {} decisions acknowledged, none lost",
        acknowledged.len()
    );
}
