//! The addresses of the server and what each does.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RANGE, SET_COOKIE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use tower_http::csrf::CsrfLayer;
use wo_record::Name;

use crate::decision::Decision;
use crate::guard::{Reviewer, guard};
use crate::queue::Filter;
use crate::server::Server;
use crate::store::Done;
use crate::{agreement, assets, media, views};

/// The largest request: a decision about all of 100 000 frames.
const MAX_BODY: usize = 800_000;
/// Most frames that are told about at once.
const MAX_FRAMES: usize = 500;
/// A picture does not change while the server runs, and another start has other addresses.
const CACHED: &str = "private, max-age=86400, immutable";

type Shared = State<Arc<Server>>;

/// All addresses, behind the guard.
pub(crate) fn router(server: &Arc<Server>) -> Router {
    Router::new()
        .route("/api/session", get(session))
        .route("/api/progress", get(progress))
        .route("/api/queue", get(queue))
        .route("/api/frames", get(frames))
        .route("/api/video/{id}", get(video))
        .route("/api/history", get(history))
        .route("/api/opinion/{id}", get(opinion))
        .route("/api/snippets/{id}", get(snippets))
        .route("/api/agreement", get(agreement))
        .route("/api/decide", post(decide))
        .route("/api/undo", post(undo))
        .route("/media/{start}/{id}", get(media_part))
        .layer(middleware::from_fn_with_state(
            Arc::clone(server),
            when_loaded,
        ))
        .route("/api/enter", post(enter))
        .route("/picture/{start}/{id}", get(picture))
        .route("/", get(|| async { Html(assets::PAGE) }))
        .route("/assets/{name}", get(asset))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn_with_state(Arc::clone(server), guard))
        .with_state(Arc::clone(server))
}

/// What is of the folder waits until it is read; the page itself does not.
async fn when_loaded(State(server): Shared, request: Request, next: Next) -> Response {
    server.loaded().await;
    next.run(request).await
}

async fn asset(Path(name): Path<String>) -> Response {
    match assets::asset(&name) {
        Some((text, media_type)) => ([(CONTENT_TYPE, media_type)], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct Enter {
    token: String,
}

async fn enter(State(server): Shared, Json(body): Json<Enter>) -> Response {
    match server.sessions.enter(&body.token) {
        Ok(Some((cookie, reviewer, next))) => {
            wo_cli::say!("{reviewer}: for another browser: {}", server.link(&next));
            server.begun().await;
            ([(SET_COOKIE, cookie)], session_of(&server, &reviewer)).into_response()
        }
        Ok(None) => (
            StatusCode::UNAUTHORIZED,
            "the link was used before or is not of this run",
        )
            .into_response(),
        Err(e) => failed(&e),
    }
}

async fn session(State(server): Shared, Extension(who): Extension<Reviewer>) -> Response {
    session_of(&server, &who.0)
}

fn session_of(server: &Server, who: &str) -> Response {
    let (mut store, is_first_look) = server.store_or_first_look();
    let reviewer = store.reviewer(who);
    Json(views::session(server, &store, is_first_look, reviewer)).into_response()
}

async fn progress(State(server): Shared, Extension(who): Extension<Reviewer>) -> Response {
    let mut store = server.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::progress(&server, &store, reviewer)).into_response()
}

async fn queue(
    State(server): Shared,
    Extension(who): Extension<Reviewer>,
    Query(filter): Query<Filter>,
) -> Response {
    let mut store = server.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::queue(&server, &store, reviewer, &filter)).into_response()
}

#[derive(Deserialize)]
struct Frames {
    /// Numbers with commas between them.
    ids: String,
    #[serde(default)]
    repeat: bool,
}

async fn frames(
    State(server): Shared,
    Extension(who): Extension<Reviewer>,
    Query(query): Query<Frames>,
) -> Response {
    let ids: Result<Vec<u32>, _> = query.ids.split(',').map(str::parse).collect();
    let Ok(ids) = ids else {
        return (StatusCode::BAD_REQUEST, "ids are numbers").into_response();
    };
    frames_as_json(&server, &who, &ids, query.repeat)
}

fn frames_as_json(server: &Server, who: &Reviewer, ids: &[u32], is_repeat: bool) -> Response {
    let mut store = server.store();
    let reviewer = store.reviewer(&who.0);
    let ids = ids.iter().take(MAX_FRAMES);
    let frames: Vec<_> = ids
        .filter_map(|&id| views::frame(server, &store, reviewer, id, is_repeat))
        .collect();
    Json(frames).into_response()
}

async fn video(
    State(server): Shared,
    Extension(who): Extension<Reviewer>,
    Path(id): Path<u32>,
) -> Response {
    let ids = server
        .store()
        .folder
        .videos
        .get(id as usize)
        .map(|video| video.frames.clone());
    match ids {
        Some(ids) => frames_as_json(&server, &who, &ids, false),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn history(State(server): Shared, Extension(who): Extension<Reviewer>) -> Response {
    let mut store = server.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::history(&store, reviewer)).into_response()
}

async fn opinion(State(server): Shared, Path(id): Path<u32>) -> Response {
    match server.store().suspects.of_frame(id) {
        Some(suspect) => Json(suspect).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct Class {
    label: Option<String>,
    #[serde(default)]
    faults: String,
}

async fn snippets(
    State(server): Shared,
    Extension(who): Extension<Reviewer>,
    Path(id): Path<u32>,
    Query(class): Query<Class>,
) -> Response {
    let label = class.label.as_deref().map(Name::label);
    let faults = class
        .faults
        .split(',')
        .map(Name::new)
        .filter(|fault| !fault.is_empty());
    let faults: Vec<Name> = faults.collect();
    let class = label.as_ref().map(|label| (label, &faults[..]));
    let mut store = server.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::snippets(&store, reviewer, id, class)).into_response()
}

async fn agreement(State(server): Shared, Extension(who): Extension<Reviewer>) -> Response {
    blocking(move || {
        let mut store = server.store();
        let reviewer = store.reviewer(&who.0);
        Json(agreement::page(&store, reviewer)).into_response()
    })
    .await
}

async fn decide(
    State(server): Shared,
    Extension(who): Extension<Reviewer>,
    Json(decision): Json<Decision>,
) -> Response {
    blocking(move || {
        let mut store = server.store();
        let reviewer = store.reviewer(&who.0);
        if !store.can_tell_frames(&decision) {
            let why = "the folder has other frames than this page shows; load the page again";
            return (StatusCode::CONFLICT, why).into_response();
        }
        let done = store.decide(reviewer, &decision);
        drop(store);
        answer(&server, reviewer, done.map(Some))
    })
    .await
}

#[derive(Deserialize)]
struct Undo {
    request: String,
}

async fn undo(
    State(server): Shared,
    Extension(who): Extension<Reviewer>,
    Json(undo): Json<Undo>,
) -> Response {
    blocking(move || {
        let mut store = server.store();
        let reviewer = store.reviewer(&who.0);
        let done = store.undo(reviewer, &undo.request);
        drop(store);
        answer(&server, reviewer, done)
    })
    .await
}

/// What was decided and is on the disk: the frames as they are now, and what is to be asked again.
fn answer(server: &Server, reviewer: u32, done: anyhow::Result<Option<Done>>) -> Response {
    let done = match done {
        Ok(Some(done)) => done,
        Ok(None) => return (StatusCode::CONFLICT, "nothing is left to take back").into_response(),
        Err(e) => return failed(&e),
    };
    server.projector.note();
    let store = server.store();
    let ids = done.frames.iter().take(MAX_FRAMES);
    let frames: Vec<_> = ids
        .filter_map(|&id| views::frame(server, &store, reviewer, id, false))
        .collect();
    Json(serde_json::json!({
        "decision": done.decision,
        "is_repeat": done.is_repeat,
        "n_frames": done.frames.len(),
        "frames": frames,
        "repeat": store.due_repeat(reviewer),
        "n_decisions": store.n_decisions(reviewer),
    }))
    .into_response()
}

/// The page shows it as "not saved". What a person asked for and cannot have is told apart from what went wrong.
fn failed(error: &anyhow::Error) -> Response {
    let is_io = error
        .chain()
        .any(<dyn std::error::Error>::is::<std::io::Error>);
    let status = if is_io {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    if is_io {
        wo_cli::warn!("{error:#}");
    }
    (status, format!("{error:#}")).into_response()
}

async fn picture(State(server): Shared, Path((_, id)): Path<(String, u32)>) -> Response {
    server.begun().await;
    let mut picture = server.store_or_first_look().0.folder.picture(id);
    if picture.is_none() {
        server.loaded().await;
        picture = server.store().folder.picture(id);
    }
    let Some(picture) = picture else {
        return StatusCode::NOT_FOUND.into_response();
    };
    blocking(move || {
        let read = server.pictures.read(&picture);
        server.measuring.begin();
        match read {
            Ok((bytes, media_type)) => {
                ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, CACHED)], bytes).into_response()
            }
            Err(e) => {
                wo_cli::info!("picture of frame {id}: {e}");
                StatusCode::NOT_FOUND.into_response()
            }
        }
    })
    .await
}

async fn media_part(
    State(server): Shared,
    Path((_, id)): Path<(String, u32)>,
    headers: HeaderMap,
) -> Response {
    let video = server
        .store()
        .folder
        .videos
        .get(id as usize)
        .map(|video| (video.id.clone(), video.path.clone()));
    let Some((video_id, Some(path))) = video else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let asked = headers
        .get(RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(media::range);
    let (start, end) = asked.unwrap_or((0, None));
    blocking(
        move || match server.videos.read(&video_id, &path, start, end) {
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

/// Runs what waits for the disk away from the threads that answer others.
async fn blocking(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(response) => response,
        Err(_panic) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
