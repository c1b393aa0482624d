//! Errors of processes that do not come together, in words of our own.

use wo_cli::{Error, Exit, error};

use crate::group::rendezvous::Rendezvous;
use crate::native::NativeError;

/// The error where the store cannot be opened.
pub(crate) fn unreachable(at: &Rendezvous, error: &NativeError) -> Error {
    let (host, port) = (&at.host, at.port);
    let text = error.to_string();
    if text.contains("EADDRINUSE") || text.to_lowercase().contains("address already in use") {
        return error!(
            Exit::Io,
            "port {port}, at which the processes meet, is taken";
            "set another MASTER_PORT; a run that is still there, or a second process with RANK 0, has this one"
        );
    }
    error!(
        Exit::Io,
        "cannot reach {host}:{port}, where the processes meet: {}", plain(error);
        "MASTER_ADDR and MASTER_PORT are those of rank 0, which has to be there; WO_GROUP_TIMEOUT=SECONDS waits longer"
    )
}

/// The error where the others are lost before all are connected.
pub(crate) fn lost(at: &Rendezvous, error: &NativeError) -> Error {
    error!(
        Exit::Io,
        "the {} processes do not come together: {}", at.world, plain(error);
        "each has to reach the others; GLOO_SOCKET_IFNAME names the network to take"
    )
}

/// The first sentence of an error of c10d, without places in its source.
pub(crate) fn plain(error: &NativeError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("libtorch: ").unwrap_or(&text);
    let line = text.lines().next().unwrap_or_default();
    let line = match line.split_once("] ") {
        Some((place, rest)) if place.starts_with('[') && place.contains(".cc:") => rest,
        _ => line,
    };
    let sentence = line.split(". ").next().unwrap_or(line);
    sentence.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_source_are_left_out() {
        let of = |text: &str| plain(&NativeError::of(text.to_owned()));
        let gloo = "[/pytorch/gloo/transport/tcp/pair.cc:547] Connection closed by peer [10.0.0.1]:1. This may be a crash.";
        assert_eq!(of(gloo), "Connection closed by peer [10.0.0.1]:1");
        assert_eq!(of("the wait timed out.\nsecond line"), "the wait timed out");
    }
}
