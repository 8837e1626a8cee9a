//! A runner, played by the test.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Actor, Answer, Platform, answer};

/// A runner's hold on a dataset.
pub struct Run {
    pub id: String,
    pub dataset: String,
    pub token: String,
    pub epoch: i64,
}

impl Run {
    pub async fn begin(platform: &Platform, dataset: &str, attempt: i32) -> String {
        let uid: Uuid = sqlx::query_scalar("select bound_uid from datasets where id = $1")
            .bind(dataset.parse::<Uuid>().unwrap())
            .fetch_one(&platform.rows)
            .await
            .unwrap();
        let begun = platform
            .trusted(
                Method::POST,
                &format!("/internal/datasets/{dataset}/runs"),
                Some(json!({"uid": uid, "attempt": attempt})),
            )
            .await;
        begun.expect(201)["runId"].as_str().unwrap().to_owned()
    }

    pub async fn open(platform: &Platform, client: &Actor, dataset: &str, pod: &str) -> Self {
        Self::open_attempt(platform, client, dataset, 1, pod).await
    }

    pub async fn open_attempt(
        platform: &Platform,
        client: &Actor,
        dataset: &str,
        attempt: i32,
        pod: &str,
    ) -> Self {
        let id = Self::begin(platform, dataset, attempt).await;
        let opened = Self::take(platform, client, dataset, id, pod).await;
        opened.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Begins and opens the first attempt of this resource, if the server lets it.
    pub async fn try_open(
        platform: &Platform,
        client: &Actor,
        dataset: &str,
        uid: &str,
        pod: &str,
    ) -> Result<Self, Answer> {
        let begun = platform
            .trusted(
                Method::POST,
                &format!("/internal/datasets/{dataset}/runs"),
                Some(json!({"uid": uid, "attempt": 1})),
            )
            .await;
        match begun.body["runId"].as_str() {
            Some(id) => Self::take(platform, client, dataset, id.to_owned(), pod).await,
            None => Err(begun),
        }
    }

    async fn take(
        platform: &Platform,
        client: &Actor,
        dataset: &str,
        id: String,
        pod: &str,
    ) -> Result<Self, Answer> {
        let token = platform.runner_token(&client.namespace).await;
        let opened = platform
            .runner(
                &token,
                &format!("/internal/runs/{id}/open"),
                json!({"podUid": pod}),
            )
            .await;
        if !opened.status.is_success() {
            return Err(opened);
        }
        Ok(Self {
            id,
            dataset: dataset.to_owned(),
            token,
            epoch: opened.body["epoch"].as_i64().unwrap(),
        })
    }

    /// Loads rows `first..=last`; every row is ten bytes of the imagined source.
    pub async fn load(&self, platform: &Platform, first: i64, last: i64) -> Answer {
        let mut body = json!({"header": ["id", "text"], "nextLine": 2 * last + 2}).to_string();
        for row in first..=last {
            write!(body, "\n{}", json!({"rowNo": row, "line": 2 * row, "endOffset": row * 10, "payload": {"id": format!("i{row}"), "text": format!("text {row}")}})).unwrap();
        }
        self.load_chunk(platform, body).await
    }

    /// Loads a chunk as it is written.
    pub async fn load_chunk(&self, platform: &Platform, body: String) -> Answer {
        let request = platform
            .http
            .post(format!(
                "{}/internal/datasets/{}/tasks",
                platform.internal, self.dataset
            ))
            .bearer_auth(&self.token)
            .header("x-run-id", &self.id)
            .header("x-epoch", self.epoch)
            .body(body);
        answer(request).await
    }

    pub async fn complete(&self, platform: &Platform, rows: i64) -> Answer {
        let body =
            json!({"epoch": self.epoch, "outcome": "Succeeded", "rows": rows, "rejected": 0});
        platform
            .runner(
                &self.token,
                &format!("/internal/runs/{}/complete", self.id),
                body,
            )
            .await
    }
}
