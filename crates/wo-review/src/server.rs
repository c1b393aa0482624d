//! One server for one folder and all who review it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::SetOnce;
use wo_cli::{Exit, ExitWith, Stop};
use wo_label::choice_hash;

use crate::args::Serve;
use crate::guard::Hosts;
use crate::measuring::Measuring;
use crate::media::Videos;
use crate::picture_file::PictureFolder;
use crate::projector::Projector;
use crate::queue::QueueName;
use crate::reading::Reading;
use crate::routes;
use crate::session::Sessions;
use crate::store::Store;

/// How often it is looked whether someone asked for the end.
const LOOK_FOR_STOP: Duration = Duration::from_millis(50);
/// How long requests may still take after that.
const GRACE: Duration = Duration::from_millis(500);
/// How many threads answer; the disk does the rest.
const N_THREADS: usize = 2;

/// Ports that folders have for their own: below those that systems hand out.
const OWN_PORTS: Range<u16> = 20_000..30_000;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) sessions: Sessions,
    pub(crate) hosts: Hosts,
    pub(crate) first_queue: QueueName,
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) pictures: PictureFolder,
    pub(crate) videos: Videos,
    pub(crate) projector: Projector,
    pub(crate) measuring: Measuring,
    pub(crate) address: SocketAddr,
    /// Differs from start to start: numbers of frames mean something else then, and no cache may mix them up.
    pub(crate) start: String,
    /// What can be shown while all is still read.
    first_look: SetOnce<Mutex<Store>>,
    store: SetOnce<Mutex<Store>>,
}

impl Server {
    /// The store, for as long as it takes to look at it or to decide. For those who waited for [`Self::loaded`].
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        locked(self.store.get().expect("it was waited for"))
    }

    /// The store where it is read, else the first look and true. For those who waited for [`Self::begun`].
    pub(crate) fn store_or_first_look(&self) -> (MutexGuard<'_, Store>, bool) {
        match (self.store.get(), self.first_look.get()) {
            (None, Some(first_look)) => (locked(first_look), true),
            _ => (self.store(), false),
        }
    }

    /// Waits until there is something to show, without a thread that does.
    pub(crate) async fn begun(&self) {
        tokio::select! {
            _ = self.first_look.wait() => (),
            _ = self.store.wait() => (),
        }
    }

    /// Waits for the folder to be read, without a thread that does.
    pub(crate) async fn loaded(&self) {
        self.store.wait().await;
    }

    /// Reads the folder. What a run before this one could not write any more is written by the thread that is returned.
    fn read(self: &Arc<Self>, reading: Reading<'_>) -> anyhow::Result<JoinHandle<()>> {
        let corrections = reading.corrections()?;
        if let Some(first_look) = reading.first_look(&corrections) {
            // Both are set once, here.
            let _ = self.first_look.set(Mutex::new(first_look));
        }
        let mut store = reading.all(&corrections)?;
        store.numberings.push(store.folder.numbering());
        let first_look = self.first_look.get().map(locked);
        if first_look.is_none_or(|first| store.folder.begins_as(&first.folder)) {
            store.numberings.push(self.start.clone());
        }
        let _ = self.store.set(Mutex::new(store));
        self.projector.note();
        Measuring::start(self);
        Ok(Projector::start(self))
    }

    /// The link with this token. The secret is behind `#`, which browsers send to nobody.
    pub(crate) fn link(&self, token: &str) -> String {
        format!("http://{}/#{token}", self.address)
    }
}

fn locked(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names of those who review.
pub(crate) fn reviewers(args: &Serve) -> Vec<String> {
    if !args.reviewer.is_empty() {
        let mut names = args.reviewer.clone();
        let mut there = HashSet::new();
        names.retain(|name| there.insert(name.clone()));
        return names;
    }
    let user = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    vec![
        user.filter(|user| !user.is_empty())
            .unwrap_or_else(|| "reviewer".to_owned()),
    ]
}

/// Serves until someone asks for the end. The folder is read meanwhile: a browser takes its time to start.
pub(crate) fn serve(args: &Serve, reading: Reading<'_>) -> anyhow::Result<()> {
    let stop = Stop::listen().context("listen for signals")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(N_THREADS)
        .enable_all()
        .build()
        .context("start the server's threads")?;
    let listener = runtime.block_on(listen(args, &args.folder))?;
    let address = listener.local_addr().context("find the port")?;
    let mut hosts = args.host.clone();
    if args.allow_remote {
        hosts.push(match args.bind {
            std::net::IpAddr::V4(ip) => ip.to_string(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        });
    }
    let server = Arc::new(Server {
        sessions: Sessions::new(address.port(), &reviewers(args))?,
        hosts: Hosts::new(hosts),
        first_queue: args.queue,
        keys: args.key.clone(),
        pictures: PictureFolder::new(&args.folder),
        videos: Videos::new(&args.folder),
        projector: Projector::default(),
        measuring: Measuring::default(),
        address,
        start: format!("{:x}", jiff::Timestamp::now().as_millisecond()),
        first_look: SetOnce::new(),
        store: SetOnce::new(),
    });
    announce(args, &server);
    let router = routes::router(&server);
    let serving = runtime.spawn(async { axum::serve(listener, router).await });
    let writer = server.read(reading)?;
    runtime.block_on(async {
        let asked = async {
            while !stop.is_asked() {
                tokio::time::sleep(LOOK_FOR_STOP).await;
            }
        };
        tokio::select! {
            ended = serving => ended.context("serve")?.context("serve"),
            () = asked => Ok(()),
        }
    })?;
    // Whatever is being written is finished; pages that keep a connection open are not waited for.
    runtime.shutdown_timeout(GRACE);
    server.projector.finish();
    let _ = writer.join();
    crate::finish(&server.store())
}

/// Listens on the port that was asked for. Where none was, a folder has its own: browsers keep keys and what is not saved
/// yet for one address.
async fn listen(args: &Serve, dir: &Path) -> anyhow::Result<TcpListener> {
    let wanted = |port| SocketAddr::new(args.bind, port);
    let port = if let Some(port) = args.port {
        port
    } else {
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let port =
            OWN_PORTS.start + (choice_hash(&dir.to_string_lossy()) % OWN_PORTS.len() as u64) as u16;
        if let Ok(listener) = TcpListener::bind(wanted(port)).await {
            return Ok(listener);
        }
        0
    };
    TcpListener::bind(wanted(port))
        .await
        .with_context(|| {
            format!(
                "listen on {}\nhint: --port 0 takes a free port",
                wanted(port)
            )
        })
        .exit_with(Exit::Io)
}

fn announce(args: &Serve, server: &Server) {
    let tokens = server.sessions.tokens();
    for (token, reviewer) in &tokens {
        wo_cli::say!("{reviewer}: open {}", server.link(token));
    }
    if args.allow_remote {
        wo_cli::warn!("what travels is not encrypted; put a TLS proxy before it");
    }
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    if let Some((token, _)) = tokens.first()
        && has_screen
        && !args.no_open
    {
        let opened = Command::new("xdg-open")
            .arg(server.link(token))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Err(e) = opened {
            wo_cli::info!("open a browser: {e}");
        }
    }
}
