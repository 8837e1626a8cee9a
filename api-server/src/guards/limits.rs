//! How much one client may ask of one replica: requests per second, size of headers and bodies, time per request.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{body_limit, time_limit::TimeLimit};
use crate::{
    client::ClientAddress,
    error::{ApiError, ApiResult, Code},
    extract::is_form,
    paths::{self, ITEMS, UPLOADED_FILE, UPLOADED_PART, UPLOADS},
    state::App,
};

/// Bytes of all header names and values together.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Refuses what is too much before anything is kept.
pub async fn enforce(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if let Err(refused) = admit(&app, &request) {
        return refused.into_response();
    }
    let limit = TimeLimit::default();
    request.extensions_mut().insert(limit.clone());
    let answer = async {
        match is_upload(&request) {
            true => next.run(request).await,
            false => body_limit::run(request, next).await,
        }
    };
    tokio::select! {
        response = answer => response,
        () = limit.over(app.settings.request_time) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

fn admit(app: &App, request: &Request) -> ApiResult<()> {
    let headers = request.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(ApiError::new(Code::HeadersTooLarge));
    }
    match request.extensions().get::<ClientAddress>() {
        Some(ClientAddress(Some(address))) => app.limits().address(*address),
        _ => Ok(()),
    }
}

/// A file may be larger than any other body; its size is limited where it is read.
fn is_upload(request: &Request) -> bool {
    match (
        request.method(),
        paths::unversioned(paths::pattern(request)),
    ) {
        (&Method::POST, path) if path == UPLOADS || ITEMS.contains(&path) => {
            is_form(request.headers())
        }
        (&Method::PUT, UPLOADED_FILE) | (&Method::PATCH, UPLOADED_PART) => true,
        _ => false,
    }
}
