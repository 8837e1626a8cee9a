//! Events: what telling everybody costs those who work, how fast webhooks are delivered, and what one receiver that hangs takes from the
//! others.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{Router, extract::State, http::StatusCode};
use clap::Args;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;

use crate::{
    claim::{measure, rows, say},
    platform::{Dispatcher, Platform},
    process::cpu_seconds,
};

/// How much of each.
#[derive(Debug, Args)]
pub struct Events {
    /// Events that wait when the dispatcher starts.
    #[arg(long, default_value_t = 20_000)]
    deliveries: usize,
    /// Clients at once while work is measured.
    #[arg(long, value_delimiter = ',', default_value = "1,16")]
    clients: Vec<usize>,
    /// Rounds of work, each without and with everything told.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

impl Events {
    pub async fn run(self) -> Result<()> {
        self.deliveries().await?;
        self.hanging().await?;
        self.work().await
    }

    /// Everything waits; then a dispatcher starts.
    async fn deliveries(&self) -> Result<()> {
        let platform = Platform::start(&self.log).await?;
        let project = platform.project(json!({})).await?;
        let sink = Sink::start(Duration::ZERO).await?;
        platform.subscribe(&sink.url).await?;
        let mut core = PgConnection::connect(&platform.core.owner_url()).await?;
        happen(&mut core, &project, self.deliveries).await?;
        let begun = Instant::now();
        let dispatcher = Dispatcher::start(&platform).await?;
        let all = self.deliveries + 1;
        while sink.heard() < all {
            ensure!(
                begun.elapsed() < Duration::from_mins(5),
                "{} of {all}",
                sink.heard()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (took, cpu) = (
            begun.elapsed().as_secs_f64(),
            cpu_seconds(dispatcher.pid()?)?,
        );
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let many = all as f64;
        say(
            "| deliveries | seconds | per second | processor of the dispatcher, s | per second of it |",
        )?;
        say("|--:|--:|--:|--:|--:|")?;
        say(&format!(
            "| {all} | {took:.1} | {:.0} | {cpu:.1} | {:.0} |",
            many / took,
            many / cpu
        ))
    }

    /// A hundred events a second, each to a quick receiver: alone, and beside one that hangs.
    async fn hanging(&self) -> Result<()> {
        say("\n| beside it | lag of the quick one, p50 ms | p99 |")?;
        say("|---|--:|--:|")?;
        for hangs in [false, true] {
            let platform = Platform::start(&self.log).await?;
            let project = platform.project(json!({})).await?;
            let quick = Sink::start(Duration::ZERO).await?;
            let hook = platform.subscribe(&quick.url).await?;
            let slow = Sink::start(Duration::from_secs(30)).await?;
            if hangs {
                platform.subscribe(&slow.url).await?;
            }
            let _dispatcher = Dispatcher::start(&platform).await?;
            let mut core = PgConnection::connect(&platform.core.owner_url()).await?;
            let begun = Instant::now();
            for _ in 0..self.seconds * 10 {
                happen(&mut core, &project, 10).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
            let (p50, p99) = lags(&platform, Some(&hook), begun.elapsed()).await?;
            let beside = if hangs { "one that hangs" } else { "nothing" };
            say(&format!("| {beside} | {p50:.0} | {p99:.0} |"))?;
        }
        Ok(())
    }

    /// By turns: nothing is recorded to be told; it is recorded, and stays where it is; it is carried to where it is told, and nobody
    /// wants it; it is told to a receiver of all types.
    async fn work(&self) -> Result<()> {
        let platform = Arc::new(Platform::start(&self.log).await?);
        let project = platform.project(json!({"answersPerTask": 3})).await?;
        let dataset = platform.upload(&project, rows(20_000)).await?;
        platform.generate(&dataset).await?;
        let most = self.clients.iter().copied().max().unwrap_or(1);
        let workers = platform.workers(most).await?;
        let sink = Sink::start(Duration::ZERO).await?;
        platform.subscribe(&sink.url).await?;
        let mut databases = Databases::of(&platform).await?;
        // Tables that were never used have no statistics.
        let warm = Dispatcher::start(&platform).await?;
        measure(&platform, &project, &workers, 1, 2).await?;
        drop(warm);
        say(
            "\n| clients | round | loops/s, nothing recorded | recorded | ratio | relayed | ratio | told | of recorded | of relayed | deliveries/s | lag p50 ms | p99 |",
        )?;
        say("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for &clients in &self.clients {
            for round in 1..=self.rounds {
                let run = async || {
                    let went = measure(&platform, &project, &workers[..clients], 1, self.seconds);
                    Ok::<_, anyhow::Error>(self.rate(went.await?.submit.count()))
                };
                databases.prepare(false, false).await?;
                let without = run().await?;
                databases.prepare(true, false).await?;
                // What the request itself pays: the dispatcher may be on another machine.
                let recorded = run().await?;
                databases.prepare(true, false).await?;
                let dispatcher = Dispatcher::start(&platform).await?;
                let relayed = run().await?;
                drop(dispatcher);
                databases.prepare(true, true).await?;
                let dispatcher = Dispatcher::start(&platform).await?;
                let (before, begun) = (sink.heard(), Instant::now());
                let with = run().await?;
                let delivered = self.rate(sink.heard() - before);
                let (p50, p99) = lags(&platform, None, begun.elapsed()).await?;
                drop(dispatcher);
                say(&format!(
                    "| {clients} | {round} | {without:.0} | {recorded:.0} | {:.2} | {relayed:.0} | {:.2} | {with:.0} | {:.2} | {:.2} | {delivered:.0} | {p50:.0} | {p99:.0} |",
                    recorded / without,
                    relayed / without,
                    with / recorded,
                    with / relayed,
                ))?;
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn rate(&self, count: usize) -> f64 {
        count as f64 / self.seconds as f64
    }
}

/// What is set up between two measurements.
struct Databases {
    core: PgConnection,
    told: PgConnection,
}

impl Databases {
    async fn of(platform: &Platform) -> Result<Self> {
        Ok(Self {
            core: PgConnection::connect(&platform.core.owner_url()).await?,
            told: PgConnection::connect(&platform.told.owner_url()).await?,
        })
    }

    /// Whether what happens is recorded to be told, and whether endpoints want it. Nothing waits; and the planner knows the tables, as
    /// it does within a minute wherever autovacuum is on.
    async fn prepare(&mut self, record: bool, subscribe: bool) -> Result<()> {
        let trigger = match record {
            true => "alter table events enable trigger events_to_stream",
            false => "alter table events disable trigger events_to_stream",
        };
        for sql in [trigger, "delete from stream", "vacuum analyze"] {
            sqlx::query(sql).execute(&mut self.core).await?;
        }
        sqlx::query("update webhook_endpoints set suspended = not $1")
            .bind(subscribe)
            .execute(&mut self.told)
            .await?;
        for sql in [
            "delete from deliveries where state = 'pending'",
            "vacuum analyze",
        ] {
            sqlx::query(sql).execute(&mut self.told).await?;
        }
        Ok(())
    }
}

/// So many things happen to a project, now.
async fn happen(core: &mut PgConnection, project: &str, count: usize) -> Result<()> {
    sqlx::query(
        "insert into events (kind, subject, actor, data, created_at)
         select 'project.granted', $1, 'internal', '{\"judgements\": 1}', clock_timestamp() from generate_series(1, $2)",
    )
    .bind(project)
    .bind(i32::try_from(count)?)
    .execute(core)
    .await?;
    Ok(())
}

/// From what happened to its first attempt, in milliseconds: half of them, and 99 of a hundred, since so many seconds.
async fn lags(platform: &Platform, hook: Option<&str>, since: Duration) -> Result<(f64, f64)> {
    let mut told = PgConnection::connect(&platform.told.owner_url()).await?;
    let (p50, p99): (Option<f64>, Option<f64>) = sqlx::query_as(
        "with first as (
             select coalesce((select min(a.began_at) from attempts a where a.delivery_id = d.id), d.began_at) - d.event_at as lag from deliveries d
             where d.begun > 0 and ($1::uuid is null or d.endpoint_id = $1::uuid) and d.event_at > now() - make_interval(secs => $2))
         select extract(epoch from percentile_disc(0.5) within group (order by lag))::float8 * 1000,
                extract(epoch from percentile_disc(0.99) within group (order by lag))::float8 * 1000 from first",
    )
    .bind(hook)
    .bind(since.as_secs_f64())
    .fetch_one(&mut told)
    .await?;
    Ok((p50.unwrap_or(f64::NAN), p99.unwrap_or(f64::NAN)))
}

/// A receiver on loopback that counts, and answers after so long.
struct Sink {
    url: String,
    heard: Arc<AtomicUsize>,
}

impl Sink {
    async fn start(after: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr().context("a listener has an address")?;
        let heard = Arc::new(AtomicUsize::new(0));
        let hear = async move |State(heard): State<Arc<AtomicUsize>>| {
            tokio::time::sleep(after).await;
            heard.fetch_add(1, Ordering::Relaxed);
            StatusCode::NO_CONTENT
        };
        let router = Router::new().fallback(hear).with_state(heard.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self {
            url: format!("http://{address}/"),
            heard,
        })
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }
}
