//! Reading requests: bodies, paths and queries whose rejections are problems.

use std::fmt::Write as _;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    error::{ApiError, ApiResult, Code},
    words,
};

/// What no text of the database can hold, though JSON and addresses can.
const NUL: char = '\0';
/// What is said of a member with [`NUL`] in it.
pub const HAS_NUL: &str = "holds the character U+0000, which cannot be stored; remove it";

/// A JSON body, without the character U+0000.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// Path parameters; what does not parse names nothing.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// Query parameters, without the character U+0000.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::saying(
                Code::UnsupportedMediaType,
                "Send the body with Content-Type: application/json.",
            ));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|unread| match unread.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::framework(StatusCode::PAYLOAD_TOO_LARGE),
            _ => ApiError::saying(
                Code::BadRequest,
                "The body cannot be read; send it whole and within the size limit.",
            ),
        })?;
        let value = from_json(&bytes)?;
        match member_with_nul(&bytes) {
            Some(member) => Err(ApiError::invalid_member(&member, HAS_NUL)),
            None => Ok(Self(value)),
        }
    }
}

/// An object's text as what is expected of it; otherwise what is wrong, in the caller's words.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> ApiResult<T> {
    // A list would pass for an object whose members it gives in order.
    let is_list = text.trim_ascii_start().starts_with(b"[");
    let mut track = serde_path_to_error::Track::new();
    if is_list {
        return Err(match serde_json::from_slice::<IgnoredAny>(text) {
            Ok(_) => ApiError::invalid_member("body", "must be an object in braces, not a list"),
            Err(broken) => words::of_json(serde_path_to_error::Error::new(track.path(), broken)),
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = T::deserialize(serde_path_to_error::Deserializer::new(
        &mut reader,
        &mut track,
    ));
    let whole = |value| reader.end().map(|()| value);
    value
        .and_then(whole)
        .map_err(|error| words::of_json(serde_path_to_error::Error::new(track.path(), error)))
}

/// Whether the body is form data.
pub fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"multipart/form-data"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE);
    let named = named.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.path().contains("%00") {
            return Err(ApiError::not_found());
        }
        let axum::extract::Path(value) =
            axum::extract::Path::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|q| q.contains("%00")) {
            return Err(ApiError::invalid_member("query", HAS_NUL));
        }
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let reader = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| words::of_query(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// The first member of a JSON text whose name or value holds [`NUL`], as `labeling.fields[0].label`. Written out,
/// the character is always an escape.
fn member_with_nul(json: &[u8]) -> Option<String> {
    fn search(value: &Value, at: &mut String) -> bool {
        let before = at.len();
        match value {
            Value::String(text) => text.contains(NUL),
            Value::Array(items) => items.iter().enumerate().any(|(n, item)| {
                at.truncate(before);
                let _ = write!(at, "[{n}]");
                search(item, at)
            }),
            Value::Object(members) => members.iter().any(|(name, member)| {
                at.truncate(before);
                let dot = if before == 0 { "" } else { "." };
                let _ = write!(at, "{dot}{}", name.replace(NUL, ""));
                name.contains(NUL) || search(member, at)
            }),
            _ => false,
        }
    }
    let is_escaped = json.windows(6).any(|escape| escape == b"\\u0000");
    if !is_escaped {
        return None;
    }
    let Ok(value) = serde_json::from_slice::<Value>(json) else {
        return Some("body".to_owned()); // it cannot be looked through
    };
    let mut at = String::new();
    search(&value, &mut at).then_some(at)
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::not_found()
    }
}

#[cfg(test)]
mod tests {
    use super::member_with_nul;

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for (json, member) in [
            (r#"{"a":"\u0000"}"#, Some("a")),
            (
                r#"{"a":[{"b":"x"},{"b":"x\u0000y"}],"c":1}"#,
                Some("a[1].b"),
            ),
            (r#"{"ok":1,"a\u0000b":{"c":2}}"#, Some("ab")),
            (r#"["\u0000"]"#, Some("[0]")),
            (r#"{"a":"\\u0000"}"#, None),
            (r#"{"a":"\u0001"}"#, None),
        ] {
            assert_eq!(
                member_with_nul(json.as_bytes()).as_deref(),
                member,
                "{json}"
            );
        }
    }
}
