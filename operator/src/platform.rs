//! Typed client of the platform's internal API. It knows paths and bodies, and nothing of Kubernetes.

mod resource;

pub use resource::Resource;

use std::time::Duration;

use datacrowd_protocol::{
    WireEnum,
    internal::{DeleteQuery, Departed, Departure, ReportFailure, Upsert},
    names::{CORRELATION_HEADER, INTERNAL_TOKEN_HEADER},
    problem::Problem,
    run::{BeginRun, RunBegun},
};
use reqwest::{Client, Method, Response, StatusCode, header::HeaderValue};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a call gave no answer of the expected shape.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The platform understood and said no.
    #[error("the platform refused: {}", .0.code)]
    Refused(Refusal),
    /// The platform answered, but not as itself: overload, a proxy, a wrong token.
    #[error("the platform answered {status} ({code})")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// The problem's code, or empty.
        code: String,
    },
    /// No answer at all, or one that cannot be read.
    #[error("the platform does not answer")]
    Transport(#[from] reqwest::Error),
}

/// A refusal, by the stable code of its problem body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The problem's code.
    pub code: String,
    /// A sentence that ends with what to do.
    pub message: String,
}

impl PlatformError {
    /// The refusal, when the platform did answer.
    ///
    /// # Errors
    /// The error itself, when it did not.
    pub fn refusal(self) -> Result<Refusal, Self> {
        match self {
            Self::Refused(refusal) => Ok(refusal),
            other => Err(other),
        }
    }
}

/// The internal API.
#[derive(Debug, Clone)]
pub struct Platform {
    http: Client,
    base: String,
    token: HeaderValue,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlatformSetupError {
    /// The token has characters that no header may have.
    #[error("reading the internal token")]
    Token(#[from] reqwest::header::InvalidHeaderValue),
    /// TLS or another part of the client failed.
    #[error("making the HTTP client")]
    Client(#[from] reqwest::Error),
}

impl Platform {
    /// A client for the API at `base`.
    ///
    /// # Errors
    /// See [`PlatformSetupError`].
    pub fn new(base: &str, token: &str) -> Result<Self, PlatformSetupError> {
        let mut token = HeaderValue::from_str(token)?;
        token.set_sensitive(true);
        let http = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// `PUT /internal/projects`, `…/datasets`, `…/exports`, `…/models`, `…/predictions`, `…/webhooks`
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub async fn upsert<S: Serialize, V: DeserializeOwned>(
        &self,
        resource: Resource,
        body: &Upsert<S>,
        correlation: &str,
    ) -> Result<V, PlatformError> {
        let path = format!("/internal/{}", resource.path());
        let answer = self
            .call(Method::PUT, &path, Some(body), correlation)
            .await?;
        Ok(answer.json().await?)
    }

    /// `POST …/runs`: may this attempt begin?
    ///
    /// # Errors
    /// See [`PlatformError`]; a closed gate is a refusal.
    pub async fn begin(
        &self,
        resource: Resource,
        id: Uuid,
        body: &BeginRun,
        correlation: &str,
    ) -> Result<RunBegun, PlatformError> {
        let path = format!("/internal/{}/{id}/runs", resource.path());
        let answer = self
            .call(Method::POST, &path, Some(body), correlation)
            .await?;
        Ok(answer.json().await?)
    }

    /// `POST /internal/datasets/{id}/fence`: its runners are told to stop.
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub async fn fence(&self, id: Uuid, uid: Uuid, correlation: &str) -> Result<(), PlatformError> {
        let path = format!("/internal/datasets/{id}/fence");
        let body = serde_json::json!({ "uid": uid });
        self.call(Method::POST, &path, Some(&body), correlation)
            .await?;
        Ok(())
    }

    /// `DELETE …/{id}`: the resource goes. False when the platform has more to remove: ask again.
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub async fn delete(
        &self,
        resource: Resource,
        id: Uuid,
        query: &DeleteQuery,
        correlation: &str,
    ) -> Result<bool, PlatformError> {
        let DeleteQuery { uid, policy } = query;
        let path = format!(
            "/internal/{}/{id}?uid={uid}&policy={}",
            resource.path(),
            policy.camel()
        );
        let answer = self
            .call(Method::DELETE, &path, None::<&()>, correlation)
            .await?;
        Ok(answer.status() != StatusCode::ACCEPTED)
    }

    /// `POST /internal/departures`: whose namespace a resource is in. What was bound for another tenant is let go.
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub async fn depart(
        &self,
        resource: Resource,
        uid: Uuid,
        tenant: Option<&str>,
        correlation: &str,
    ) -> Result<Departed, PlatformError> {
        let body = Departure {
            kind: resource.kind(),
            uid,
            tenant: tenant.map(Into::into),
        };
        let path = "/internal/departures";
        let answer = self
            .call(Method::POST, path, Some(&body), correlation)
            .await?;
        Ok(answer.json().await?)
    }

    /// `PATCH …/{id}/status`: a Job ended without its runner's report.
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub async fn report_failure(
        &self,
        resource: Resource,
        id: Uuid,
        body: &ReportFailure,
        correlation: &str,
    ) -> Result<(), PlatformError> {
        let path = format!("/internal/{}/{id}/status", resource.path());
        self.call(Method::PATCH, &path, Some(body), correlation)
            .await?;
        Ok(())
    }

    async fn call<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        correlation: &str,
    ) -> Result<Response, PlatformError> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header(INTERNAL_TOKEN_HEADER, self.token.clone())
            .header(CORRELATION_HEADER, correlation);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let problem = answer.json::<Problem>().await.ok();
        let (code, message) = problem.map_or_else(Default::default, told);
        // A refusal without a code comes from a proxy or a wrong address; it says nothing of the object.
        if code.is_empty() || status >= 500 || matches!(status, 401 | 403 | 408 | 429) {
            return Err(PlatformError::Unavailable { status, code });
        }
        Err(PlatformError::Refused(Refusal {
            status,
            code,
            message,
        }))
    }
}

/// Code and message of a refusal. A condition has no details, so they go into the sentence.
fn told(problem: Problem) -> (String, String) {
    let Problem {
        code,
        message,
        details,
        ..
    } = problem;
    if !message.contains("named in details") {
        return (code, message);
    }
    let member = |(path, why): (&String, &serde_json::Value)| {
        let why = why.as_str()?.trim_end_matches('.');
        Some(match why.starts_with(path.as_str()) {
            true => why.to_owned(),
            false => format!("{path} {why}"),
        })
    };
    let members: Vec<String> = details.iter().filter_map(member).collect();
    match members.is_empty() {
        true => (code, message),
        false => (code, format!("{}; correct the spec.", members.join("; "))),
    }
}

/// An error as one text, its sources behind colons.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_spec_is_in_the_sentence() {
        let problem = |message: &str, details: serde_json::Value| {
            serde_json::from_value(serde_json::json!({
                "type": "about:blank", "title": "", "status": 422, "timestamp": "", "path": "", "message": message,
                "code": "invalid_spec", "correlationId": "", "details": details,
            }))
            .unwrap()
        };
        let generic = "The request does not fit; correct the members named in details.";
        let details =
            serde_json::json!({"source": "source.uri is odd.", "batchSize": "is too large"});
        assert_eq!(
            told(problem(generic, details)).1,
            "batchSize is too large; source.uri is odd; correct the spec."
        );
        let plain = "The project is PAUSED; resume it, then try again.";
        assert_eq!(told(problem(plain, serde_json::json!({}))).1, plain);
    }
}
