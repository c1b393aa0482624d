//! The messages between the tool and a worker: four bytes of length, then JSON, then the pixels of a frame.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wo_record::Video;

use super::sandbox::SandboxStatus;
use crate::error::ExtractError;
use crate::job::Settings;
use crate::quality::still::FramePosition;

/// The longest message: the times of all frames that one video may give, and more.
const MAX_MESSAGE: usize = 1 << 20;

/// What a worker is to do with the file that comes with it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub(super) video_id: String,
    /// Which frames to take.
    pub(super) settings: Settings,
}

/// What a worker says. The aliases are the names of earlier versions.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// It starts, with this process id outside of its namespaces.
    Started { pid: u32 },
    /// It waits for jobs in this sandbox.
    Ready {
        #[serde(alias = "walls")]
        sandbox: SandboxStatus,
    },
    /// It cannot work on this machine.
    Unable { what: String },
    /// It makes progress.
    Beat,
    /// A frame that may be one of those to take; `3 * width * height` bytes of red, green and blue follow.
    Still {
        time_ns: u64,
        width: u32,
        height: u32,
    },
    /// The file is done; of the frames sent before, those at these times are to be taken, which are at these positions.
    Taken {
        video: Box<Video>,
        #[serde(alias = "places")]
        positions: Vec<(u64, FramePosition)>,
        notes: Vec<String>,
        #[serde(alias = "fault")]
        error: Option<ExtractError>,
    },
    /// The file gives no frames.
    Failed(ExtractError),
}

/// Writes `message`, and `pixels` behind it.
pub(super) fn write(
    mut socket: &UnixStream,
    message: &impl Serialize,
    pixels: &[u8],
) -> io::Result<()> {
    socket.write_all(&packed(message)?)?;
    socket.write_all(pixels)
}

/// Writes `message` together with an open file.
pub(super) fn write_with_file(
    mut socket: &UnixStream,
    message: &impl Serialize,
    file: impl AsFd,
) -> io::Result<()> {
    let bytes = packed(message)?;
    let files = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut extra = SendAncillaryBuffer::new(&mut space);
    extra.push(SendAncillaryMessage::ScmRights(&files));
    let n_sent = sendmsg(
        socket,
        &[IoSlice::new(&bytes)],
        &mut extra,
        SendFlags::empty(),
    )?;
    socket.write_all(bytes.get(n_sent..).unwrap_or_default())
}

/// Reads a message from anything that reads.
pub(super) fn read<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    body(input, length)
}

/// Reads a message and the file that comes with it; `None` when the other side is gone.
pub(super) fn read_with_file<T: DeserializeOwned>(
    mut socket: &UnixStream,
) -> io::Result<Option<(T, OwnedFd)>> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut extra = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut length)],
        &mut extra,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.bytes == 0 {
        return Ok(None);
    }
    if let Some(rest) = length.get_mut(received.bytes..) {
        socket.read_exact(rest)?;
    }
    let file = extra.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    let file = file.ok_or_else(|| invalid("a job without a file"))?;
    Ok(Some((body(&mut socket, length)?, file)))
}

fn packed(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = u32::try_from(bytes.len() - 4).map_err(invalid)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

fn body<T: DeserializeOwned>(input: &mut impl Read, length: [u8; 4]) -> io::Result<T> {
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_MESSAGE {
        return Err(invalid(format!("a message of {length} bytes")));
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn replies_of_an_earlier_worker_are_read() {
        let ready = r#"{"ready":{"walls":{"landlock":true,"seccomp":true}}}"#;
        let ready: Reply = serde_json::from_str(ready).unwrap();
        assert!(matches!(ready, Reply::Ready { sandbox } if sandbox.missing().is_none()));
        let taken = r#"{"taken":{"video":{"video_id":"","path":null},"places":[[7,{"is_damaged":true}]],"notes":[],"fault":{"code":"decode","what":"x"}}}"#;
        let taken: Reply = serde_json::from_str(taken).unwrap();
        let Reply::Taken {
            positions, error, ..
        } = taken
        else {
            panic!("{taken:?}");
        };
        assert!(matches!(positions[..], [(7, position)] if position.is_damaged));
        assert_eq!(error.unwrap().code, "decode");
    }

    #[test]
    fn a_message_arrives_with_its_file_and_a_long_one_is_refused() {
        let (here, there) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        write_with_file(&here, &"a job", &file).unwrap();
        let (text, received) = read_with_file::<String>(&there).unwrap().unwrap();
        let mut bytes = [0; 3];
        std::os::unix::fs::FileExt::read_exact_at(&File::from(received), &mut bytes, 0).unwrap();
        assert_eq!((text.as_str(), &bytes), ("a job", b"abc"));
        write(&here, &"without", &[]).unwrap();
        assert!(read_with_file::<String>(&there).is_err());
        drop(here);
        assert!(read_with_file::<String>(&there).unwrap_or(None).is_none());
        let long = u32::MAX.to_le_bytes();
        assert!(read::<String>(&mut long.as_slice()).is_err());
    }
}
