//! Fetching, against a Hub on the loopback interface.

mod fetching;
mod hostile;
mod offline;
mod refusals;
mod shards;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use wo_hub::{Error, Fetched, Limits, Options, fetch};

use wo_testkit::hub::Server;

/// The repository that the tests ask for.
const REPOSITORY: &str = "openai/clip-tiny";
/// Its files, of which the last is a pickle.
const FILES: [(&str, &str); 5] = [
    ("config.json", "{\"a\": 1}"),
    ("model.safetensors", "weights, weights, weights"),
    ("preprocessor_config.json", "{\"b\": 2}"),
    ("tokenizer.json", "{\"c\": 3}"),
    ("pytorch_model.bin", "a pickle"),
];
/// Those that are fetched, in order.
const FETCHED: [&str; 4] = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "preprocessor_config.json",
];

/// A user's disk and a Hub.
struct World {
    folder: TempDir,
    server: Server,
    options: Options,
}

impl World {
    /// A Hub whose `main` holds `FILES`, and an empty disk.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = Server::start();
        server.put(REPOSITORY, "main", &commit(1), &FILES);
        let options = Options {
            endpoint: server.address(),
            cache: folder.path().join("cache"),
            token: Some("hf_secret".to_owned()),
            offline: false,
            n_retries: 0,
            limits: Limits {
                silence: Duration::from_secs(20),
                margin: 0,
                ..Limits::default()
            },
            watch: None,
        };
        Self {
            folder,
            server,
            options,
        }
    }

    fn offline(&self) -> Options {
        Options {
            offline: true,
            ..self.options.clone()
        }
    }

    fn lock_file(&self) -> PathBuf {
        self.folder.path().join("models/models.lock")
    }

    fn lock_text(&self) -> String {
        fs::read_to_string(self.lock_file()).expect("a lock file")
    }

    fn fetch(&self) -> Result<Fetched, Error> {
        self.fetch_with(None, &self.options)
    }

    fn fetch_with(&self, revision: Option<&str>, options: &Options) -> Result<Fetched, Error> {
        fetch(REPOSITORY, revision, options, &self.lock_file())
    }

    /// The repository's folder in the cache.
    fn cached(&self) -> PathBuf {
        self.options.cache.join("models--openai--clip-tiny")
    }
}

/// A commit of that many letters.
fn commit(n: u8) -> String {
    format!("{n:02x}").repeat(20)
}

fn text(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).expect("a text")
}

/// An error and what to do about it, as a tool prints them.
fn said(error: &Error) -> String {
    let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
    format!("{error}{}", hint.unwrap_or_default())
}
