//! The body of a request: until all of it is there, its client is waited for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// The body, and what is to happen when all of it is there.
#[derive(Debug)]
pub(super) struct AwaitedBody<F> {
    body: Incoming,
    when_whole: F,
}

impl<F: Fn()> AwaitedBody<F> {
    pub(super) fn new(body: Incoming, when_whole: F) -> Self {
        if body.is_end_stream() {
            when_whole();
        }
        Self { body, when_whole }
    }
}

impl<F: Fn() + Unpin> Body for AwaitedBody<F> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            (self.when_whole)();
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
