//! Tasks whose right answer is known, as an owner brings them.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::Value;

use super::{Actor, Answer, Platform, Run};
use crate::runner::Job;

impl Platform {
    /// A file with these members beside it.
    pub async fn upload_with(
        &self,
        client: &Actor,
        project: &str,
        csv: String,
        members: &[(&str, &str)],
    ) -> Answer {
        let members = members
            .iter()
            .map(|(name, text)| (*name, None, text.as_bytes()));
        let file = ("file", Some("gold.csv"), csv.as_bytes());
        let parts: Vec<_> = members.chain([file]).collect();
        self.upload_form(client, project, &parts).await
    }

    /// Gold of these rows (`id,text,right,why`), loaded by the runner; its dataset.
    pub async fn gold(&self, client: &Actor, project: &str, rows: &str) -> Value {
        let members = [
            ("purpose", "GOLD"),
            ("goldColumns", r#"{"rating":"right"}"#),
            ("explainColumn", "why"),
        ];
        let csv = format!("id,text,right,why\n{rows}");
        self.file(client, project, csv, &members).await
    }

    /// A file that the runner loads; its dataset.
    pub async fn file(
        &self,
        client: &Actor,
        project: &str,
        csv: String,
        members: &[(&str, &str)],
    ) -> Value {
        let dataset = self.upload_with(client, project, csv, members).await;
        let dataset = dataset.expect(201);
        let id = dataset["id"].as_str().unwrap();
        let path = format!("/datasets/{id}");
        self.generate(client, id).await;
        let run = Run::begin(self, id, 1).await;
        let job = Job::new(self, &client.namespace, run).await;
        assert_eq!(job.finish(self, "generate", "file-pod").await, 0);
        self.call(Some(&client.token), Method::GET, &path, None)
            .await
            .expect(200)
    }

    /// So many rows of gold: `text g1` is rated 1, `text g2` is rated 0, and so on by turns.
    pub async fn gold_rows(&self, client: &Actor, project: &str, count: usize) -> Value {
        let mut rows = String::new();
        for n in 1..=count {
            writeln!(rows, "g{n},text g{n},{},as {n} is", n % 2).unwrap();
        }
        self.gold(client, project, &rows).await
    }

    /// Which tasks of a claim are gold, which no worker can tell.
    pub async fn which_gold(&self, tasks: &Value) -> Vec<bool> {
        let ids: Vec<i64> = tasks
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["id"].as_i64().unwrap())
            .collect();
        let gold: Vec<i64> = sqlx::query_scalar("select id from gold_draws where id = any($1)")
            .bind(&ids)
            .fetch_all(&self.rows)
            .await
            .unwrap();
        ids.iter().map(|id| gold.contains(id)).collect()
    }

    /// One pass of the sweeper, so many seconds from now.
    pub async fn sweep_in(&self, seconds: i64) -> DateTime<Utc> {
        let then = Utc::now() + TimeDelta::seconds(seconds);
        self.core.sweep(then).await.unwrap();
        then
    }

    /// A worker's own answers, newest first.
    pub async fn my_answers(&self, worker: &str) -> Vec<Value> {
        let mine = self
            .call(Some(worker), Method::GET, "/me/answers", None)
            .await;
        mine.expect(200)["items"].as_array().unwrap().clone()
    }

    pub async fn gold_list(&self, client: &Actor, project: &str) -> Vec<Value> {
        let path = format!("/projects/{project}/gold");
        let list = self
            .call(Some(&client.token), Method::GET, &path, None)
            .await;
        list.expect(200)["items"].as_array().unwrap().clone()
    }

    pub async fn make_gold(&self, client: &Actor, project: &str, body: Value) -> Answer {
        let path = format!("/projects/{project}/gold");
        self.call(Some(&client.token), Method::POST, &path, Some(body))
            .await
    }
}
