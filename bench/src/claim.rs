//! The loop of a worker, by many at once: next, claim, submit.

use std::{
    io::Write,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use clap::Args;
use futures::{future::try_join_all, stream};
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::{platform::Platform, samples::Samples};

/// Answers that each task wants: a claim decrements, and only every third closes a task.
const ANSWERS_PER_TASK: i32 = 3;

/// How much, by how many, for how long.
#[derive(Debug, Args)]
pub struct Claim {
    /// Tasks in the project, one run each.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    tasks: Vec<usize>,
    /// Clients at once.
    #[arg(long, value_delimiter = ',', default_value = "1,16,128")]
    clients: Vec<usize>,
    /// Tasks that one call to claim takes, at most ten.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    at_once: Vec<u32>,
    /// Length of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds under a held snapshot, in steps of the measurement's length; 0 leaves it out.
    #[arg(long, default_value_t = 40)]
    held: u64,
    /// Tasks grow while their label is not sure: from three answers to five.
    #[arg(long)]
    overlap: bool,
    /// One task in ten is gold.
    #[arg(long)]
    gold: bool,
    /// Where the server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

/// What a client, or all of them, saw.
#[derive(Default)]
pub(crate) struct Seen {
    next: Samples,
    claim: Samples,
    pub(crate) submit: Samples,
}

impl Claim {
    pub async fn run(self) -> Result<()> {
        say(
            "| tasks | clients | at once | snapshot | answers/s | next p50 | p99 | claim p50 | p99 | a task of it, mean | submit p50 | p99 |",
        )?;
        say("|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for &tasks in &self.tasks {
            self.over(tasks).await?;
        }
        Ok(())
    }

    async fn over(&self, tasks: usize) -> Result<()> {
        let platform = Arc::new(Platform::start(&self.log).await?);
        let consensus = self.overlap.then(
            || json!({"field": "rating", "maxAnswers": ANSWERS_PER_TASK + 2, "confidence": "0.9"}),
        );
        let gold = self.gold.then(|| json!({"every": 10}));
        let members =
            json!({"answersPerTask": ANSWERS_PER_TASK, "consensus": consensus, "gold": gold});
        let project = platform.project(members).await?;
        let begun = Instant::now();
        let dataset = platform.upload(&project, rows(tasks)).await?;
        platform.generate(&dataset).await?;
        let loading = begun.elapsed().as_secs_f64();
        let most = self.clients.iter().copied().max().unwrap_or(1);
        let workers = platform.workers(most).await?;
        let url = platform.core.owner_url();
        let mut database = PgConnection::connect(&url).await?;
        if self.gold {
            known(&mut database).await?;
        }
        sqlx::query("analyze").execute(&mut database).await?;
        for &clients in &self.clients {
            for &at_once in &self.at_once {
                let workers = &workers[..clients];
                let free = measure(&platform, &project, workers, at_once, self.seconds).await?;
                self.report(tasks, clients, at_once, "free", free)?;
            }
        }
        if self.held > 0 {
            let clients = most.min(16);
            let mut snapshot = PgConnection::connect(&url).await?;
            let mut open = snapshot.begin().await?;
            sqlx::query("set transaction isolation level repeatable read")
                .execute(&mut *open)
                .await?;
            sqlx::query("select count(*) from worker_cursors")
                .execute(&mut *open)
                .await?;
            for step in 1..=self.held / self.seconds {
                let workers = &workers[..clients];
                let held = measure(&platform, &project, workers, 1, self.seconds).await?;
                let label = format!("held {} s", step * self.seconds);
                self.report(tasks, clients, 1, &label, held)?;
            }
            open.rollback().await?;
        }
        eprintln!("{tasks} tasks were uploaded and generated in {loading:.1} s");
        Ok(())
    }

    fn report(
        &self,
        tasks: usize,
        clients: usize,
        at_once: u32,
        snapshot: &str,
        mut seen: Seen,
    ) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = seen.submit.count() as f64 / self.seconds as f64;
        say(&format!(
            "| {tasks} | {clients} | {at_once} | {snapshot} | {rate:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.1} | {:.1} |",
            seen.next.percentile(50),
            seen.next.percentile(99),
            seen.claim.percentile(50),
            seen.claim.percentile(99),
            seen.claim.mean() / f64::from(at_once),
            seen.submit.percentile(50),
            seen.submit.percentile(99),
        ))
    }
}

/// What these workers see who go round for so long, with so many tasks a round.
pub(crate) async fn measure(
    platform: &Arc<Platform>,
    project: &str,
    workers: &[String],
    at_once: u32,
    seconds: u64,
) -> Result<Seen> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let clients = workers.iter().map(|token| {
        tokio::spawn(work(
            platform.clone(),
            project.to_owned(),
            token.clone(),
            at_once,
            until,
        ))
    });
    let mut all = Seen::default();
    for seen in try_join_all(clients).await? {
        let seen = seen?;
        all.next.merge(seen.next);
        all.claim.merge(seen.claim);
        all.submit.merge(seen.submit);
    }
    Ok(all)
}

async fn work(
    platform: Arc<Platform>,
    project: String,
    token: String,
    at_once: u32,
    until: Instant,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let next = format!("/tasks/next?projectId={project}");
    while Instant::now() < until {
        let begun = Instant::now();
        platform.call(&token, Method::GET, &next, None).await?;
        seen.next.add(begun.elapsed());
        let begun = Instant::now();
        let body = json!({"projectId": project, "count": at_once});
        let claimed = platform
            .call(&token, Method::POST, "/tasks/claim", Some(body))
            .await?;
        seen.claim.add(begun.elapsed());
        for task in claimed["tasks"].as_array().context("no tasks")? {
            let begun = Instant::now();
            platform.submit(&token, task, "0").await?;
            seen.submit.add(begun.elapsed());
        }
    }
    Ok(seen)
}

/// Twenty thousand items of gold: more than a worker is given in a measurement.
async fn known(database: &mut PgConnection) -> Result<()> {
    sqlx::query(
        "insert into gold_items (project_id, dataset_id, row_no, payload, expected, created_at)
         select d.project_id, d.id, 1000000000 + n, jsonb_build_object('id', 'i' || n, 'text', 'the text of row ' || n || ', as long as a short review is'),
                '{\"rating\": \"0\"}', now()
         from datasets d, generate_series(1, 20000) n",
    )
    .execute(database)
    .await?;
    Ok(())
}

/// A CSV of that many rows, in pieces of a thousand.
pub(crate) fn rows(count: usize) -> impl futures::Stream<Item = Bytes> + Send + 'static {
    let pieces = (0..count).step_by(1000).map(move |first| {
        let mut piece = String::new();
        if first == 0 {
            piece.push_str("id,text\n");
        }
        for row in first..count.min(first + 1000) {
            piece.push_str(&format!(
                "i{row},\"the text of row {row}, as long as a short review is\"\n"
            ));
        }
        Bytes::from(piece)
    });
    stream::iter(pieces)
}

/// Prints a line of a table.
pub fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(())
}
