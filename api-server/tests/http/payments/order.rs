//! Whatever order Stripe's events arrive in, however often, and wherever the server is killed meanwhile:
//! payments, ledger, quota and status are those of the calm run.
//!
//! A kill is a future that is dropped after a drawn number of steps: the request's handler and the workers
//! stop at any of their waits, between any two statements and calls, and what they had not committed is rolled
//! back. As Stripe does, the test delivers an event again until it was answered 200.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use chrono::Utc;
use datacrowd_api_server::background::{outbox_pass, payments_pass};
use datacrowd_crds::{Project as ProjectResource, names::BILLING_REVISION};
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::{first_seed, scaled};
use futures::future::join_all;
use kube::{Api, ResourceExt};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::Method;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::sender::{Purchase, signed};
use crate::{
    cancellation::until,
    support::{Actor, Platform, WEBHOOK_SECRETS},
};

const PURCHASES: usize = 3;

/// What Stripe tells of one purchase, in its order.
fn story(random: &mut StdRng, purchase: &Purchase) -> Vec<Value> {
    let mut told = match random.random_range(0..10) {
        0 => return vec![],
        1 => return vec![purchase.session("expired", "unpaid")],
        2 => {
            return vec![
                purchase.session("completed", "unpaid"),
                purchase.session("async_payment_failed", "unpaid"),
            ];
        }
        3 => vec![
            purchase.session("completed", "unpaid"),
            purchase.session("async_payment_succeeded", "paid"),
        ],
        _ => vec![purchase.paid()],
    };
    let mut refunded = 0;
    for _ in 0..random.random_range(0..3) {
        refunded = random.random_range(refunded..=purchase.amount);
        told.push(purchase.refunded(refunded));
    }
    if random.random_bool(0.4) {
        let amount = random.random_range(1..=purchase.amount);
        let inquiry = random.random_bool(0.2);
        let end = if random.random_bool(0.5) {
            "won"
        } else {
            "lost"
        };
        let steps: &[(&str, &str)] = if inquiry {
            &[
                ("created", "warning_needs_response"),
                ("closed", "warning_closed"),
            ]
        } else {
            &[
                ("created", "needs_response"),
                ("funds_withdrawn", "needs_response"),
                ("updated", "under_review"),
                ("closed", end),
            ]
        };
        let kept = random.random_range(1..=steps.len());
        told.extend(
            steps[..kept]
                .iter()
                .map(|(kind, status)| purchase.dispute(kind, amount, status)),
        );
    }
    told
}

struct World {
    p: Platform,
    client: Actor,
    server: Router,
    /// The most steps that anything has taken to its end: kills are drawn from all of them.
    longest: AtomicUsize,
}

impl World {
    async fn start() -> Self {
        let p = Platform::with_billing(BillingMode::Stripe).await;
        Self {
            client: p.client("clara").await,
            server: p.app.public(),
            longest: AtomicUsize::new(20),
            p,
        }
    }

    async fn until<F: Future>(&self, future: F, kill: Option<usize>) -> Option<F::Output> {
        let (steps, output) = until(future, kill).await;
        if output.is_some() {
            self.longest.fetch_max(steps, Ordering::Relaxed);
        }
        output
    }

    async fn deliver(&self, event: &Value, kill: Option<usize>) -> bool {
        let body = event.to_string();
        let request = Request::post("/webhooks/stripe")
            .header("host", "localhost")
            .header(
                "stripe-signature",
                signed(&body, WEBHOOK_SECRETS[0], Utc::now().timestamp()),
            )
            .body(Body::from(body))
            .unwrap();
        let answered = self.until(self.server.clone().oneshot(request), kill).await;
        answered.is_some_and(|answer| {
            let status = answer.unwrap().status();
            assert_eq!(status, 200);
            true
        })
    }

    /// Both workers, each perhaps killed; whether both came to their end.
    async fn work(&self, kills: [Option<usize>; 2]) -> bool {
        self.outlive_claims().await;
        let told = self.until(payments_pass(&self.p.app), kills[0]).await;
        let touched = self.until(outbox_pass(&self.p.app), kills[1]).await;
        let finished = told.is_some() && touched.is_some();
        told.transpose().unwrap();
        touched.transpose().unwrap();
        finished
    }

    /// A worker that was killed holds its rows for a minute; here that minute is over.
    async fn outlive_claims(&self) {
        for rows in [&self.p.money, &self.p.rows] {
            sqlx::query("update outbox set due_at = '-infinity' where done_at is null")
                .execute(rows)
                .await
                .unwrap();
        }
    }

    async fn project(&self) -> String {
        self.p.project(&self.client, json!({})).await
    }

    /// Purchases for two projects: Stripe will tell the same of both.
    async fn purchases(&self, random: &mut StdRng, projects: [&str; 2]) -> Vec<[Purchase; 2]> {
        let mut bought = Vec::new();
        for _ in 0..PURCHASES {
            let judgements = random.random_range(10..5000);
            let [calm, wild] = projects;
            bought.push([
                self.p.purchase(&self.client, calm, judgements).await,
                self.p.purchase(&self.client, wild, judgements).await,
            ]);
        }
        bought
    }

    /// Everything a client can see of a project's money.
    async fn seen(&self, project: &str, payments: &[&Purchase]) -> Value {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        let path = format!("/projects/{project}/ledger?limit=200");
        let ledger = self
            .p
            .call(Some(&self.client.token), Method::GET, &path, None)
            .await
            .expect(200);
        for entry in ledger["items"].as_array().unwrap() {
            *sums.entry(entry["kind"].to_string()).or_default() +=
                entry["amountCents"].as_i64().unwrap();
        }
        sums.retain(|_, cents| *cents != 0);
        let mut stands = Vec::new();
        for purchase in payments {
            let payment = self.p.payment(&self.client, &purchase.payment).await;
            stands.push(json!([
                payment["status"],
                payment["judgementsGranted"],
                payment["refundedCents"]
            ]));
        }
        let billing = self.p.billing_of(&self.client, project).await;
        json!({"billing": billing, "payments": stands, "ledger": sums, "balances": ledger["balances"]})
    }

    /// The story of the calm project, in order and undisturbed.
    async fn calm(&self, stories: &[Vec<Value>]) {
        for event in stories.iter().flatten() {
            assert!(self.deliver(event, None).await);
        }
    }

    /// The other's: each event one to five times, shuffled, several at once, killed, with workers that are killed too.
    async fn wild(&self, random: &mut StdRng, stories: &[Vec<Value>]) {
        let mut pending: Vec<&Value> = Vec::new();
        for event in stories.iter().flatten() {
            pending.extend(vec![event; random.random_range(1..=5)]);
        }
        pending.shuffle(random);
        let draw = |random: &mut StdRng| {
            let longest = self.longest.load(Ordering::Relaxed);
            random
                .random_bool(0.5)
                .then(|| random.random_range(1..=longest))
        };
        while !pending.is_empty() {
            let at_once = random.random_range(1..=4).min(pending.len());
            let batch: Vec<_> = pending.drain(..at_once).collect();
            let kills: Vec<_> = batch.iter().map(|_| draw(random)).collect();
            let answered = join_all(
                batch
                    .iter()
                    .zip(kills)
                    .map(|(event, kill)| self.deliver(event, kill)),
            )
            .await;
            // What was not answered is sent again, some time later.
            for (event, answered) in batch.into_iter().zip(answered) {
                if !answered {
                    let later = random.random_range(0..=pending.len());
                    pending.insert(later, event);
                }
            }
            if random.random_bool(0.5) {
                let kills = [draw(random), draw(random)];
                self.work(kills).await;
            }
        }
    }

    /// Both projects' stories, and that they ended alike.
    async fn play(&self, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let (calm, wild) = (self.project().await, self.project().await);
        let bought = self.purchases(&mut random, [&calm, &wild]).await;
        let (mut calm_stories, mut wild_stories) = (Vec::new(), Vec::new());
        for [one, other] in &bought {
            let told: u64 = random.random();
            calm_stories.push(story(&mut StdRng::seed_from_u64(told), one));
            wild_stories.push(story(&mut StdRng::seed_from_u64(told), other));
        }
        self.calm(&calm_stories).await;
        self.wild(&mut random, &wild_stories).await;
        // The restarted server finds what its predecessors left.
        self.work([None, None]).await;
        let (ones, others): (Vec<_>, Vec<_>) =
            bought.iter().map(|[one, other]| (one, other)).unzip();
        let (expected, found) = (
            self.seen(&calm, &ones).await,
            self.seen(&wild, &others).await,
        );
        assert_eq!(found, expected, "TEST_SEED={seed}; told: {wild_stories:#?}");
        self.left_nothing(seed).await;
        self.annotated(&wild, seed).await;
    }

    async fn left_nothing(&self, seed: u64) {
        for (sql, what) in [
            (
                "select count(*) from outbox where done_at is null",
                "every change was told to core",
            ),
            (
                "select count(*) from stripe_events where outcome <> 'applied'",
                "every event found its payment",
            ),
            (
                "select count(*) - count(distinct id) from stripe_events",
                "an event is recorded once",
            ),
            (
                "select count(*) from (select currency from ledger_entries group by currency having sum(amount_cents) <> 0) x",
                "the ledger sums to zero",
            ),
        ] {
            assert_eq!(self.p.money_count(sql).await, 0, "{what}, TEST_SEED={seed}");
        }
        assert_eq!(
            self.p
                .count("select count(*) from outbox where done_at is null")
                .await,
            0,
            "the cluster was told, TEST_SEED={seed}"
        );
        assert!(
            self.p.billing.ledger_drift().await.unwrap().is_empty(),
            "TEST_SEED={seed}"
        );
    }

    /// The Project resource was touched, so that what waits looks again.
    async fn annotated(&self, project: &str, seed: u64) {
        let path = format!("/projects/{project}");
        let view = self
            .p
            .call(Some(&self.client.token), Method::GET, &path, None)
            .await
            .expect(200);
        let resources: Api<ProjectResource> =
            Api::namespaced(self.p.cluster.clone(), &self.client.namespace);
        let resource = resources.get(view["name"].as_str().unwrap()).await.unwrap();
        assert!(
            resource.annotations().contains_key(BILLING_REVISION),
            "TEST_SEED={seed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shuffled_repeated_and_late_events_with_a_server_that_is_killed_end_like_the_calm_run() {
    let world = World::start().await;
    let seeds = match first_seed() {
        Some(seed) => vec![seed],
        None => (0..scaled(25, 500)).collect(),
    };
    for seed in seeds {
        world.play(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_kill_at_any_step_of_handler_and_workers_is_made_good_by_the_restart() {
    let world = World::start().await;
    let project = world.project().await;
    let mut quota = 0;
    for step in 1.. {
        let purchase = world.p.purchase(&world.client, &project, 10).await;
        let paid = purchase.paid();
        let answered = world.deliver(&paid, Some(step)).await;
        if !answered {
            assert!(world.deliver(&paid, None).await);
        }
        let worked = world.work([Some(step), Some(step)]).await;
        quota += 10;
        // What a killed worker had claimed is free once the server has ended its session.
        let told = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                world.work([None, None]).await;
                let billing = world.p.billing_of(&world.client, &project).await;
                if billing["taskQuota"] == quota {
                    return;
                }
            }
        });
        assert!(
            told.await.is_ok(),
            "{quota} are not told, killed at step {step}"
        );
        if answered && worked {
            break;
        }
    }
    world.left_nothing(0).await;
}
