//! DataCrowd Lab: `GET /tasks/next` looks, `POST /tasks/claim` hands out, `POST /tasks/{id}/submit` answers. The first two are "next".

use std::{
    path::Path,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::{
    future::{BoxFuture, try_join_all},
    stream,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    items,
    system::{Imported, Place, System, Turn},
};
use crate::platform::Platform;

pub struct Ours {
    platform: Platform,
    workers: usize,
    tokens: RwLock<Vec<String>>,
}

impl Ours {
    pub async fn start(log: &Path, workers: usize) -> Result<Self> {
        let platform = Platform::start(log).await?;
        let tokens = RwLock::new(platform.workers(workers).await?);
        Ok(Self {
            platform,
            workers,
            tokens,
        })
    }

    fn token(&self, worker: usize) -> Result<String> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.get(worker).cloned().context("too few workers")
    }

    async fn claim(&self, token: &str, project: &str, count: usize) -> Result<Vec<Value>> {
        let body = json!({"projectId": project, "count": count});
        let claim = self
            .platform
            .call(token, Method::POST, "/tasks/claim", Some(body));
        let tasks = claim.await?["tasks"].take();
        serde_json::from_value(tasks).context("no tasks")
    }

    async fn submit(&self, token: &str, task: &Value) -> Result<()> {
        let id = task["id"].as_i64().context("a task without an id")?;
        let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": items::ANSWER}, "activeMillis": 1});
        let path = format!("/tasks/{id}/submit");
        self.platform
            .call(token, Method::POST, &path, Some(body))
            .await?;
        Ok(())
    }

    async fn load(&self, items: usize) -> Result<Imported> {
        let project = self.platform.project(json!({"answersPerTask": 1})).await?;
        let file = Bytes::from(items::csv(items));
        let begun = Instant::now();
        let dataset = self.platform.upload(&project, stream::iter([file])).await?;
        self.platform.generate(&dataset).await?;
        let took = begun.elapsed();
        let id = dataset["id"].as_str().context("a dataset without an id")?;
        let found = self.platform.dataset(id).await?;
        ensure!(found["tasksCreated"] == items, "imported {found}");
        Ok(Imported { project, took })
    }

    /// One worker's share of answering everything, ten at a time.
    async fn answer(&self, project: &str, worker: usize, mut share: usize) -> Result<()> {
        let token = self.token(worker)?;
        while share > 0 {
            let tasks = self.claim(&token, project, share.min(10)).await?;
            for task in &tasks {
                self.submit(&token, task).await?;
            }
            share -= tasks.len();
        }
        Ok(())
    }
}

impl System for Ours {
    fn name(&self) -> &'static str {
        "DataCrowd Lab"
    }

    /// Signs everybody in anew: an access token lives for 15 minutes.
    fn prepare(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.platform.sign_in().await?;
            let mut fresh = Vec::with_capacity(self.workers);
            for n in 0..self.workers {
                fresh.push(self.platform.login(&format!("worker{n}")).await?);
            }
            *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            Ok(())
        })
    }

    fn import(&self, items: usize) -> BoxFuture<'_, Result<Imported>> {
        Box::pin(self.load(items))
    }

    fn turn<'a>(&'a self, project: &'a str, place: Place) -> BoxFuture<'a, Result<Turn>> {
        Box::pin(async move {
            let token = self.token(place.worker)?;
            let path = format!("/tasks/next?projectId={project}");
            let begun = Instant::now();
            self.platform.call(&token, Method::GET, &path, None).await?;
            let tasks = self.claim(&token, project, 1).await?;
            let next = begun.elapsed();
            let task = tasks.first().context("no task was handed out")?;
            let begun = Instant::now();
            self.submit(&token, task).await?;
            let submit = begun.elapsed();
            Ok(Turn { next, submit })
        })
    }

    fn answered(&self, items: usize) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move {
            let project = self.load(items).await?.project;
            let share = |worker| items / self.workers + usize::from(worker < items % self.workers);
            let all = (0..self.workers).map(|worker| self.answer(&project, worker, share(worker)));
            try_join_all(all).await?;
            Ok(project)
        })
    }

    fn export<'a>(&'a self, project: &'a str, items: usize) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async move {
            let begun = Instant::now();
            let file = self
                .platform
                .export(project, json!({"format": "JSONL"}))
                .await?;
            let took = begun.elapsed();
            let rows = file.split(|byte| *byte == b'\n').filter(|l| !l.is_empty());
            let rows = rows.count();
            ensure!(rows == items, "exported {rows} of {items}");
            Ok(took)
        })
    }
}
