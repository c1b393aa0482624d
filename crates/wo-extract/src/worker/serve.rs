//! The worker process: starts GStreamer, enters the sandbox, and decodes one file after the other.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use anyhow::Context;
use rustix::process::{Signal, set_parent_process_death_signal};
use wo_record::code;

use super::protocol::{self, Job, Reply};
use super::replies::Replies;
use super::sandbox::{Namespaces, Sandbox, SandboxStatus};
use crate::decoding;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;

/// Serves the tool at the other end of stdin, until it goes away. `before` is called with each file before it is
/// looked at; where it returns something, that is the answer.
#[doc(hidden)]
pub fn serve(
    sandbox: Sandbox,
    before: impl Fn(&File, &UnixStream) -> Option<String>,
) -> anyhow::Result<()> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let socket = UnixStream::from(socket);
    // Where the tool dies before this, its end of the socket is closed, which ends the worker too.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let sandbox = match start(sandbox, &socket) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let what = format!("{error:#}");
            return Ok(protocol::write(&socket, &Reply::Unable { what }, &[])?);
        }
    };
    protocol::write(&socket, &Reply::Ready { sandbox }, &[])?;
    while let Some((job, file)) = protocol::read_with_file::<Job>(&socket)? {
        let replies = Replies::new(&socket);
        let file = File::from(file);
        let taken = match before(&file, &socket) {
            Some(what) => Err(ExtractError::new(code::DECODE, what)),
            None => MediaFile::received(file, job.video_id)
                .and_then(|file| decoding::take(&file, &job.settings, &replies)),
        };
        let reply = match taken {
            Ok(taken) => Reply::Taken {
                video: Box::new(taken.video),
                positions: taken.positions,
                notes: taken.notes,
                error: taken.error,
            },
            Err(error) => Reply::Failed(error),
        };
        replies
            .send(&reply, &[])
            .map_err(|error| anyhow::anyhow!(error.what))?;
    }
    Ok(())
}

fn start(sandbox: Sandbox, socket: &UnixStream) -> anyhow::Result<SandboxStatus> {
    if sandbox == Sandbox::Off {
        decoding::pipeline::init()?;
        return Ok(SandboxStatus::default());
    }
    // Plugins that are to be loaded are files: what closes them off comes after.
    let namespaces = Namespaces::enter().context("sandbox the decoder")?;
    if let Some(pid) = outer_id() {
        protocol::write(socket, &Reply::Started { pid }, &[])?;
    }
    decoding::pipeline::init()?;
    SandboxStatus::enter(namespaces).context("sandbox the decoder")
}

/// The process id that the tool sees.
fn outer_id() -> Option<u32> {
    // What is mounted there is the tool's.
    let link = std::fs::read_link("/proc/self").ok()?;
    link.to_str()?.parse().ok()
}
