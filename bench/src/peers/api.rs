//! A peer's HTTP API, and the tokens of its users.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

const BOUNDARY: &str = "the-boundary-of-a-benchmark";

/// The first token is the administrator's, the others are the workers'.
pub struct Api {
    http: reqwest::Client,
    url: String,
    tokens: Vec<String>,
}

/// Whose token.
#[derive(Clone, Copy)]
pub enum User {
    Admin,
    Worker(usize),
}

impl Api {
    /// Reads the tokens of a file, one a line.
    pub fn new(url: &str, tokens: &Path) -> Result<Self> {
        let tokens = std::fs::read_to_string(tokens)
            .with_context(|| format!("{} cannot be read", tokens.display()))?;
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(Duration::from_mins(15))
                // uWSGI's and gunicorn's connections end with each answer, the first's without a word of it.
                .pool_max_idle_per_host(0)
                .build()?,
            url: url.to_owned(),
            tokens: tokens.lines().map(str::to_owned).collect(),
        })
    }

    fn request(&self, user: User, method: Method, path: &str) -> Result<RequestBuilder> {
        let at = match user {
            User::Admin => 0,
            User::Worker(n) => n + 1,
        };
        let token = self.tokens.get(at).context("too few users were made")?;
        let request = self.http.request(method, format!("{}{path}", self.url));
        Ok(request.header("authorization", format!("Token {token}")))
    }

    /// A call that must succeed.
    pub async fn call(
        &self,
        user: User,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let mut request = self.request(user, method, path)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        let bytes = sent(request, path).await?;
        serde_json::from_slice(&bytes).with_context(|| format!("{path}: no JSON"))
    }

    /// The administrator's file in a form: what the server answers.
    pub async fn upload(&self, path: &str, field: &str, name: &str, file: &str) -> Result<Bytes> {
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
        );
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self.request(User::Admin, Method::POST, path)?;
        sent(request.header("content-type", form).body(body), path).await
    }

    /// A file for the administrator.
    pub async fn download(&self, path: &str) -> Result<Bytes> {
        sent(self.request(User::Admin, Method::GET, path)?, path).await
    }
}

async fn sent(request: RequestBuilder, path: &str) -> Result<Bytes> {
    let answer = request.send().await?;
    let status = answer.status();
    let bytes = answer.bytes().await?;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(500)]);
    ensure!(status.is_success(), "{path}: {status} {text}");
    Ok(bytes)
}
