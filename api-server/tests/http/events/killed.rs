//! Servers, dispatchers, NATS and the connections to Postgres are killed at any moment: each event that was committed is in the stream of
//! NATS and at the receiver, under one id.

use std::{collections::BTreeSet, process::Stdio, time::Duration};

use datacrowd_testkit::{eventually, first_seed, scaled};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::nats::stored_at;
use crate::{
    support::{Platform, Process, env, free_address},
    webhook_endpoints::sink::{Heard, Says, Sink},
};

const GRANTED: &str = "io.datacrowd.quota.granted.v1";

/// A server of its own, whose store outlives it.
struct OwnNats {
    address: String,
    store: TempDir,
    child: Child,
}

impl OwnNats {
    fn start() -> Self {
        let (address, store) = (free_address(), TempDir::new().unwrap());
        let child = run(&address, &store);
        Self {
            address,
            store,
            child,
        }
    }

    async fn kill(&mut self) {
        self.child.kill().await.unwrap();
        self.child = run(&self.address, &self.store);
    }
}

fn run(address: &str, store: &TempDir) -> Child {
    let (host, port) = address.split_once(':').unwrap();
    Command::new(env("TEST_NATS_SERVER"))
        .args(["--addr", host, "--port", port, "--jetstream", "--store_dir"])
        .arg(store.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Grants through whatever server there is, once.
async fn grant(p: &Platform, server: &mut Process, project: &str, id: &str) {
    let body = json!({"grantId": id, "judgements": 1});
    for _ in 0..600 {
        let url = format!("{}/internal/projects/{project}/billing", server.internal);
        let asked = p
            .http
            .request(Method::PATCH, url)
            .header("x-internal-token", "an internal token")
            .json(&body);
        match asked.send().await {
            Ok(answer) if answer.status().is_success() => return,
            Ok(answer) if !answer.status().is_server_error() => panic!("{}", answer.status()),
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(_) => *server = manual(p).await,
        }
    }
    panic!("no server answered");
}

async fn manual(p: &Platform) -> Process {
    Process::start_with(p, &[("DATACROWD_BILLING_MODE", "manual")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_every_event_arrives_under_one_id() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::After(Duration::from_millis(10))).await;
    p.hook(&client, &sink.url, &[GRANTED]).await;
    let mut nats = OwnNats::start();
    let url = format!("nats://{}", nats.address);
    let to_nats = [("DATACROWD_NATS_URL", &*url)];
    let mut random = StdRng::seed_from_u64(first_seed().unwrap_or(11));
    let mut server = manual(&p).await;
    let mut dispatcher = Process::dispatch_with(&p, &to_nats).await;
    // Only what happens while the dispatcher sends to NATS goes there.
    let owner = p.told.owner_pool();
    let wanted = || async {
        let there = "select exists (select from sinks where name = 'nats')";
        let there: bool = sqlx::query_scalar(there).fetch_one(&owner).await.ok()?;
        there.then_some(())
    };
    eventually(Duration::from_secs(20), wanted).await;
    let rounds = scaled(8, 60);
    for round in 0..rounds {
        for n in 0..5 {
            grant(&p, &mut server, &project, &format!("{round}-{n}")).await;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..200))).await;
        match round % 4 {
            0 => server.child.kill().await.unwrap(),
            1 => {
                dispatcher.child.kill().await.unwrap();
                dispatcher = Process::dispatch_with(&p, &to_nats).await;
            }
            2 => nats.kill().await,
            _ => {
                let databases = [&p.core_database, &p.payments, &p.told];
                for database in databases {
                    database.refuse(true).await;
                }
                for database in databases {
                    database.refuse(false).await;
                }
            }
        }
    }
    // What the killed ones held is due again when the hold is over.
    let free = "update deliveries set held_until = null where state = 'pending'";
    sqlx::query(free)
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    let events = rounds * 5;
    let heard = || sink.heard().iter().map(Heard::id).collect::<BTreeSet<_>>();
    eventually(Duration::from_mins(1), || async {
        (heard().len() == events).then_some(())
    })
    .await;
    let listed = p.events(&client, &project).await;
    let granted = listed.iter().filter(|event| event["type"] == GRANTED);
    let ids: BTreeSet<_> = granted
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(heard(), ids);
    let in_nats = || async {
        let stored = stored_at(&url).await;
        let granted = stored.iter().filter(|(.., event)| event["type"] == GRANTED);
        let there: BTreeSet<_> = granted.map(|(_, id, _)| id.clone()).collect();
        (there == ids).then_some(stored.len())
    };
    let stored = eventually(Duration::from_mins(1), in_nats).await;
    assert!(stored >= events);
    dispatcher.terminate().await;
}
