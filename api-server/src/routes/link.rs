//! Links to bytes that do not pass this server: a redirect to whoever follows it, JSON to a page that asks for it. A
//! page cannot follow a redirect to another origin with its `Authorization` header, nor put that header on an image.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};

/// Where the bytes are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub url: String,
    /// When the link stops working; null for a public link of the dataset, of which the platform knows nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// Of the object, as the object store has it; null for a public link.
    pub etag: Option<String>,
}

impl Link {
    /// JSON where the request's `Accept` names it, otherwise a redirect.
    pub fn answer(self, headers: &HeaderMap) -> ApiResult<Response> {
        let kept = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if asks_for_json(headers) {
            return Ok(([kept], axum::Json(self)).into_response());
        }
        let location = HeaderValue::from_str(&self.url).map_err(|e| ApiError::internal(&e))?;
        let headers = [(header::LOCATION, location), kept];
        Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
    }
}

/// Whether JSON is named; `*/*` is what every client says that would rather have the bytes.
fn asks_for_json(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim().eq_ignore_ascii_case("application/json"))
}
