//! The page's API: JSON about the session, queues, frames and decisions.

mod agreement;
mod views;

use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use wo_record::Name;

use super::guard::Reviewer;
use super::response::{blocking, failed};
use crate::app::App;
use crate::queue::Filter;
use crate::store::{Decision, Done};

/// Most frames in one response.
const MAX_FRAMES: usize = 500;

type Shared = State<Arc<App>>;

/// Routes that need the whole folder.
pub(super) fn router() -> Router<Arc<App>> {
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
}

/// Routes that the first frames are enough for.
pub(super) fn router_before_loaded() -> Router<Arc<App>> {
    Router::new().route("/api/enter", post(enter))
}

#[derive(Deserialize)]
struct Enter {
    token: String,
}

async fn enter(State(app): Shared, Json(body): Json<Enter>) -> Response {
    match app.sessions.enter(&body.token) {
        Ok(Some((cookie, reviewer, next))) => {
            wo_cli::say!("{reviewer}: for another browser: {}", app.link(&next));
            app.begun().await;
            ([(SET_COOKIE, cookie)], session_of(&app, &reviewer)).into_response()
        }
        Ok(None) => (
            StatusCode::UNAUTHORIZED,
            "the link was used before or is not of this run",
        )
            .into_response(),
        Err(e) => failed(&e),
    }
}

async fn session(State(app): Shared, Extension(who): Extension<Reviewer>) -> Response {
    session_of(&app, &who.0)
}

fn session_of(app: &App, who: &str) -> Response {
    let (mut store, is_first_look) = app.store_or_first_look();
    let reviewer = store.reviewer(who);
    Json(views::session(app, &store, is_first_look, reviewer)).into_response()
}

async fn progress(State(app): Shared, Extension(who): Extension<Reviewer>) -> Response {
    let mut store = app.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::progress(&app, &store, reviewer)).into_response()
}

async fn queue(
    State(app): Shared,
    Extension(who): Extension<Reviewer>,
    Query(filter): Query<Filter>,
) -> Response {
    let mut store = app.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::queue(&app, &store, reviewer, &filter)).into_response()
}

#[derive(Deserialize)]
struct Frames {
    /// Numbers with commas between them.
    ids: String,
    #[serde(default)]
    repeat: bool,
}

async fn frames(
    State(app): Shared,
    Extension(who): Extension<Reviewer>,
    Query(query): Query<Frames>,
) -> Response {
    let ids: Result<Vec<u32>, _> = query.ids.split(',').map(str::parse).collect();
    let Ok(ids) = ids else {
        return (StatusCode::BAD_REQUEST, "ids are numbers").into_response();
    };
    frames_as_json(&app, &who, &ids, query.repeat)
}

fn frames_as_json(app: &App, who: &Reviewer, ids: &[u32], is_repeat: bool) -> Response {
    let mut store = app.store();
    let reviewer = store.reviewer(&who.0);
    let ids = ids.iter().take(MAX_FRAMES);
    let frames: Vec<_> = ids
        .filter_map(|&id| views::frame(app, &store, reviewer, id, is_repeat))
        .collect();
    Json(frames).into_response()
}

async fn video(
    State(app): Shared,
    Extension(who): Extension<Reviewer>,
    Path(id): Path<u32>,
) -> Response {
    let ids = app
        .store()
        .folder
        .videos
        .get(id as usize)
        .map(|video| video.frames.clone());
    match ids {
        Some(ids) => frames_as_json(&app, &who, &ids, false),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn history(State(app): Shared, Extension(who): Extension<Reviewer>) -> Response {
    let mut store = app.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::history(&store, reviewer)).into_response()
}

async fn opinion(State(app): Shared, Path(id): Path<u32>) -> Response {
    match app.store().suspects.of_frame(id) {
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
    State(app): Shared,
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
    let mut store = app.store();
    let reviewer = store.reviewer(&who.0);
    Json(views::snippets(&store, reviewer, id, class)).into_response()
}

async fn agreement(State(app): Shared, Extension(who): Extension<Reviewer>) -> Response {
    blocking(move || {
        let mut store = app.store();
        let reviewer = store.reviewer(&who.0);
        Json(agreement::page(&store, reviewer)).into_response()
    })
    .await
}

async fn decide(
    State(app): Shared,
    Extension(who): Extension<Reviewer>,
    Json(decision): Json<Decision>,
) -> Response {
    blocking(move || {
        let mut store = app.store();
        let reviewer = store.reviewer(&who.0);
        if !store.can_tell_frames(&decision) {
            let why = "the folder has other frames than this page shows; load the page again";
            return (StatusCode::CONFLICT, why).into_response();
        }
        let done = store.decide(reviewer, &decision);
        drop(store);
        answer(&app, reviewer, done.map(Some))
    })
    .await
}

#[derive(Deserialize)]
struct Undo {
    request: String,
}

async fn undo(
    State(app): Shared,
    Extension(who): Extension<Reviewer>,
    Json(undo): Json<Undo>,
) -> Response {
    blocking(move || {
        let mut store = app.store();
        let reviewer = store.reviewer(&who.0);
        let done = store.undo(reviewer, &undo.request);
        drop(store);
        answer(&app, reviewer, done)
    })
    .await
}

/// What was decided and is on the disk: the frames as they are now, and what is to be asked again.
fn answer(app: &App, reviewer: u32, done: anyhow::Result<Option<Done>>) -> Response {
    let done = match done {
        Ok(Some(done)) => done,
        Ok(None) => return (StatusCode::CONFLICT, "nothing is left to take back").into_response(),
        Err(e) => return failed(&e),
    };
    app.write_signal.note();
    let store = app.store();
    let ids = done.frames.iter().take(MAX_FRAMES);
    let frames: Vec<_> = ids
        .filter_map(|&id| views::frame(app, &store, reviewer, id, false))
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
