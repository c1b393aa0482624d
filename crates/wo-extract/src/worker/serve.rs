//! The life of a worker: starts GStreamer, closes the walls, takes the frames of one file after the other.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use anyhow::Context;
use rustix::process::{Signal, set_parent_process_death_signal};
use wo_record::code;

use super::protocol::{self, Job, Reply};
use super::replies::Replies;
use super::sandbox::{Sandbox, Walls};
use crate::decoding;
use crate::error::Fault;
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
    let walls = match start(sandbox) {
        Ok(walls) => walls,
        Err(error) => {
            let what = format!("{error:#}");
            return Ok(protocol::write(&socket, &Reply::Unable { what }, &[])?);
        }
    };
    protocol::write(&socket, &Reply::Ready { walls }, &[])?;
    while let Some((job, file)) = protocol::read_with_file::<Job>(&socket)? {
        let replies = Replies::new(&socket);
        let file = File::from(file);
        let taken = match before(&file, &socket) {
            Some(what) => Err(Fault::new(code::DECODE, what)),
            None => MediaFile::received(file, job.video_id)
                .and_then(|file| decoding::take(&file, &job.settings, &replies)),
        };
        let reply = match taken {
            Ok(taken) => Reply::Taken {
                video: Box::new(taken.video),
                places: taken.places,
                notes: taken.notes,
                fault: taken.fault,
            },
            Err(fault) => Reply::Failed(fault),
        };
        replies
            .send(&reply, &[])
            .map_err(|fault| anyhow::anyhow!(fault.what))?;
    }
    Ok(())
}

fn start(sandbox: Sandbox) -> anyhow::Result<Walls> {
    decoding::pipeline::init()?;
    if sandbox == Sandbox::Off {
        return Ok(Walls::default());
    }
    Walls::close().context("lock the decoder in")
}
