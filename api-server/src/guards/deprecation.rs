//! Operations that will go: every answer of theirs says when, and what to call instead,
//! by `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` (RFC 8288), and the description marks them.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use chrono::{DateTime, Utc};

use crate::paths;

/// An operation that will go.
pub(crate) struct Deprecation {
    /// Method of the operation.
    pub method: Method,
    /// Path as the description has it, without `/api/v1`.
    pub path: &'static str,
    /// When this was announced.
    pub since: DateTime<Utc>,
    /// From when on it may be gone.
    pub sunset: DateTime<Utc>,
    /// The path to call instead.
    pub successor: &'static str,
}

/// What is announced. An entry stays until its operation is removed, half a year later at the earliest.
pub(crate) const DEPRECATIONS: &[Deprecation] = &[];

/// Adds the headers to what such an operation answers, errors included.
pub(crate) async fn announce(
    State(deprecations): State<&'static [Deprecation]>,
    request: Request,
    next: Next,
) -> Response {
    let found = request.extensions().get::<MatchedPath>().and_then(|route| {
        let path = paths::unversioned(route.as_str());
        deprecations
            .iter()
            .find(|e| e.method == request.method() && e.path == path)
    });
    let mut response = next.run(request).await;
    if let Some(going) = found {
        let deprecation = format!("@{}", going.since.timestamp());
        let sunset = going.sunset.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let link = format!("</api/v1{}>; rel=\"successor-version\"", going.successor);
        let said = [
            (HeaderName::from_static("deprecation"), deprecation),
            (HeaderName::from_static("sunset"), sunset),
            (header::LINK, link),
        ];
        for (name, text) in said {
            let value = HeaderValue::from_str(&text).expect("dates and paths are ASCII");
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
pub(crate) mod tests {
    use axum::{
        Router,
        body::Body,
        http::{Response, StatusCode},
        middleware,
        routing::get,
    };
    use tower::ServiceExt as _;

    use super::*;

    pub(crate) fn table() -> &'static [Deprecation] {
        let at = |text: &str| text.parse().unwrap();
        Vec::leak(vec![Deprecation {
            method: Method::GET,
            path: "/me/points",
            since: at("2026-11-01T00:00:00Z"),
            sunset: at("2027-06-01T00:00:00Z"),
            successor: "/me/balance",
        }])
    }

    async fn call(method: Method, path: &str) -> Response<Body> {
        let api = Router::new().route(
            "/me/points",
            get(async || StatusCode::CONFLICT).post(async || ()),
        );
        let router = Router::new()
            .nest("/api/v1", api.clone())
            .merge(api)
            .layer(middleware::from_fn_with_state(table(), announce));
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn answers_say_when_an_operation_goes_and_what_follows() {
        for path in ["/me/points", "/api/v1/me/points"] {
            let answer = call(Method::GET, path).await;
            assert_eq!(answer.status(), StatusCode::CONFLICT);
            assert_eq!(answer.headers()["deprecation"], "@1793491200");
            assert_eq!(answer.headers()["sunset"], "Tue, 01 Jun 2027 00:00:00 GMT");
            assert_eq!(
                answer.headers()["link"],
                "</api/v1/me/balance>; rel=\"successor-version\""
            );
        }
        let other = call(Method::POST, "/me/points").await;
        assert!(!other.headers().contains_key("deprecation"));
    }
}
