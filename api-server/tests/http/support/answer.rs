//! What came back, and what a test expects of it.

use reqwest::StatusCode;
use serde_json::Value;

/// Every status and code that there is.
const LISTED: &str = include_str!("../../../../docs/errors.md");

/// An answer: status, headers and JSON body.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (
                self.status.as_u16(),
                self.body["code"].as_str().unwrap_or_default()
            ),
            (status, code),
            "{:#}",
            self.body
        );
        let row = format!("| {status} | `{code}` |");
        assert!(LISTED.contains(&row), "docs/errors.md lists {row}");
        for member in [
            "type",
            "title",
            "status",
            "timestamp",
            "path",
            "message",
            "correlationId",
            "details",
        ] {
            assert!(
                !self.body[member].is_null(),
                "a problem has {member}: {:#}",
                self.body
            );
        }
        self.body
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    try_answer(request).await.unwrap()
}

/// The answer, unless the connection fails.
pub async fn try_answer(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = match headers.get("content-type") {
        // It goes on and on.
        Some(kind) if kind == "text/event-stream" => String::new(),
        _ => response.text().await?,
    };
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer {
        status,
        headers,
        body,
    })
}
