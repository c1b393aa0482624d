//! A terminal without a person in front of it.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// What is written to it, gathered while it is written.
pub(crate) struct Terminal {
    reader: JoinHandle<Vec<u8>>,
}

impl Terminal {
    /// Opens one; the file is the side that a tool writes to.
    pub(crate) fn open() -> (Self, File) {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("open a terminal");
        grantpt(&ours).expect("own the terminal");
        unlockpt(&ours).expect("unlock the terminal");
        let name = ptsname(&ours, Vec::new()).expect("name the terminal");
        let name = name.to_str().expect("the kernel's names are UTF-8");
        let theirs = File::options()
            .write(true)
            .open(name)
            .expect("open the other side of the terminal");
        let reader = thread::spawn(move || read(ours));
        (Self { reader }, theirs)
    }

    /// All that was written, with the line ends of a file. Waits until nobody holds the other side any more.
    pub(crate) fn written(self) -> Vec<u8> {
        let mut bytes = self.reader.join().expect("the reader does not panic");
        bytes.retain(|&byte| byte != b'\r');
        bytes
    }
}

fn read(terminal: OwnedFd) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Its end is an error: the other side is gone.
    let _ = File::from(terminal).read_to_end(&mut bytes);
    bytes
}
