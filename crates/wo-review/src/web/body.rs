//! Bodies of requests: whole before anything is done with them, and within a time.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use tokio::time::timeout;

/// The largest request: a decision about 100 000 frames.
const MAX_BODY: usize = 800_000;
/// How long a client may take for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(20);

/// Reads the body and lets the request through, or answers why not.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Strangers may ask for the page, and nobody waits for what they might send with that.
    if matches!(parts.method, Method::GET | Method::HEAD) && !body.is_end_stream() {
        return refused(
            StatusCode::BAD_REQUEST,
            "a request of this kind has no body",
        );
    }
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
        Ok(Err(error)) if is_too_long(&error) => {
            refused(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large")
        }
        // The page sends again what came in part: it is no reason to give a decision up.
        Ok(Err(_)) => refused(StatusCode::REQUEST_TIMEOUT, "the request is not whole"),
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "the request came too slowly"),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    error
        .source()
        .is_some_and(<dyn Error>::is::<LengthLimitError>)
}

/// What follows on the connection is the rest of the body, so it is closed.
fn refused(status: StatusCode, why: &'static str) -> Response {
    (status, [(CONNECTION, "close")], why).into_response()
}
