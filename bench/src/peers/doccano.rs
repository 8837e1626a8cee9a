//! doccano: `GET examples?limit=1&offset=N` shows the next item, `POST categories` and `POST states` answer and mark it done.
//!
//! It hands nothing out: every worker pages through the list, so each has a part of its own here.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{
    api::{Api, User},
    items,
    system::{Imported, Place, System, Turn},
};

/// How often its job of an import or export is asked after; it takes jobs from the database once a second.
const POLL: Duration = Duration::from_millis(50);
/// A job that takes longer has failed: it repeats what fails, without end.
const PATIENCE: Duration = Duration::from_mins(15);

pub struct Doccano {
    api: Api,
    workers: usize,
    /// The id of the answer in each project: a page knows it from when it was opened.
    labels: Mutex<HashMap<String, i64>>,
}

impl Doccano {
    pub fn new(api: Api, workers: usize) -> Self {
        Self {
            api,
            workers,
            labels: Mutex::default(),
        }
    }

    fn labels(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn label(&self, project: &str) -> Result<i64> {
        let label = self.labels().get(project).copied();
        label.context("a project of somebody else")
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.api
            .call(User::Admin, Method::POST, path, Some(&body))
            .await
    }

    /// A project in which an item needs one worker, as elsewhere, and an export is one file.
    async fn project(&self) -> Result<String> {
        let body = json!({
            "name": "Bench", "description": "Bench", "project_type": "DocumentClassification",
            "resourcetype": "TextClassificationProject", "single_class_classification": true,
            "random_order": false, "collaborative_annotation": true, "tags": [],
        });
        let project = self.post("/v1/projects", body).await?["id"].to_string();
        for option in items::OPTIONS {
            let body =
                json!({"text": option, "background_color": "#209cee", "text_color": "#ffffff"});
            let path = format!("/v1/projects/{project}/category-types");
            let made = self.post(&path, body).await?;
            if option == items::ANSWER {
                let id = made["id"].as_i64().context("a label without an id")?;
                self.labels().insert(project.clone(), id);
            }
        }
        let get = |path: &'static str| self.api.call(User::Admin, Method::GET, path, None);
        let roles = get("/v1/roles").await?;
        let annotator = id_of(&roles, "name", "annotator")?;
        let users = get("/v1/users").await?;
        for n in 0..self.workers {
            let body = json!({"user": id_of(&users, "username", &format!("worker{n}"))?, "role": annotator});
            let path = format!("/v1/projects/{project}/members");
            self.post(&path, body).await?;
        }
        Ok(project)
    }

    async fn load(&self, file: &str, items: usize) -> Result<Imported> {
        let project = self.project().await?;
        let begun = Instant::now();
        let id = self
            .api
            .upload("/v1/fp/process/", "filepond", "items.csv", file);
        let id = String::from_utf8(id.await?.to_vec())?;
        let body = json!({
            "format": "CSV", "task": "DocumentClassification", "uploadIds": [id],
            "column_data": "text", "column_label": "label", "delimiter": ",", "encoding": "utf_8",
        });
        let job = self
            .post(&format!("/v1/projects/{project}/upload"), body)
            .await?;
        self.done(&job).await?;
        let took = begun.elapsed();
        let path = format!("/v1/projects/{project}/examples?limit=1");
        let found = self.api.call(User::Admin, Method::GET, &path, None).await?;
        ensure!(
            found["count"] == items,
            "imported {} of {items}",
            found["count"]
        );
        Ok(Imported { project, took })
    }

    async fn done(&self, job: &Value) -> Result<()> {
        let id = job["task_id"].as_str().context("a job without an id")?;
        let path = format!("/v1/tasks/status/{id}");
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let status = self.api.call(User::Admin, Method::GET, &path, None).await?;
            ensure!(status["error"].is_null(), "a job of doccano: {status}");
            if status["ready"] == true {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("a job of doccano did not end")
    }
}

impl System for Doccano {
    fn name(&self) -> &'static str {
        "doccano"
    }

    fn prepare(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn import(&self, items: usize) -> BoxFuture<'_, Result<Imported>> {
        Box::pin(async move { self.load(&items::csv(items), items).await })
    }

    fn turn<'a>(&'a self, project: &'a str, place: Place) -> BoxFuture<'a, Result<Turn>> {
        Box::pin(async move {
            let worker = User::Worker(place.worker);
            let offset = place.first + place.step;
            let examples = format!("/v1/projects/{project}/examples");
            let path = format!("{examples}?limit=1&offset={offset}");
            let begun = Instant::now();
            let page = self.api.call(worker, Method::GET, &path, None).await?;
            let next = begun.elapsed();
            let id = page["results"][0]["id"].as_i64();
            let id = id.context("an example without an id")?;
            let label = self.label(project)?;
            let begun = Instant::now();
            let path = format!("{examples}/{id}/categories");
            let body = json!({ "label": label });
            self.api
                .call(worker, Method::POST, &path, Some(&body))
                .await?;
            let path = format!("{examples}/{id}/states");
            self.api.call(worker, Method::POST, &path, None).await?;
            let submit = begun.elapsed();
            Ok(Turn { next, submit })
        })
    }

    fn answered(&self, items: usize) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move { Ok(self.load(&items::csv_answered(items), items).await?.project) })
    }

    fn export<'a>(&'a self, project: &'a str, items: usize) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async move {
            let path = format!("/v1/projects/{project}/download");
            let begun = Instant::now();
            let job = self
                .post(&path, json!({"format": "JSONL", "exportApproved": false}))
                .await?;
            self.done(&job).await?;
            let id = job["task_id"].as_str().context("a job without an id")?;
            let file = self.api.download(&format!("{path}?taskId={id}")).await?;
            let took = begun.elapsed();
            let rows = lines_of_zip(&file).await?;
            ensure!(rows == items, "exported {rows} of {items}");
            Ok(took)
        })
    }
}

fn id_of(list: &Value, key: &str, wanted: &str) -> Result<i64> {
    let mut list = list.as_array().context("no list")?.iter();
    let found = list.find(|one| one[key] == wanted);
    found
        .and_then(|one| one["id"].as_i64())
        .with_context(|| format!("no {wanted}"))
}

/// Lines that have an answer, of all files in an archive.
async fn lines_of_zip(zip: &[u8]) -> Result<usize> {
    let folder = tempfile::tempdir()?;
    let archive = folder.path().join("export.zip");
    std::fs::write(&archive, zip)?;
    let files = folder.path().join("files");
    let ended = Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .args([&archive, &files])
        .status()
        .await?;
    ensure!(ended.success(), "no archive");
    let mut lines = 0;
    for file in std::fs::read_dir(files)? {
        let text = std::fs::read_to_string(file?.path())?;
        let answered = format!(r#""label":["{}"]"#, items::ANSWER);
        lines += text.lines().filter(|l| l.contains(&answered)).count();
    }
    Ok(lines)
}
