//! How large a body may be that is no upload.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;

/// Largest JSON body in bytes.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;
/// Bytes of a body that is too large which are read all the same.
const MAX_DISCARDED_BYTES: usize = 32 * 1024 * 1024;

/// Refuses a body by the length that its headers declare.
pub async fn run(request: Request, next: Next) -> Response {
    if declared_length(request.headers()) <= MAX_JSON_BYTES {
        return next.run(request).await;
    }
    // A client that is still writing would meet a closed connection instead of the answer.
    if !request.headers().contains_key(header::EXPECT) {
        let mut body = request.into_body().into_data_stream();
        let mut discarded = 0;
        while discarded < MAX_DISCARDED_BYTES
            && let Some(Ok(bytes)) = body.next().await
        {
            discarded += bytes.len();
        }
    }
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

fn declared_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}
