//! The body of a request: until all of it is there, its client is waited for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::connections::Connection;

/// The body, and the connection that it comes from.
#[derive(Debug)]
pub(super) struct AwaitedBody {
    body: Incoming,
    connection: Arc<Connection>,
}

impl AwaitedBody {
    pub(super) fn new(body: Incoming, connection: Arc<Connection>) -> Self {
        if body.is_end_stream() {
            connection.work();
        }
        Self { body, connection }
    }
}

impl Body for AwaitedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.connection.work();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
