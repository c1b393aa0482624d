//! Start-up and shutdown of the server: one for a folder and all who review it.

mod awaited_body;
mod connections;
mod loading;
mod measure;
mod patient_stream;
mod writer;

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::time::timeout;
use wo_cli::{Exit, ExitWith, Hint, Stop};
use wo_label::choice_hash;

use self::loading::Loader;
use crate::app::App;
use crate::cli::config::{Access, ServeConfig};
use crate::{projection, web};

/// How often the stop signal is checked.
const POLL_STOP: Duration = Duration::from_millis(50);
/// How long reading the folder may take after that.
const LOADING_GRACE: Duration = Duration::from_secs(2);
/// How long open requests may take after that.
const GRACE: Duration = Duration::from_millis(500);
/// Threads that answer; blocking work has its own.
const N_THREADS: usize = 2;

/// Ports of folders: below the ephemeral ports of operating systems.
const OWN_PORTS: Range<u16> = 20_000..30_000;

/// Serves the page until a signal stops it. The folder is read while the browser starts.
pub(crate) fn serve(config: &ServeConfig) -> anyhow::Result<()> {
    let loader = Loader::begin(Arc::new(config.clone()))?;
    let stop = Stop::listen().context("listen for signals")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(N_THREADS)
        .enable_all()
        .build()
        .context("start the server's threads")?;
    let listener = runtime.block_on(listen(&config.access, &config.folder))?;
    let address = listener.local_addr().context("find the port")?;
    let app = Arc::new(App::new(config, address)?);
    announce(config, &app);
    runtime.spawn(connections::serve(listener, web::router(&app)));
    let of_loader = Arc::clone(&app);
    let loading = runtime.spawn_blocking(move || load(&of_loader, loader));
    // The first signal ends it, also where something is waited for that never comes: nobody can have decided anything then.
    let writer = runtime.block_on(async {
        let mut loading = pin!(loading);
        let loaded = tokio::select! {
            loaded = &mut loading => Some(loaded),
            () = asked(&stop) => timeout(LOADING_GRACE, loading).await.ok(),
        };
        let loaded = loaded.transpose().context("read the folder")?;
        loaded.transpose()
    })?;
    if writer.is_some() {
        runtime.block_on(asked(&stop));
    }
    // A request that is being answered is finished; an open connection is closed.
    runtime.shutdown_timeout(GRACE);
    let Some(writer) = writer else {
        return Ok(());
    };
    app.write_signal.finish();
    let _ = writer.join();
    projection::write_at_end(&app.store())
}

/// Returns when a signal asks to stop.
async fn asked(stop: &Stop) {
    while !stop.is_asked() {
        tokio::time::sleep(POLL_STOP).await;
    }
}

/// Reads the folder and starts the threads. The one that is returned also writes what an earlier run could not write.
fn load(app: &Arc<App>, loader: Loader) -> anyhow::Result<JoinHandle<()>> {
    let corrections = loader.corrections()?;
    if let Some(first_look) = loader.first_look(&corrections) {
        app.set_first_look(first_look);
    }
    app.set_store(loader.all(&corrections)?);
    app.write_signal.note();
    measure::start(app);
    Ok(writer::start(app))
}

/// Listens on `--port`. Without it each folder has its own port, since browsers keep keys and unsaved decisions by address.
async fn listen(access: &Access, dir: &Path) -> anyhow::Result<TcpListener> {
    let wanted = |port| SocketAddr::new(access.address, port);
    let port = if let Some(port) = access.port {
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
        .with_context(|| format!("listen on {}", wanted(port)))
        .hint("--port 0 uses any free port")
        .exit_with(Exit::Io)
}

fn announce(config: &ServeConfig, app: &App) {
    let tokens = app.sessions.tokens();
    for (token, reviewer) in &tokens {
        wo_cli::say!("{reviewer}: open {}", app.link(token));
    }
    if config.access.is_remote {
        wo_cli::warn!("traffic is not encrypted; use a TLS proxy");
    }
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    if let Some((token, _)) = tokens.first()
        && has_screen
        && config.opens_browser
    {
        let opened = Command::new("xdg-open")
            .arg(app.link(token))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Err(e) = opened {
            wo_cli::info!("open a browser: {e}");
        }
    }
}
