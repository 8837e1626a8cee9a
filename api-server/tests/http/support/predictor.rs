//! A pod that looks at models and applies them, played by the test.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Actor, Answer, Platform, env};

/// A run of a model or a prediction that a pod has opened.
pub struct Predictor {
    pub id: String,
    pub token: String,
    pub epoch: i64,
    /// What the pod was told.
    pub opened: Value,
}

impl Platform {
    /// Adds a model of the file `voice.onnx`, with these members over one that reads a column of numbers.
    pub async fn model(&self, client: &Actor, project: &str, members: Value) -> Answer {
        let key = format!("{}/models/voice.onnx", client.namespace);
        self.put_object(&key, b"not read here".to_vec()).await;
        let mut body = json!({
            "sourceUri": format!("s3://{}/{key}", env("TEST_S3_BUCKET")),
            "input": {"kind": "COLUMNS", "columns": ["id"]},
            "output": {"field": "rating", "labels": ["-1", "0", "1"]},
        });
        for (member, value) in members.as_object().unwrap() {
            body[member] = value.clone();
        }
        let path = format!("/projects/{project}/models");
        self.call(Some(&client.token), Method::POST, &path, Some(body))
            .await
    }

    /// A model that a pod has looked at.
    pub async fn checked_model(&self, client: &Actor, project: &str, members: Value) -> String {
        let model = self.model(client, project, members).await.expect(202);
        let model = model["id"].as_str().unwrap().to_owned();
        let pod = Predictor::open(self, client, "models", &model, 1).await;
        pod.found(self).await.expect(204);
        pod.complete(self, 0, 0).await.expect(204);
        model
    }

    pub async fn prediction(
        &self,
        client: &Actor,
        project: &str,
        model: &str,
        dataset: &str,
    ) -> String {
        let path = format!("/projects/{project}/predictions");
        let body = json!({"modelId": model, "datasetId": dataset});
        let made = self
            .call(Some(&client.token), Method::POST, &path, Some(body))
            .await;
        made.expect(202)["id"].as_str().unwrap().to_owned()
    }
}

impl Predictor {
    /// As the operator. `kind` is `models` or `predictions`.
    pub async fn begin(p: &Platform, kind: &str, id: &str, attempt: i32) -> Answer {
        let uid = bound(p, kind, id).await;
        let path = format!("/internal/{kind}/{id}/runs");
        let body = json!({"uid": uid, "attempt": attempt});
        p.trusted(Method::POST, &path, Some(body)).await
    }

    pub async fn open(p: &Platform, client: &Actor, kind: &str, id: &str, attempt: i32) -> Self {
        let begun = Self::begin(p, kind, id, attempt).await.expect(201);
        let run = begun["runId"].as_str().unwrap();
        Self::take(p, client, run, "pod-1").await
    }

    /// A pod takes the run over.
    pub async fn take(p: &Platform, client: &Actor, run: &str, pod: &str) -> Self {
        let token = p.runner_token(&client.namespace).await;
        let path = format!("/internal/runs/{run}/open");
        let opened = p.runner(&token, &path, json!({"podUid": pod})).await;
        let opened = opened.expect(200);
        Self {
            id: run.to_owned(),
            token,
            epoch: opened["epoch"].as_i64().unwrap(),
            opened,
        }
    }

    async fn post(&self, p: &Platform, what: &str, mut body: Value) -> Answer {
        body["epoch"] = self.epoch.into();
        let path = format!("/internal/runs/{}/{what}", self.id);
        p.runner(&self.token, &path, body).await
    }

    /// Says what the model's file holds.
    pub async fn found(&self, p: &Platform) -> Answer {
        let tensor = |name, shape| json!({"name": name, "element": "float32", "shape": shape});
        let body = json!({
            "sha256": "0".repeat(64), "sizeBytes": 13,
            "inputs": [tensor("x", "[N, 1]")], "outputs": [tensor("p", "[N, 3]")],
        });
        self.post(p, "model", body).await
    }

    pub async fn items(&self, p: &Platform, after: i64) -> Answer {
        self.post(p, "items", json!({"after": after})).await
    }

    pub async fn report(&self, p: &Platform, items: Vec<Value>) -> Answer {
        self.post(p, "predictions", json!({"items": items})).await
    }

    pub async fn complete(&self, p: &Platform, rows: i64, rejected: i64) -> Answer {
        let body = json!({"outcome": "Succeeded", "rows": rows, "rejected": rejected});
        self.post(p, "complete", body).await
    }
}

/// The resource that speaks for a row.
pub async fn bound(p: &Platform, kind: &str, id: &str) -> Uuid {
    let sql = match kind {
        "projects" => "select bound_uid from projects where id = $1::uuid",
        "datasets" => "select bound_uid from datasets where id = $1::uuid",
        "models" => "select bound_uid from models where id = $1::uuid",
        _ => "select bound_uid from prediction_jobs where id = $1::uuid",
    };
    let uid = sqlx::query_scalar(sql).bind(id).fetch_one(&p.rows).await;
    uid.unwrap()
}
