//! The worker pool: starts workers when needed, reuses clean ones, watches them, and kills those that stall.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use wo_cli::{Exit, ExitWith, ShowProgress};
use wo_record::{Begin, code};

use super::answer;
use super::limits;
use super::protocol::{self, Job, Reply};
use super::sandbox::{Sandbox, SandboxStatus};
use super::watch::{LOOK, Limits, Stopped, Watched};
use crate::decoding::pipeline::PluginSet;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::job::{Extracted, Settings};
use crate::{TOOL, VERSION};

/// How long a worker may take to start.
const START: Duration = Duration::from_mins(1);
/// How long a worker that stopped answering may take to exit.
const LAST_WORD: Duration = Duration::from_secs(1);
/// A file that killed this many workers is given up. More than one: the file before may have killed the first.
const MAX_DEATHS: u32 = 2;
/// The environment variables that a worker gets beside the paths of its plugins: none holds a secret.
const KEPT_VARIABLES: [&str; 2] = ["LD_LIBRARY_PATH", "GST_DEBUG"];

/// How the workers of a run decode.
#[derive(Debug)]
pub(crate) struct PoolConfig {
    /// The program that decodes.
    pub(crate) program: PathBuf,
    pub(crate) sandbox: Sandbox,
    pub(crate) limits: Limits,
    /// How many files are decoded at the same time.
    pub(crate) n_threads: usize,
    pub(crate) progress: ShowProgress,
    /// Whether they say what they do.
    pub(crate) is_verbose: bool,
}

/// The workers of a run.
#[derive(Debug)]
pub(crate) struct WorkerPool {
    config: PoolConfig,
    plugins: PluginSet,
    idle: Mutex<Vec<Worker>>,
    /// Held by each that works on a file; alone by one that must not share the processors.
    processors: RwLock<()>,
    /// What protects this machine from each of them.
    status: SandboxStatus,
    /// What this machine lacks for the rest of the run, once that showed.
    lack: OnceLock<String>,
}

/// A process that waits for files, or works on one. Ends when it is dropped.
#[derive(Debug)]
struct Worker {
    /// What the tool started: the worker, or what keeps it.
    process: Child,
    /// The process that decodes.
    pid: u32,
    socket: UnixStream,
    is_ready: bool,
}

/// How a worker's work on a file ended.
enum Ending {
    /// It says what came of the file.
    Answer(Box<Result<Extracted, ExtractError>>),
    /// It was told to stop, because of this.
    Stopped(Stopped),
    /// It is gone, or cannot be believed.
    Died(String),
}

impl WorkerPool {
    /// Starts workers, no more than there are files. The first shows whether this machine can do the work.
    pub(crate) fn start(config: PoolConfig, n_files: usize) -> anyhow::Result<Self> {
        let sandbox = config.sandbox;
        let n_workers = n_files.clamp(1, config.n_threads);
        limits::prepare(n_workers)?;
        let mut pool = Self {
            config,
            plugins: PluginSet::link().exit_with(Exit::Environment)?,
            idle: Mutex::default(),
            processors: RwLock::default(),
            status: SandboxStatus::default(),
            lack: OnceLock::new(),
        };
        // They get ready side by side, while the first is waited for.
        let mut workers = (0..n_workers)
            .map(|_| pool.hire())
            .collect::<anyhow::Result<Vec<_>>>()?;
        let status = match workers.first_mut() {
            Some(first) => first.wait_until_ready()?,
            None => SandboxStatus::default(),
        };
        pool.status = status;
        workers
            .into_iter()
            .rev()
            .for_each(|worker| pool.rest(worker));
        match status.missing() {
            Some(missing) if sandbox == Sandbox::Require => wo_cli::bail!(
                Exit::Environment,
                "this machine cannot sandbox the decoder: it has no {missing}";
                "--sandbox auto decodes without it; use that only for videos that you made"
            ),
            Some(missing) if sandbox == Sandbox::Auto => {
                wo_cli::warn!("the decoder is not fully sandboxed: this machine has no {missing}");
                Ok(pool)
            }
            _ => Ok(pool),
        }
    }

    /// How they decode.
    pub(crate) fn config(&self) -> &PoolConfig {
        &self.config
    }

    /// The `begin` record of a run, which names the parts of the sandbox that hold.
    pub(crate) fn begin(&self) -> Begin {
        Begin {
            sandbox: Some(self.status.to_string()),
            ..Begin::of(TOOL, VERSION, &[])
        }
    }

    /// Has a worker take the frames of `file`. Stops it when `cancelled`.
    pub(crate) fn take(
        &self,
        file: &MediaFile,
        settings: &Settings,
        cancelled: &AtomicBool,
    ) -> Result<Extracted, ExtractError> {
        let mut how = String::new();
        let mut n_deaths = 0;
        let mut is_alone = false;
        while n_deaths < MAX_DEATHS {
            let mut worker = self.idle_or_new()?;
            let ending = if is_alone {
                let _alone = self.processors.write();
                worker.take(file, settings, self.config.limits, cancelled)
            } else {
                let _shared = self.processors.read();
                worker.take(file, settings, self.config.limits, cancelled)
            };
            match ending {
                Ending::Answer(answer) => {
                    // Only one that met nothing odd works on: a broken file may have broken something in it.
                    if answer.as_ref().as_ref().is_ok_and(|it| it.error.is_none()) {
                        self.rest(worker);
                    } else {
                        drop(worker);
                        self.blame_machine();
                    }
                    return *answer;
                }
                Ending::Stopped(stopped) if stopped.may_have_waited() && !is_alone => {
                    is_alone = true;
                }
                Ending::Stopped(stopped) => {
                    drop(worker);
                    self.blame_machine();
                    return Err(stopped.error);
                }
                Ending::Died(why) => {
                    how = why;
                    n_deaths += 1;
                }
            }
        }
        self.blame_machine();
        Err(ExtractError::new(
            code::CRASHED,
            format!("{how}, {MAX_DEATHS} times"),
        ))
    }

    /// An error where this machine cannot do the work any more. Files that failed meanwhile are not to blame, and are not to be
    /// remembered as failed.
    pub(crate) fn check_machine(&self) -> anyhow::Result<()> {
        match self.lack.get() {
            Some(lack) => wo_cli::bail!(
                Exit::Environment,
                "{lack}";
                "run the same command again when other programs have ended; what is finished is kept with --out"
            ),
            None => Ok(()),
        }
    }

    /// Notes it where a worker without threads is why a file failed.
    fn blame_machine(&self) {
        if let Some(what) = limits::lacking_threads_of_worker() {
            let _ = self.lack.set(what);
        }
    }

    fn idle_or_new(&self) -> Result<Worker, ExtractError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let ready = idle.map_or_else(|| self.hire(), Ok).and_then(|mut worker| {
            if !worker.is_ready {
                let status = worker.wait_until_ready()?;
                anyhow::ensure!(
                    status.is_as_tight_as(self.status),
                    "its sandbox is only {status}, and that of the first was {}",
                    self.status
                );
            }
            Ok(worker)
        });
        ready.map_err(|error| {
            let what = format!("no decoder can be started: {error:#}");
            let _ = self.lack.set(what.clone());
            ExtractError::new(code::DECODE, what)
        })
    }

    fn rest(&self, worker: Worker) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(worker);
    }

    fn hire(&self) -> anyhow::Result<Worker> {
        let (here, there) = UnixStream::pair().context("make a socket")?;
        here.set_read_timeout(Some(LOOK)).context("set a timeout")?;
        let mut command = Command::new(&self.config.program);
        command.arg("--serve").arg(match self.config.sandbox {
            Sandbox::Require | Sandbox::Auto => "--sandbox=auto",
            Sandbox::Off => "--sandbox=off",
        });
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| {
                name.to_str()
                    .is_some_and(|name| KEPT_VARIABLES.contains(&name))
            }))
            .envs(self.plugins.variables())
            .stdin(OwnedFd::from(there))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if self.config.is_verbose {
            command.arg("--verbose").stderr(Stdio::piped());
        }
        let mut process = command
            .spawn()
            .with_context(|| {
                let program = self.config.program.display();
                format!("start {program}{}", limits::of_processes())
            })
            .exit_with(Exit::Environment)?;
        if let Some(messages) = process.stderr.take() {
            std::thread::spawn(|| pass_on(messages));
        }
        Ok(Worker {
            pid: process.id(),
            process,
            socket: here,
            is_ready: false,
        })
    }
}

/// Passes on what a worker says to people.
fn pass_on(messages: impl Read) {
    for line in BufReader::new(messages).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let message = line.strip_prefix("wo-extract: ").unwrap_or(&line);
        wo_cli::info!("decoder: {message}");
    }
}

impl Worker {
    fn wait_until_ready(&mut self) -> anyhow::Result<SandboxStatus> {
        let limits = Limits {
            stall: START,
            total: 5 * START,
        };
        let never = AtomicBool::new(false);
        let listen = |pid| Watched::new(&self.socket, pid, limits, &never).reply();
        let mut reply = listen(self.pid);
        if let Ok(Reply::Started { pid }) = reply {
            self.pid = pid;
            reply = listen(pid);
        }
        match reply {
            Ok(Reply::Ready { sandbox }) => {
                self.is_ready = true;
                Ok(sandbox)
            }
            Ok(Reply::Unable { what }) => Err(anyhow!(what)).exit_with(Exit::Environment),
            Ok(_) => Err(anyhow!("the decoder sent an unexpected message")),
            Err(error) => Err(anyhow!(
                "the decoder does not start: {}",
                self.cause(&error)
            ))
            .exit_with(Exit::Environment),
        }
    }

    fn take(
        &mut self,
        file: &MediaFile,
        settings: &Settings,
        limits: Limits,
        cancelled: &AtomicBool,
    ) -> Ending {
        let job = Job {
            video_id: file.id.clone(),
            settings: settings.clone(),
        };
        let sent = protocol::write_with_file(&self.socket, &job, file.handle());
        let mut input = Watched::new(&self.socket, self.pid, limits, cancelled);
        match sent.and_then(|()| answer::receive(&mut input, settings)) {
            Ok(answer) => Ending::Answer(Box::new(answer)),
            Err(error) => match input.stopped() {
                Some(stopped) => Ending::Stopped(stopped),
                None => Ending::Died(self.cause(&error)),
            },
        }
    }

    /// Why it does not answer.
    fn cause(&mut self, error: &io::Error) -> String {
        let since = Instant::now();
        while since.elapsed() < LAST_WORD {
            if let Ok(Some(status)) = self.process.try_wait() {
                return format!("the decoder ended with {status}{}", limits::blamed(status));
            }
            std::thread::sleep(LOOK / 10);
        }
        format!("the decoder sent an invalid message: {error}")
    }
}

impl Drop for WorkerPool {
    /// Idle workers end by themselves when no job can come any more: the system then counts their processor time as the
    /// tool's. That of a process that is killed with others below it is lost.
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        for worker in idle.iter() {
            let _ = worker.socket.shutdown(Shutdown::Write);
        }
        for worker in idle.iter_mut() {
            let since = Instant::now();
            while since.elapsed() < LAST_WORD / 4 && matches!(worker.process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both fail only where it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        // What it kept ends with it. The last of them closes the other end of the socket.
        let since = Instant::now();
        let mut rest = [0; 4096];
        while since.elapsed() < LAST_WORD {
            match (&self.socket).read(&mut rest) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => break,
            }
        }
    }
}
