//! Responses that several routes give.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// An error, shown by the page as "not saved". The status tells a request that cannot be obeyed from a disk that failed.
pub(super) fn failed(error: &anyhow::Error) -> Response {
    let is_io = wo_cli::cause::<std::io::Error>(error).is_some();
    let status = if is_io {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    let message = wo_cli::message_of(error);
    if is_io {
        wo_cli::warn_line(&message);
    }
    (status, message.shown()).into_response()
}

/// Runs work that waits for the disk on another thread than those that answer.
pub(super) async fn blocking(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(response) => response,
        Err(_panic) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
