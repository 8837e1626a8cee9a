//! The object store: the source in ranges, and the parts of an export.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use futures::StreamExt as _;
use serde_json::json;

use super::{Fake, Fault, problem};

pub async fn part(State(fake): State<Fake>, Path(number): Path<i32>, body: Bytes) -> Response {
    let (_, answer) = fake.enter("put").await;
    if let Some(answer) = answer {
        return answer;
    }
    fake.world().parts.insert(number, body);
    [("etag", format!("\"part-{number}\""))].into_response()
}

pub async fn object(State(fake): State<Fake>, method: Method, headers: HeaderMap) -> Response {
    let endpoint = if method == Method::HEAD {
        "head"
    } else {
        "source"
    };
    let (fault, answer) = fake.enter(endpoint).await;
    if let Some(answer) = answer {
        return answer;
    }
    let world = fake.world();
    if headers
        .get("if-match")
        .is_some_and(|etag| etag != world.etag.as_str())
    {
        return problem(412, json!({}));
    }
    let size = world.source.len();
    let etag = ("etag", world.etag.clone());
    let Some(range) = headers.get("range") else {
        return ([etag], world.source.clone()).into_response();
    };
    let range = range.to_str().unwrap().trim_start_matches("bytes=");
    let start: usize = range.split('-').next().unwrap().parse().unwrap();
    if start >= size {
        return (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [("content-range", format!("bytes */{size}"))],
        )
            .into_response();
    }
    let bytes = world.source.slice(start..);
    let headers = [
        etag,
        (
            "content-range",
            format!("bytes {start}-{}/{size}", size - 1),
        ),
    ];
    let body = match fault {
        Some(Fault::CutAfter(most)) => {
            // What was sent arrives before the connection breaks, else the store would lose it with the connection.
            let part = bytes.slice(..most.min(bytes.len()));
            let cut = async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Err(std::io::Error::other("cut"))
            };
            let sent = futures::stream::iter([Ok(part)]);
            Body::from_stream(sent.chain(futures::stream::once(cut)))
        }
        _ => Body::from(bytes),
    };
    (StatusCode::PARTIAL_CONTENT, headers, body).into_response()
}
