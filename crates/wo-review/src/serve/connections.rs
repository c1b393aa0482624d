//! The open connections: how many there are, and how long a client may take.
//!
//! Whoever sends half a head and waits holds a place only until somebody needs it: where all places are taken, the connection
//! that was idle longest is closed. So the page answers however many connections strangers open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use super::patient_stream::PatientStream;

/// The most open connections, where the system allows enough open files.
const MAX_CONNECTIONS: u64 = 256;
/// The fewest, however few files it allows.
const MIN_CONNECTIONS: u64 = 4;
/// Files that the log, the folder and the runtime need.
const OTHER_FILES: u64 = 32;
/// Files of a connection: itself, and what it is answered from.
const FILES_EACH: u64 = 2;
/// How long a client may take for the head of a request, and wait before the next one.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// The most bytes of a head.
const MAX_HEAD: usize = 64 << 10;
/// The wait after a connection that could not be accepted, such as where too many files are open.
const PAUSE: Duration = Duration::from_millis(50);

/// One connection.
#[derive(Debug)]
struct Connection {
    /// Since when nothing is being answered. `None` while something is.
    idle_since: Mutex<Option<Instant>>,
    /// Tells it to close.
    close: Notify,
}

impl Connection {
    fn new() -> Self {
        Self {
            idle_since: Mutex::new(Some(Instant::now())),
            close: Notify::new(),
        }
    }

    fn idle_since(&self) -> MutexGuard<'_, Option<Instant>> {
        locked(&self.idle_since)
    }
}

/// All open connections, by their numbers.
#[derive(Debug, Default)]
struct Open(Mutex<BTreeMap<u64, Arc<Connection>>>);

impl Open {
    fn add(&self, number: u64) -> Arc<Connection> {
        let connection = Arc::new(Connection::new());
        locked(&self.0).insert(number, Arc::clone(&connection));
        connection
    }

    fn remove(&self, number: u64) {
        locked(&self.0).remove(&number);
    }

    /// Closes the connection that was idle longest, if any is idle.
    fn close_oldest(&self) {
        let open = locked(&self.0);
        let idle = open
            .values()
            .filter_map(|it| Some((*it.idle_since())?).map(|at| (at, it)));
        if let Some((_, oldest)) = idle.min_by_key(|(at, _)| *at) {
            oldest.close.notify_one();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers all connections until the runtime ends.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(n_places()));
    let open = Arc::new(Open::default());
    for number in 0.. {
        let stream = accepted(&listener).await;
        if places.available_permits() == 0 {
            open.close_oldest();
        }
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let connection = open.add(number);
        let (open, router) = (Arc::clone(&open), router.clone());
        tokio::spawn(async move {
            answer(stream, router, &connection).await;
            open.remove(number);
            drop(place);
        });
    }
}

/// The next connection. What cannot be accepted now is waited for.
async fn accepted(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                wo_cli::info!("accept a connection: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one connection until it ends or is told to.
async fn answer(stream: TcpStream, router: Router, connection: &Arc<Connection>) {
    // Without this small answers may wait for what the client sends next.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let of_request = Arc::clone(connection);
    let service = service_fn(move |request: Request<Incoming>| {
        *of_request.idle_since() = None;
        let answering = router.call(request);
        let connection = Arc::clone(&of_request);
        async move {
            let answer = answering.await;
            *connection.idle_since() = Some(Instant::now());
            answer
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(PatientStream::new(stream)), service);
    tokio::select! {
        // A client that went away or sent nonsense is no trouble of ours.
        _ = serving => {}
        () = connection.close.notified() => {}
    }
}

/// How many connections may be open, by how many files may be.
fn n_places() -> usize {
    let n_files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let n = n_files.saturating_sub(OTHER_FILES) / FILES_EACH;
    n.clamp(MIN_CONNECTIONS, MAX_CONNECTIONS) as usize
}
