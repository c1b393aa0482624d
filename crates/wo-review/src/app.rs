//! What all requests share: who may use the page, the folder's frames, and what runs in the background.

mod hosts;
mod measuring;
mod sessions;
mod write_signal;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::SetOnce;

pub(crate) use self::hosts::Hosts;
pub(crate) use self::measuring::{Measuring, MeasuringProgress};
pub(crate) use self::sessions::Sessions;
pub(crate) use self::write_signal::WriteSignal;
use crate::cli::config::{Access, ServeConfig};
use crate::media::{ImageFolder, Videos};
use crate::queue::QueueName;
use crate::store::Store;

/// The state of the server.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) sessions: Sessions,
    pub(crate) hosts: Hosts,
    pub(crate) page: PageSettings,
    pub(crate) images: ImageFolder,
    pub(crate) videos: Videos,
    pub(crate) write_signal: WriteSignal,
    pub(crate) measuring: Measuring,
    address: SocketAddr,
    /// Differs from start to start: frame numbers mean something else then, and no cache may mix them up.
    pub(crate) start: String,
    /// The first frames, shown while the rest is still read.
    first_look: SetOnce<Mutex<Store>>,
    store: SetOnce<Mutex<Store>>,
}

/// What the command line says about the page.
#[derive(Debug)]
pub(crate) struct PageSettings {
    pub(crate) first_queue: QueueName,
    /// Actions or labels, each with its key.
    pub(crate) keys: Vec<(String, String)>,
}

/// The names under which the server answers, beside its own.
fn hosts(access: &Access) -> Vec<String> {
    let mut hosts = access.hosts.clone();
    if access.is_remote {
        hosts.push(match access.address {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
    }
    hosts
}

impl App {
    /// Nothing is read yet.
    pub(crate) fn new(config: &ServeConfig, address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            sessions: Sessions::new(address.port(), &config.reviewers)?,
            hosts: Hosts::new(hosts(&config.access)),
            page: PageSettings {
                first_queue: config.first_queue,
                keys: config.keys.clone(),
            },
            images: ImageFolder::new(&config.folder),
            videos: Videos::new(&config.folder),
            write_signal: WriteSignal::default(),
            measuring: Measuring::default(),
            address,
            start: format!("{:x}", jiff::Timestamp::now().as_millisecond()),
            first_look: SetOnce::new(),
            store: SetOnce::new(),
        })
    }

    /// Locks the store. Call [`Self::loaded`] first.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        locked(self.store.get().expect("the caller waited for it"))
    }

    /// Locks the store if it is read, else the first look. Call [`Self::begun`] first.
    pub(crate) fn store_or_first_look(&self) -> MutexGuard<'_, Store> {
        match (self.store.get(), self.first_look.get()) {
            (None, Some(first_look)) => locked(first_look),
            _ => self.store(),
        }
    }

    /// Waits, without blocking a thread, until there is something to show.
    pub(crate) async fn begun(&self) {
        tokio::select! {
            _ = self.first_look.wait() => (),
            _ = self.store.wait() => (),
        }
    }

    /// Waits, without blocking a thread, until the folder is read.
    pub(crate) async fn loaded(&self) {
        self.store.wait().await;
    }

    /// Shows the first frames. A second call changes nothing.
    pub(crate) fn set_first_look(&self, store: Store) {
        let _ = self.first_look.set(Mutex::new(store));
    }

    /// Shows all frames. Frame numbers of the first look stay valid if they mean the same frames. A second call changes
    /// nothing.
    pub(crate) fn set_store(&self, mut store: Store) {
        store.numberings.push(store.folder.numbering());
        let first_look = self.first_look.get().map(locked);
        if first_look.is_none_or(|first| store.folder.begins_as(&first.folder)) {
            store.numberings.push(self.start.clone());
        }
        let _ = self.store.set(Mutex::new(store));
    }

    /// The link with this token. The token stands behind `#`, so browsers do not send it anywhere.
    pub(crate) fn link(&self, token: &str) -> String {
        format!("http://{}/#{token}", self.address)
    }
}

fn locked(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}
