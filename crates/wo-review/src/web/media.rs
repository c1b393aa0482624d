//! Images of frames and parts of videos.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::response::blocking;
use crate::app::App;
use crate::media::parse_range;

/// An image does not change while the server runs, and each start has other addresses.
const CACHED: &str = "private, max-age=86400, immutable";

type Shared = State<Arc<App>>;

pub(super) async fn image(State(app): Shared, Path((_, id)): Path<(String, u32)>) -> Response {
    app.begun().await;
    let mut image = app.store_or_first_look().0.folder.image(id);
    if image.is_none() {
        app.loaded().await;
        image = app.store().folder.image(id);
    }
    let Some(image) = image else {
        return StatusCode::NOT_FOUND.into_response();
    };
    blocking(move || {
        let read = app.images.read(&image);
        app.measuring.begin();
        match read {
            Ok((bytes, media_type)) => {
                ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, CACHED)], bytes).into_response()
            }
            Err(e) => {
                wo_cli::info!("image of frame {id}: {e}");
                StatusCode::NOT_FOUND.into_response()
            }
        }
    })
    .await
}

pub(super) async fn video_part(
    State(app): Shared,
    Path((_, id)): Path<(String, u32)>,
    headers: HeaderMap,
) -> Response {
    let video = app
        .store()
        .folder
        .videos
        .get(id as usize)
        .map(|video| (video.id.clone(), video.path.clone()));
    let Some((video_id, Some(path))) = video else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let requested = headers
        .get(RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(parse_range);
    let (start, end) = requested.unwrap_or((0, None));
    blocking(
        move || match app.videos.read(&video_id, &path, start, end) {
            Ok(Some(part)) if part.bytes.is_empty() => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(CONTENT_RANGE, format!("bytes */{}", part.total))],
            )
                .into_response(),
            Ok(Some(part)) => {
                let last = part.start + part.bytes.len() as u64 - 1;
                let range = format!("bytes {}-{last}/{}", part.start, part.total);
                let headers = [
                    (CONTENT_TYPE, part.media_type.to_owned()),
                    (CONTENT_RANGE, range),
                    (ACCEPT_RANGES, "bytes".to_owned()),
                ];
                (StatusCode::PARTIAL_CONTENT, headers, Body::from(part.bytes)).into_response()
            }
            Ok(None) => StatusCode::NOT_FOUND.into_response(),
            Err(e) => {
                wo_cli::info!("{}: {e}", path.display());
                StatusCode::NOT_FOUND.into_response()
            }
        },
    )
    .await
}
