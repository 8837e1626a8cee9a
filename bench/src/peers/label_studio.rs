//! Label Studio: `GET /api/projects/{id}/next` hands an item out and locks it, `POST /api/tasks/{id}/annotations/` answers.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    api::{Api, User},
    items,
    system::{Imported, Place, System, Turn},
};

/// Choices of one answer about a text.
const LABELS: &str = r#"<View><Text name="text" value="$text"/><Choices name="rating" toName="text"><Choice value="-1"/><Choice value="0"/><Choice value="1"/></Choices></View>"#;

pub struct LabelStudio(pub Api);

impl LabelStudio {
    async fn project(&self) -> Result<String> {
        let body = json!({"title": "Bench", "label_config": LABELS, "maximum_annotations": 1});
        let made = self
            .0
            .call(User::Admin, Method::POST, "/api/projects/", Some(&body));
        Ok(made.await?["id"].to_string())
    }

    /// Without Redis the server imports inside the request, as its own Compose file has it.
    async fn load(&self, name: &str, file: &str, items: usize) -> Result<Imported> {
        let project = self.project().await?;
        let path = format!("/api/projects/{project}/import");
        let begun = Instant::now();
        let answer = self.0.upload(&path, "file", name, file).await?;
        let took = begun.elapsed();
        let answer: Value = serde_json::from_slice(&answer)?;
        ensure!(answer["task_count"] == items, "imported {answer}");
        Ok(Imported { project, took })
    }
}

impl System for LabelStudio {
    fn name(&self) -> &'static str {
        "Label Studio"
    }

    fn prepare(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn import(&self, items: usize) -> BoxFuture<'_, Result<Imported>> {
        Box::pin(async move { self.load("items.csv", &items::csv(items), items).await })
    }

    fn turn<'a>(&'a self, project: &'a str, place: Place) -> BoxFuture<'a, Result<Turn>> {
        Box::pin(async move {
            let worker = User::Worker(place.worker);
            let path = format!("/api/projects/{project}/next");
            let begun = Instant::now();
            let task = self.0.call(worker, Method::GET, &path, None).await?;
            let next = begun.elapsed();
            let id = task["id"].as_i64().context("a task without an id")?;
            let path = format!("/api/tasks/{id}/annotations/");
            let body = json!({"result": items::label_studio_result(), "lead_time": 0.001});
            let begun = Instant::now();
            self.0
                .call(worker, Method::POST, &path, Some(&body))
                .await?;
            let submit = begun.elapsed();
            Ok(Turn { next, submit })
        })
    }

    fn answered(&self, items: usize) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move {
            let file = items::json_answered(items);
            Ok(self.load("items.json", &file, items).await?.project)
        })
    }

    fn export<'a>(
        &'a self,
        project: &'a str,
        items: usize,
    ) -> BoxFuture<'a, Result<std::time::Duration>> {
        Box::pin(async move {
            let path = format!("/api/projects/{project}/export?exportType=JSON");
            let begun = Instant::now();
            let file = self.0.download(&path).await?;
            let took = begun.elapsed();
            let tasks: Vec<Value> = serde_json::from_slice(&file)?;
            ensure!(tasks.len() == items, "exported {} of {items}", tasks.len());
            Ok(took)
        })
    }
}
