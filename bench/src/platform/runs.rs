//! Runs of the real runner, started here because no operator does it.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use datacrowd_testkit::runner_pod;
use k8s_openapi::api::{
    authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec},
    core::v1::{Pod, ServiceAccount},
};
use kube::{Api, api::PostParams};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::process::Command;
use uuid::Uuid;

use super::{INTERNAL_TOKEN, Platform, beside, text};

impl Platform {
    /// Generates a dataset's tasks.
    pub async fn generate(&self, dataset: &Value) -> Result<()> {
        let (id, name) = (text(&dataset["id"])?, text(&dataset["name"])?);
        let path = format!("/datasets/{id}/generate-tasks");
        self.call(&self.client(), Method::POST, &path, Some(json!({})))
            .await?;
        let resources: Api<datacrowd_crds::Dataset> =
            Api::namespaced(self.cluster.clone(), &self.namespace);
        let uid = resources.get(&name).await?.metadata.uid;
        self.run(
            "generate",
            &format!("/internal/datasets/{id}/runs"),
            json!(uid),
        )
        .await
    }

    /// A dataset as its owner sees it.
    pub async fn dataset(&self, id: &str) -> Result<Value> {
        self.call(
            &self.client(),
            Method::GET,
            &format!("/datasets/{id}"),
            None,
        )
        .await
    }

    /// Exports what a body asks for of a project, and downloads the file.
    pub async fn export(&self, project: &str, body: Value) -> Result<Bytes> {
        let path = format!("/projects/{project}/export");
        let asked = self
            .call(&self.client(), Method::POST, &path, Some(body))
            .await?;
        let id = text(&asked["exportId"])?;
        let mut database = PgConnection::connect(&self.core.owner_url()).await?;
        let uid: Uuid = sqlx::query_scalar("select bound_uid from exports where id = $1")
            .bind(id.parse::<Uuid>()?)
            .fetch_one(&mut database)
            .await?;
        self.run(
            "export",
            &format!("/internal/exports/{id}/runs"),
            json!(uid.to_string()),
        )
        .await?;
        let url = format!("{}/exports/{id}/download", self.url);
        let file = self.http.get(url).bearer_auth(self.client()).send().await?;
        Ok(file.error_for_status()?.bytes().await?)
    }

    async fn run(&self, what: &str, path: &str, uid: Value) -> Result<()> {
        let begun: Value = self
            .http
            .post(format!("{}{path}", self.internal))
            .header("x-internal-token", INTERNAL_TOKEN)
            .json(&json!({"uid": uid, "attempt": 1}))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let token = tempfile::NamedTempFile::new()?;
        std::fs::write(token.path(), self.runner_token().await?)?;
        let ended = Command::new(beside("datacrowd-runner")?)
            .args([what, "--run-id", &text(&begun["runId"])?])
            .env("DATACROWD_INTERNAL_URL", &self.internal)
            .env("DATACROWD_TOKEN_FILE", token.path())
            .env("POD_UID", "bench")
            .env("TERMINATION_LOG", "/dev/null")
            .env("DATACROWD_LOG", "warn")
            .stdout(Stdio::null())
            .status()
            .await?;
        ensure!(ended.success(), "the runner ended with {ended}");
        Ok(())
    }

    /// Of a pod that is there and waits for a node.
    async fn runner_token(&self) -> Result<String> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.cluster.clone(), &self.namespace);
        while accounts.get_opt("default").await?.is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let pods: Api<Pod> = Api::namespaced(self.cluster.clone(), &self.namespace);
        let pod: Pod = serde_json::from_value(runner_pod())?;
        let pod = pods.create(&PostParams::default(), &pod).await?;
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: vec!["datacrowd-internal".into()],
                bound_object_ref: Some(BoundObjectReference {
                    api_version: Some("v1".into()),
                    kind: Some("Pod".into()),
                    name: pod.metadata.name,
                    uid: pod.metadata.uid,
                }),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let made = accounts
            .create_token_request("default", &PostParams::default(), &request)
            .await?;
        Ok(made
            .status
            .context("a token request without a token")?
            .token)
    }
}
