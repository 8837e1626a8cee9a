//! Reads that a page repeats: an answer the page has already is not sent again (RFC 9110, `If-None-Match`). What it
//! spares is bytes; the answer is made either way.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// Bytes of the digest in an ETag.
const DIGEST_BYTES: usize = 12;

/// Gives a read of JSON the ETag of its body, and answers 304 to who has it. The ETag that a handler gave, of the
/// generation that a change is compared with, stays in front.
pub async fn answer(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let known = request.headers().get_all(header::IF_NONE_MATCH);
    let known: Vec<HeaderValue> = known.iter().cloned().collect();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // A body of JSON is in memory already, whatever its length.
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return ApiError::internal(&error).into_response(),
    };
    let digest = hex::encode(&Sha256::digest(&body)[..DIGEST_BYTES]);
    let generation = parts.headers.get(header::ETAG).map(of_generation);
    let tag = match generation {
        Some(generation) => format!("\"{generation}-{digest}\""),
        None => format!("\"{digest}\""),
    };
    let is_known = known.iter().any(|tags| names(tags, &tag));
    let tag = HeaderValue::try_from(tag).expect("digits and hexadecimals");
    parts.headers.insert(header::ETAG, tag);
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

/// The generation in an ETag of ours, whichever version of the body it names.
pub fn of_generation(tag: &HeaderValue) -> String {
    let tag = tag.to_str().unwrap_or_default();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    tag.split('-').next().unwrap_or_default().to_owned()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// Compared weakly: a proxy that compresses marks our tag as weak.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    let mut tags = known.split(',').map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
