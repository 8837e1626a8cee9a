//! An export, asked for by a client and written by a runner that the test plays.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::Digest;
use uuid::Uuid;

use super::{Actor, Answer, Platform};

impl Platform {
    /// Asks for an export with these members.
    pub async fn export(&self, client: &Actor, project: &str, members: Value) -> String {
        let path = format!("/projects/{project}/export");
        let made = self
            .call(Some(&client.token), Method::POST, &path, Some(members))
            .await;
        made.expect(202)["exportId"].as_str().unwrap().to_owned()
    }

    /// Makes the only export one that runs over every approval until now, without its runner; returns its resource.
    pub async fn export_runs(&self) -> Uuid {
        sqlx::query_scalar(
            "update exports set state = 'running', watermark = (select max(seq) from approval_events) returning bound_uid",
        )
        .fetch_one(&self.rows)
        .await
        .unwrap()
    }
}

/// A run of an export that a pod has opened.
pub struct ExportRun {
    pub id: String,
    pub token: String,
    /// What the pod was told.
    pub opened: Value,
}

impl ExportRun {
    /// As the operator.
    pub async fn begin(p: &Platform, export: &str, attempt: i32) -> Answer {
        let uid: Uuid = sqlx::query_scalar("select bound_uid from exports where id = $1::uuid")
            .bind(export)
            .fetch_one(&p.rows)
            .await
            .unwrap();
        let path = format!("/internal/exports/{export}/runs");
        let body = json!({"uid": uid, "attempt": attempt});
        p.trusted(Method::POST, &path, Some(body)).await
    }

    /// Begins and opens the first attempt.
    pub async fn open(p: &Platform, client: &Actor, export: &str) -> Self {
        let begun = Self::begin(p, export, 1).await.expect(201);
        let id = begun["runId"].as_str().unwrap().to_owned();
        let token = p.runner_token(&client.namespace).await;
        let path = format!("/internal/runs/{id}/open");
        let opened = p
            .runner(&token, &path, json!({"podUid": "exporter"}))
            .await
            .expect(200);
        Self { id, token, opened }
    }

    /// Writes a file of one part and says so.
    pub async fn finish(&self, p: &Platform) {
        let path = |what: &str| format!("/internal/runs/{}/{what}", self.id);
        let epoch = &self.opened["epoch"];
        let wish = json!({"epoch": epoch, "partNumber": 1});
        let part = p
            .runner(&self.token, &path("parts"), wish)
            .await
            .expect(200);
        let bytes = b"{}\n";
        let put = p
            .http
            .put(part["url"].as_str().unwrap())
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap();
        let etag = put.headers()["etag"].to_str().unwrap().to_owned();
        let end = json!({
            "epoch": epoch, "outcome": "Succeeded", "rows": 1, "sizeBytes": bytes.len(),
            "sha256": hex::encode(sha2::Sha256::digest(bytes)), "parts": [{"partNumber": 1, "etag": etag}],
        });
        p.runner(&self.token, &path("complete"), end)
            .await
            .expect(204);
    }
}
