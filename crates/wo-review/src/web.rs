//! Everything that the browser can request: the page, its API, images and parts of videos.

mod api;
mod assets;
mod body;
mod guard;
mod media;
mod response;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use tower_http::csrf::CsrfLayer;

use crate::app::App;

/// All addresses, behind the guard.
pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .merge(api::router())
        .route("/media/{start}/{id}", get(media::video_part))
        .layer(middleware::from_fn_with_state(Arc::clone(app), when_loaded))
        .merge(api::router_before_loaded())
        .route("/picture/{start}/{id}", get(media::image))
        .route("/", get(|| async { Html(assets::PAGE) }))
        .route("/assets/{name}", get(asset))
        .layer(middleware::from_fn(body::in_time))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn_with_state(
            Arc::clone(app),
            guard::guard,
        ))
        .with_state(Arc::clone(app))
}

/// Requests about the folder wait until it is read. The page itself does not.
async fn when_loaded(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    app.loaded().await;
    next.run(request).await
}

async fn asset(Path(name): Path<String>) -> Response {
    match assets::asset(&name) {
        Some((text, media_type)) => ([(CONTENT_TYPE, media_type)], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
