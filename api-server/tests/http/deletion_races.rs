//! Deletions that meet loading, claims, submits and payments: quota stays exact, whatever dies in the middle.
//!
//! Fought a few times, often with `TEST_SCALE=full`. `TEST_SEED` repeats a run's choices.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use datacrowd_crds::Dataset;
use datacrowd_protocol::ids::DatasetId;
use datacrowd_testkit::{first_seed, scaled};
use futures::future::join_all;
use kube::{Api, api::DeleteParams};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Actor, Platform, Run, env};

/// Judgements that the rows say are spent, less what the project says.
const UNEXPLAINED: &str = "select coalesce((select sum(slots) from tasks where charged), 0)::bigint - (select sum(tasks_used) from projects)::bigint";

fn luck(name: &str) -> StdRng {
    let seed = first_seed().unwrap_or_else(rand::random);
    eprintln!("{name}: TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

async fn begun(p: &Platform, client: &Actor, project: &str) -> (String, Run) {
    let csv = "id,text\na,b\n".to_owned();
    let id = p.generating(client, project, csv, 10).await;
    let run = Run::open(p, client, &id, "pod").await;
    (id, run)
}

/// Works until nothing is to be had any more, or nothing was for a while.
async fn work(p: &Platform, worker: &str, project: &str) {
    let mut idle = 0;
    while idle < 20 {
        let claimed = p.claim(worker, project, 3).await;
        match claimed.body["tasks"].as_array() {
            Some(tasks) => {
                for task in tasks {
                    let done = p.submit(worker, task, "1").await;
                    let code = done.body["code"].as_str().unwrap_or_default();
                    assert!(done.status == 201 || code == "lease_lost", "{done:?}");
                }
            }
            None => idle += 1,
        }
    }
}

/// Goes on with a deletion, and dies in the middle of most steps.
async fn dying(p: &Platform, id: &str, rng: &mut StdRng) {
    let id = DatasetId(id.parse().unwrap());
    let bucket = env("TEST_S3_BUCKET");
    for _ in 0..5 {
        let pause = Duration::from_micros(rng.random_range(100..4000));
        let step = p.core.dataset_let_go(id, &bucket, Utc::now());
        if let Ok(step) = tokio::time::timeout(pause, step).await {
            step.unwrap();
        }
    }
    p.core.sweep_deleted(&bucket, Utc::now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_against_its_loader_and_its_workers_keeps_quota_exact() {
    let mut rng = luck("delete against load, claim and submit");
    let p = Arc::new(Platform::start().await);
    let client = p.client("clara").await;
    let members = json!({"answersPerTask": 2, "reviewersPerAnswer": 1});
    let project = p.project(&client, members).await;
    p.grant(&project, 1_000_000).await;
    let names: Vec<_> = (0..3).map(|n| format!("worker{n}")).collect();
    let workers = join_all(names.iter().map(|n| p.register(n))).await;
    let mut kept = Vec::new();
    for round in 0..scaled(3, 100) {
        let (id, run) = begun(&p, &client, &project).await;
        let pause = Duration::from_millis(rng.random_range(0..150));
        let load = async {
            for k in 0..10 {
                let loaded = run.load(&p, k * 12 + 1, k * 12 + 12).await;
                if !loaded.status.is_success() {
                    assert_eq!(loaded.status, 409, "{loaded:?}");
                    return;
                }
            }
            let ended = run.complete(&p, 120).await;
            assert!(
                matches!(ended.status.as_u16(), 204 | 409 | 410),
                "{ended:?}"
            );
        };
        let deletion = async {
            tokio::time::sleep(pause).await;
            let (uid, name): (Uuid, String) =
                sqlx::query_as("select bound_uid, name from datasets where id = $1::uuid")
                    .bind(&id)
                    .fetch_one(&p.rows)
                    .await
                    .unwrap();
            let resources: Api<Dataset> = Api::namespaced(p.cluster.clone(), &client.namespace);
            resources
                .delete(&name, &DeleteParams::default())
                .await
                .unwrap();
            // As the operator does, whose calls are cut off until one of them was heard.
            let path = format!("/internal/datasets/{id}?uid={uid}&policy=Retain");
            while p
                .count("select count(*) from datasets where bound_uid is not null")
                .await
                > 0
            {
                let told = p.trusted(Method::DELETE, &path, None);
                let _ = tokio::time::timeout(Duration::from_millis(20), told).await;
            }
        };
        let crowd = join_all(workers.iter().map(|(_, token)| work(&p, token, &project)));
        tokio::join!(load, deletion, crowd);
        dying(&p, &id, &mut rng).await;
        for broken in [
            "select count(*) from tasks where queue_pos is not null",
            "select count(*) from leases",
            "select count(*) from answers where status = 'in_review'",
            "select count(*) from tasks t where not charged and exists (select from answers a where a.task_id = t.id and a.status <> 'withdrawn')",
            "select count(*) from tasks t where charged and not exists (select from answers a where a.task_id = t.id and a.status <> 'withdrawn')",
            UNEXPLAINED,
        ] {
            assert_eq!(p.count(broken).await, 0, "round {round}: {broken}");
        }
        p.assert_consistent().await;
        kept.push(id);
    }
    for id in kept {
        p.post(&client, &format!("/datasets/{id}/restore"))
            .await
            .expect(201);
    }
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(p.count(UNEXPLAINED).await, 0);
    assert_eq!(
        p.count("select count(*) from tasks where not charged")
            .await,
        0
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_taken_over_and_rows_that_are_new_share_one_quota() {
    let mut rng = luck("adopt against generate");
    let p = Arc::new(Platform::start().await);
    let client = p.client("clara").await;
    for round in 0..scaled(3, 60) {
        let project = p.project(&client, json!({"answersPerTask": 2})).await;
        p.grant(&project, 200).await;
        let old = p.loaded(&client, &project, 60, 10).await;
        p.delete(&client, &format!("/datasets/{old}"))
            .await
            .expect(202);
        let (new, run) = begun(&p, &client, &project).await;
        let pauses = [0, 1].map(|_| Duration::from_millis(rng.random_range(0..30)));
        let load = async {
            tokio::time::sleep(pauses[0]).await;
            for k in 0..10 {
                let loaded = run.load(&p, k * 7 + 1, k * 7 + 7).await;
                if !loaded.status.is_success() {
                    loaded.refused(402, "quota_exceeded");
                    return;
                }
            }
        };
        let adopt = async {
            tokio::time::sleep(pauses[1]).await;
            p.post(&client, &format!("/datasets/{old}/restore"))
                .await
                .expect(201);
            // Two replicas sweep.
            let (one, other) = tokio::join!(p.core.sweep(Utc::now()), p.core.sweep(Utc::now()));
            one.and(other).unwrap();
        };
        tokio::join!(load, adopt);
        p.core.sweep(Utc::now()).await.unwrap();
        let path = format!("/projects/{project}");
        let seen = p
            .call(Some(&client.token), Method::GET, &path, None)
            .await
            .expect(200);
        let used = seen["billing"]["tasksUsed"].as_i64().unwrap();
        assert_eq!(used, 200, "round {round}: 130 tasks want what 100 can have");
        assert_eq!(p.count(UNEXPLAINED).await, 0, "round {round}");
        // More, and it goes on by itself.
        p.grant(&project, 60).await;
        let rest = run.load(&p, 64, 70).await;
        assert!(matches!(rest.status.as_u16(), 200 | 409), "{rest:?}");
        p.core.sweep(Utc::now()).await.unwrap();
        assert_eq!(p.count(UNEXPLAINED).await, 0, "round {round}");
        p.assert_consistent().await;
        for id in [old, new] {
            p.delete(&client, &format!("/datasets/{id}?rows=true"))
                .await
                .expect(202);
        }
        assert_eq!(
            p.count("select count(*) from tasks").await,
            0,
            "round {round}"
        );
        assert_eq!(
            p.count("select sum(tasks_used)::bigint from projects")
                .await,
            0
        );
    }
}
