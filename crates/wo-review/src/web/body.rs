//! Bodies of requests: whole before anything is done with them, and within a time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

/// The largest request: a decision about 100 000 frames.
pub(super) const MAX_BODY: usize = 800_000;
/// How long a client may take for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(20);

/// Reads the body and lets the request through, or answers why not.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY as u64) {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large");
    }
    match timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => {
            next.run(Request::from_parts(parts, Body::from(bytes)))
                .await
        }
        Ok(Err(error)) if error.to_string().contains("length limit") => {
            refused(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large")
        }
        Ok(Err(_)) => refused(StatusCode::BAD_REQUEST, "the request is not whole"),
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "the request came too slowly"),
    }
}

/// What follows on the connection is the rest of the body, so it is closed.
fn refused(status: StatusCode, why: &'static str) -> Response {
    (status, [(CONNECTION, "close")], why).into_response()
}
