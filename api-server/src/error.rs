//! The one mapping from refusals and failures to `application/problem+json`. What each context refuses has its own
//! file.

mod accounts;
mod billing;
mod code;
mod labelling;
mod listed;
mod notifications;

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{SecondsFormat, Utc};
use datacrowd_labelling::Refusal;
use datacrowd_protocol::problem::{PROBLEM_CONTENT_TYPE, Problem};
use serde_json::Value;

pub use self::{code::Code, listed::listed};
use crate::database::is_transient;

/// Result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

/// What a caller is told. The path, the time and the correlation id join it on the way out.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: BTreeMap<String, Value>,
    retry_after: Option<i64>,
}

/// For who is no caller, such as a task: its code and message.
impl Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    /// With the words of the table, which have no blanks.
    pub fn new(code: Code) -> Self {
        Self::filled(code, &[])
    }

    /// With the words of the table and what differs this time.
    pub fn filled(code: Code, blanks: &[&dyn Display]) -> Self {
        Self::saying(code, code.filled(blanks))
    }

    /// With words for the occasion: a sentence that says what to do.
    pub fn saying(code: Code, message: impl Into<String>) -> Self {
        Self::told(code.status(), code.name(), message.into())
    }

    /// With a code of ours or of a context.
    fn told(status: StatusCode, code: &'static str, message: String) -> Self {
        Self {
            status,
            code,
            message,
            details: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Adds a fact per field.
    pub fn detail(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        self
    }

    /// Says when to try again, in seconds.
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Whether what was asked for is refused, rather than out of reach: another try changes nothing.
    pub fn is_refusal(&self) -> bool {
        self.status.is_client_error()
    }

    /// 422 with a sentence per field.
    pub fn invalid(code: Code, details: BTreeMap<String, String>) -> Self {
        let mut error = Self::saying(code, Code::InvalidRequest.says());
        error.details = details
            .into_iter()
            .map(|(k, v)| (k, Value::String(v)))
            .collect();
        error
    }

    /// 422 for one member.
    pub fn invalid_member(member: &str, why: impl Into<String>) -> Self {
        Self::invalid(
            Code::InvalidRequest,
            [(member.to_owned(), why.into())].into(),
        )
    }

    /// The same refusal of one line among many.
    pub fn of_line(mut self, line: usize) -> Self {
        self.details = self
            .details
            .into_iter()
            .map(|(member, why)| (format!("line {line}: {member}"), why))
            .collect();
        self
    }

    /// 400 for a text that is no JSON at all.
    pub fn not_json(why: &str) -> Self {
        Self::filled(Code::InvalidJson, &[&why])
    }

    /// 403 for who has another role.
    pub fn forbidden(role: &str) -> Self {
        Self::filled(Code::Forbidden, &[&role])
    }

    /// 404, the same for what does not exist and for what is another tenant's.
    pub fn not_found() -> Self {
        Refusal::NotFound.into()
    }

    /// Whether it says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// What the framework would say of a request that it cannot read.
    pub fn framework(status: StatusCode) -> Self {
        framework_error(status)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body, for the request to this path.
    #[expect(
        clippy::disallowed_methods,
        reason = "the body says when it was written"
    )]
    pub fn problem(&self, path: String, correlation_id: String) -> Problem {
        Problem {
            kind: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or("Error").into(),
            status: self.status.as_u16(),
            timestamp: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            path,
            message: self.message.clone(),
            code: self.code.into(),
            correlation_id,
            details: self.details.clone(),
        }
    }

    /// The whole answer, for the request to this path.
    pub fn rendered(&self, path: String, correlation_id: String) -> Response {
        let problem = self.problem(path, correlation_id);
        let mut response = (self.status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(PROBLEM_CONTENT_TYPE),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// 500: logged here, once; the caller learns nothing of the inside.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error.causes = ?causes(error), "request failed");
        Self::new(Code::Internal)
    }

    /// 503 where the same call may succeed in a moment, else 500.
    pub fn database(error: &sqlx::Error) -> Self {
        match is_transient(error) {
            true => Self::unavailable("database", error),
            false => Self::internal(error),
        }
    }

    /// 503 for a neighbour that does not answer.
    pub fn unavailable(what: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::warn!(error.causes = ?causes(error), neighbour = what, "a neighbour does not answer");
        Self::filled(Code::Unavailable, &[&what]).retry_after(5)
    }

    /// 502 where the object store answers and refuses us: it will until a setting is corrected.
    pub fn object_store_refused(answer: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error.causes = ?causes(error), answer, "the object store refuses the platform");
        Self::filled(Code::ObjectStoreRefused, &[&answer])
    }
}

/// An error and what it came from.
fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An error that no handler made.
fn framework_error(status: StatusCode) -> ApiError {
    let code = match status {
        StatusCode::NOT_FOUND => Code::NoRoute,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        s if s.is_client_error() => Code::BadRequest,
        _ => Code::Internal,
    };
    ApiError {
        status,
        ..ApiError::new(code)
    }
}
