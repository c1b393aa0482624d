//! A connection whose client must take what it asked for: one that does not read is closed after a while.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The connection, and since when it waits for its client.
#[derive(Debug)]
pub(super) struct PatientStream {
    stream: TcpStream,
    /// How long its client may take nothing.
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl PatientStream {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            waiting: None,
        }
    }

    /// What a write came to, or that it took too long.
    fn in_time(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Read;
    use std::time::Instant;

    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Writes without end, until that fails.
    async fn flood(stream: &mut PatientStream) -> io::Error {
        let bytes = vec![0; 1 << 16];
        loop {
            let written = poll_fn(|context| Pin::new(&mut *stream).poll_write(context, &bytes));
            if let Err(error) = written.await {
                return error;
            }
        }
    }

    fn in_runtime(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test);
    }

    /// A connection and its client, which reads nothing by itself.
    async fn connected(patience: Duration) -> (PatientStream, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let address = listener.local_addr().expect("an address");
        let client = std::net::TcpStream::connect(address).expect("connect");
        let (stream, _) = listener.accept().await.expect("accept");
        (PatientStream::new(stream, patience), client)
    }

    #[test]
    fn a_client_that_takes_nothing_is_waited_for_so_long() {
        in_runtime(async {
            let patience = Duration::from_millis(300);
            let (mut stream, _client) = connected(patience).await;
            let since = Instant::now();
            let error = timeout(LONG, flood(&mut stream)).await.expect("it ends");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert!(since.elapsed() >= patience, "{:?}", since.elapsed());
        });
    }

    #[test]
    fn the_time_begins_anew_when_a_client_takes_something() {
        in_runtime(async {
            let (mut stream, mut client) = connected(LONG).await;
            let full = timeout(Duration::from_millis(300), flood(&mut stream)).await;
            assert!(full.is_err() && stream.waiting.is_some(), "nothing fits");
            let reading = std::thread::spawn(move || {
                let mut part = vec![0; 1 << 16];
                while client.read(&mut part).is_ok_and(|n| n > 0) {}
            });
            let written = poll_fn(|context| Pin::new(&mut stream).poll_write(context, b"more"));
            let written = timeout(LONG, written).await.expect("in time");
            assert_eq!(written.expect("written"), 4);
            assert!(stream.waiting.is_none());
            drop(stream);
            reading.join().expect("it ends");
        });
    }
}
