//! What every request passes before anything is done for it: is it meant for this server, does it come from its own page,
//! and may whoever sends it use it. And what every answer tells the browser to refuse.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// The page runs only what is inside the binary, talks only to this server, and is in no other page's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
];

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Reviewer(pub(crate) String);

/// Lets a request through, or says why not.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let answer = match check(&app, &mut request) {
        Ok(()) => next.run(request).await,
        Err((status, why)) => (status, why).into_response(),
    };
    with_headers(answer)
}

fn check(app: &App, request: &mut Request) -> Result<(), (StatusCode, &'static str)> {
    let headers = request.headers();
    let host = host_of(headers).ok_or((StatusCode::BAD_REQUEST, "one Host header is needed"))?;
    let is_ours = |authority: &str| app.hosts.allows(authority);
    if !is_ours(host)
        || request
            .uri()
            .authority()
            .is_some_and(|a| !is_ours(a.as_str()))
    {
        return Err((
            StatusCode::MISDIRECTED_REQUEST,
            "not the name of this server",
        ));
    }
    if !is_same_origin(headers, host) {
        return Err((StatusCode::FORBIDDEN, "a request of another site"));
    }
    let path = request.uri().path();
    let is_open = path == "/" || path.starts_with("/assets/");
    let is_cross_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site && !(is_open && request.method() == Method::GET) {
        return Err((StatusCode::FORBIDDEN, "a request of another site"));
    }
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let reviewer = cookies
        .into_iter()
        .find_map(|cookies| app.sessions.reviewer(cookies));
    match reviewer {
        Some(reviewer) => {
            request.extensions_mut().insert(Reviewer(reviewer));
            Ok(())
        }
        None if is_open || path == "/api/enter" => Ok(()),
        None => Err((
            StatusCode::UNAUTHORIZED,
            "open the link that wo-review printed",
        )),
    }
}

/// The one Host header, as text.
fn host_of(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Whether no other page sent it: a browser names the page's origin where it is another one, and `null` for a file.
fn is_same_origin(headers: &HeaderMap, host: &str) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        authority == Some(host)
    })
}

fn with_headers(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers
        .entry("cache-control")
        .or_insert(HeaderValue::from_static("no-store"));
    answer
}
