//! Responses that several routes give.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::store::LogTrouble;

/// An error, shown by the page as "not saved". The status tells a request that cannot be obeyed from a disk that failed.
pub(super) fn failed(error: &anyhow::Error) -> Response {
    let is_io = wo_cli::cause::<std::io::Error>(error).is_some();
    let is_elsewhere = wo_cli::cause::<LogTrouble>(error).is_some();
    let status = if is_elsewhere {
        // The page keeps what is not saved and tells the person; on stderr it is said already.
        StatusCode::SERVICE_UNAVAILABLE
    } else if is_io {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    let message = wo_cli::message_of(error);
    if is_io {
        wo_cli::warn_line(&message);
    }
    let mut answer = (status, message.shown()).into_response();
    if is_elsewhere {
        // A proxy may answer 503 as well, and does not know of the log.
        answer
            .headers_mut()
            .insert("wo-log", HeaderValue::from_static("lost"));
    }
    answer
}

/// Runs work that waits for the disk on another thread than those that answer.
pub(super) async fn blocking(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(response) => response,
        Err(_panic) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
