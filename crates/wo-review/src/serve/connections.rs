//! The open connections: how many there are, and how long a client may take.
//!
//! Whoever sends half a head and waits holds a place only until somebody needs it: where all places are taken, the connection
//! that was idle longest is closed. So the page answers however many connections strangers open. Idle is whoever is waited
//! for: for a head, for a body, or until an answer is taken.

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
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::awaited_body::AwaitedBody;
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
/// How long a client may take nothing of an answer. A video that is paused is asked for again.
const WRITE_TIME: Duration = Duration::from_mins(1);
/// The most bytes of a head.
const MAX_HEAD: usize = 64 << 10;
/// The wait after a connection that could not be accepted, such as where too many files are open.
const PAUSE: Duration = Duration::from_millis(50);

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// Since when its client is waited for. `None` while an answer is being made. When its head is there the client is waited
    /// for again, since whoever takes nothing would hold the place otherwise.
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

    /// The client is to send or to take something.
    pub(super) fn wait(&self) {
        *locked(&self.idle_since) = Some(Instant::now());
    }

    /// The request is whole and is being answered.
    pub(super) fn work(&self) {
        *locked(&self.idle_since) = None;
    }
}

/// All open connections, by their numbers.
#[derive(Debug, Default)]
struct Open(Mutex<BTreeMap<u64, Arc<Connection>>>);

impl Open {
    fn add(self: &Arc<Self>, number: u64, permit: OwnedSemaphorePermit) -> Place {
        let connection = Arc::new(Connection::new());
        locked(&self.0).insert(number, Arc::clone(&connection));
        Place {
            open: Arc::clone(self),
            number,
            connection,
            _permit: permit,
        }
    }

    /// Closes the connection that was idle longest, if any is idle.
    fn close_oldest(&self) {
        let open = locked(&self.0);
        let idle = open
            .values()
            .filter_map(|it| (*locked(&it.idle_since)).map(|at| (at, it)));
        if let Some((_, oldest)) = idle.min_by_key(|(at, _)| *at) {
            oldest.close.notify_one();
        }
    }
}

/// The place of a connection among the open ones. It is free again when this is dropped, also by a panic.
#[derive(Debug)]
struct Place {
    open: Arc<Open>,
    number: u64,
    connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.open.0).remove(&self.number);
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
        let Ok(permit) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let place = open.add(number, permit);
        tokio::spawn(answer(stream, router.clone(), place));
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
async fn answer(stream: TcpStream, router: Router, place: Place) {
    // Without this small answers may wait for what the client sends next.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let of_request = Arc::clone(&place.connection);
    let service = service_fn(move |request: Request<Incoming>| {
        // A body that does not come keeps nobody out either.
        of_request.wait();
        let asking = Arc::clone(&of_request);
        let request = request.map(|body| AwaitedBody::new(body, move || asking.work()));
        let answering = router.call(request);
        let connection = Arc::clone(&of_request);
        async move {
            let answer = answering.await;
            connection.wait();
            answer
        }
    });
    let stream = PatientStream::new(stream, WRITE_TIME);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that went away or sent nonsense is no trouble of ours.
        _ = serving => {}
        () = place.connection.close.notified() => {}
    }
}

/// How many connections may be open, by how many files may be.
fn n_places() -> usize {
    let n_files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let n = n_files.saturating_sub(OTHER_FILES) / FILES_EACH;
    n.clamp(MIN_CONNECTIONS, MAX_CONNECTIONS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_after_a_panic() {
        let open = Arc::new(Open::default());
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&places).try_acquire_owned().expect("a place");
        let place = open.add(0, permit);
        let panicked = std::thread::spawn(move || {
            let _place = place;
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert!(locked(&open.0).is_empty());
        assert_eq!(places.available_permits(), 1);
    }
}
