//! What a benchmark works on: projects, and the files of datasets.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::{BOUNDARY, Platform, text};

impl Platform {
    /// A project whose answers are approved at once, with these members beside a rating form.
    pub async fn project(&self, members: Value) -> Result<String> {
        let mut labeling = json!({
            "display": [{"column": "text", "kind": "TEXT"}],
            "fields": [{"name": "rating", "type": "SINGLE_CHOICE", "options": ["-1", "0", "1"], "required": true}],
            "reviewersPerAnswer": 0, "rewardPoints": 1
        });
        for (name, value) in members.as_object().context("members are an object")? {
            labeling[name] = value.clone();
        }
        let body = json!({"displayName": "Bench", "dataType": "TEXT", "labeling": labeling});
        let client = &self.client();
        text(
            &self
                .call(client, Method::POST, "/projects", Some(body))
                .await?["id"],
        )
    }

    /// Streams a CSV of these pieces to a new dataset.
    pub async fn upload(
        &self,
        project: &str,
        pieces: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Value> {
        self.upload_with(project, &[], pieces).await
    }

    /// The same, with these members of the form before the file.
    pub async fn upload_with(
        &self,
        project: &str,
        members: &[(&str, &str)],
        pieces: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Value> {
        let mut head = String::new();
        for (name, text) in members {
            head.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
            ));
        }
        head.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\n"
        ));
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let body = stream::iter([Bytes::from(head)])
            .chain(pieces)
            .chain(stream::iter([Bytes::from(tail)]))
            .map(Ok::<_, std::io::Error>);
        let answer = self
            .http
            .post(format!("{}/projects/{project}/datasets", self.url))
            .bearer_auth(self.client())
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(reqwest::Body::wrap_stream(body))
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "upload: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
