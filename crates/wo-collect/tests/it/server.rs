//! A server on the loopback that answers each path as a test wants.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How a path is answered.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// With these bytes, as a whole or the range that is asked for.
    Video(Vec<u8>),
    /// The same, though a range is asked for.
    NoRange(Vec<u8>),
    /// The length of all of it, and then a part.
    Cut(Vec<u8>, usize),
    /// In small parts with a pause before each.
    Slow(Vec<u8>, Duration),
    /// With a length of so many bytes, which come as zeros behind the video.
    Huge(Vec<u8>, u64),
    /// The same without saying how long it is.
    HugeUnannounced(Vec<u8>, u64),
    /// With another address.
    Moved(String),
    /// With this text of this kind.
    Text(&'static str, String),
    /// With a status and a header.
    Status(u16, &'static str),
}

/// The server; it ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: String,
    routes: Arc<Mutex<HashMap<String, Route>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts to listen on a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            routes: Arc::default(),
            asked: Arc::default(),
        };
        let (routes, asked) = (Arc::clone(&server.routes), Arc::clone(&server.asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (routes, asked) = (Arc::clone(&routes), Arc::clone(&asked));
                // Whoever asked may go away at any moment.
                thread::spawn(move || drop(answer(stream, &routes, &asked)));
            }
        });
        server
    }

    /// Sets how a path is answered, and returns its address.
    pub(crate) fn route(&self, path: &str, route: Route) -> String {
        let mut routes = self.routes.lock().unwrap();
        routes.insert(path.to_owned(), route);
        format!("{}{path}", self.address)
    }

    /// How often a path was asked for since the last time.
    pub(crate) fn n_asked(&self, path: &str) -> usize {
        let mut asked = self.asked.lock().unwrap();
        let n_before = asked.len();
        asked.retain(|it| it != path);
        n_before - asked.len()
    }
}

fn answer(
    mut stream: TcpStream,
    routes: &Mutex<HashMap<String, Route>>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut start = None;
    for line in lines {
        let line = line?.to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.split('-').next().and_then(|it| it.parse().ok());
        }
        if line.is_empty() {
            break;
        }
    }
    asked.lock().unwrap().push(path.clone());
    let route = routes.lock().unwrap().get(&path).cloned();
    let is_head = first.starts_with("HEAD");
    let video = |length: u64| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let head = match &route {
        Some(Route::Video(bytes)) if start.is_some_and(|it: usize| it > 0 && it < bytes.len()) => {
            let (start, n) = (start.unwrap(), bytes.len());
            format!(
                "HTTP/1.1 206 Partial\r\nContent-Type: video/mp4\r\nContent-Range: bytes {start}-{}/{n}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                n - 1,
                n - start
            )
        }
        Some(
            Route::Video(bytes)
            | Route::NoRange(bytes)
            | Route::Cut(bytes, _)
            | Route::Slow(bytes, _),
        ) => video(bytes.len() as u64),
        Some(Route::Huge(_, length)) => video(*length),
        Some(Route::HugeUnannounced(..)) => {
            "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\n\r\n".to_owned()
        }
        Some(Route::Moved(to)) => {
            format!(
                "HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        }
        Some(Route::Text(kind, text)) => format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        ),
        Some(Route::Status(status, header)) => {
            format!(
                "HTTP/1.1 {status} No\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        }
        None => {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        }
    };
    stream.write_all(head.as_bytes())?;
    if is_head {
        return Ok(());
    }
    let is_part = head.starts_with("HTTP/1.1 206");
    match route {
        Some(Route::Video(bytes)) if is_part => stream.write_all(&bytes[start.unwrap()..]),
        Some(Route::Video(bytes) | Route::NoRange(bytes)) => stream.write_all(&bytes),
        Some(Route::Cut(bytes, n)) => stream.write_all(&bytes[..n]),
        Some(Route::Slow(bytes, pause)) => {
            for part in bytes.chunks(512) {
                thread::sleep(pause);
                stream.write_all(part)?;
            }
            Ok(())
        }
        Some(Route::Huge(bytes, length) | Route::HugeUnannounced(bytes, length)) => {
            stream.write_all(&bytes)?;
            let zeros = vec![0; 1 << 16];
            let mut left = length - bytes.len() as u64;
            while left > 0 {
                let n = left.min(zeros.len() as u64);
                stream.write_all(&zeros[..n as usize])?;
                left -= n;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
