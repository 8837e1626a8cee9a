//! Many workers at once with gold in their queues, some of whose calls are dropped in the middle and made again: never more answers
//! than asked for, never more spent than there is, and each item of gold once for each worker.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use datacrowd_labelling::{BillingMode, NewAnswer};
use datacrowd_protocol::{
    ids::{TaskId, UserId},
    raw::RawJson,
};
use datacrowd_testkit::first_seed;
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{Platform, patiently};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_workers_with_gold_never_exceed_answers_or_quota() {
    let p = Arc::new(Platform::with_billing(BillingMode::Manual).await);
    let client = p.client("clara").await;
    let members = json!({
        "answersPerTask": 3, "reviewersPerAnswer": 0, "rewardPoints": 1,
        "gold": {"onboarding": 2, "every": 4}
    });
    let project = p.project(&client, members).await;
    p.grant(&project, 700).await;
    p.loaded(&client, &project, 200, 50).await;
    p.gold_rows(&client, &project, 12).await;
    let project_id = project.parse::<Uuid>().unwrap().into();
    let workers: Vec<_> = (0..32).map(|_| UserId(Uuid::new_v4())).collect();
    let sweeping = {
        let core = p.core.clone();
        tokio::spawn(async move {
            loop {
                patiently(|| core.sweep(chrono::Utc::now())).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    };
    let done = join_all((0..).zip(&workers).map(|(nth, &user)| {
        let core = p.core.clone();
        tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(first_seed().unwrap_or(1) + nth);
            let mut seen = Vec::new();
            while let Ok(tasks) =
                patiently(|| core.task_claim(user, Some(project_id), 3, chrono::Utc::now())).await
            {
                for task in tasks {
                    let new = NewAnswer {
                        user,
                        task: task.id,
                        lease_token: task.lease.unwrap().token,
                        answer: RawJson::parse(r#"{"rating":"0"}"#.to_owned()).unwrap(),
                        active_millis: None,
                    };
                    let limit = Duration::from_micros(rng.random_range(0..4_000));
                    // Dropped in the middle, either has happened or not; made again, it happens once.
                    let _ = timeout(limit, core.task_submit(&new, chrono::Utc::now())).await;
                    patiently(|| core.task_submit(&new, chrono::Utc::now()))
                        .await
                        .unwrap();
                    seen.push(task.id);
                }
                let limit = Duration::from_micros(rng.random_range(0..4_000));
                let claim = core.task_claim(user, Some(project_id), 3, chrono::Utc::now());
                let _ = timeout(limit, claim).await;
            }
            seen
        })
    }))
    .await;
    sweeping.abort();
    let _ = sweeping.await;
    p.core.sweep(chrono::Utc::now()).await.unwrap();
    let mut seen: BTreeMap<TaskId, usize> = BTreeMap::new();
    for worker in done {
        for task in worker.unwrap() {
            *seen.entry(task).or_default() += 1;
        }
    }
    let gold = p.count("select count(*) from gold_answers").await;
    // Whoever comes last may find that the others have used the quota for it.
    assert!((1..=12 * 32).contains(&gold), "{gold}");
    assert_eq!(seen.values().sum::<usize>() as i64, 600 + gold);
    assert_eq!(
        p.count("select count(*) from answers where status = 'approved'")
            .await,
        600
    );
    assert_eq!(
        p.count("select sum(points)::bigint from points_ledger")
            .await,
        600 + gold
    );
    let paid = p
        .count("select count(*) from gold_draws where charge = 'paid'")
        .await;
    assert_eq!(p.count("select tasks_used from projects").await, 600 + paid);
    assert!(
        p.count("select task_quota - tasks_used from projects")
            .await
            >= 0
    );
    assert_eq!(p.count("select count(*) from (select user_id, item_id from gold_draws group by 1, 2 having count(*) > 1) x").await, 0);
    let completed = "select count(*) from datasets where state = 'completed'";
    assert_eq!(p.count(completed).await, 1);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_claims_of_one_worker_at_once_give_each_item_once() {
    let p = Arc::new(Platform::with_billing(BillingMode::Disabled).await);
    let client = p.client("clara").await;
    let project = p
        .project(&client, json!({"gold": {"onboarding": 15}}))
        .await;
    p.loaded(&client, &project, 50, 50).await;
    p.gold_rows(&client, &project, 8).await;
    let project_id = project.parse::<Uuid>().unwrap().into();
    let user = UserId(Uuid::new_v4());
    let claims = join_all((1..=16).map(|count| {
        let core = p.core.clone();
        tokio::spawn(async move {
            let _ = core
                .task_next(user, Some(project_id), chrono::Utc::now())
                .await;
            core.task_claim(user, Some(project_id), count.min(10), chrono::Utc::now())
                .await
        })
    }))
    .await;
    assert!(claims.into_iter().any(|claimed| claimed.unwrap().is_ok()));
    assert_eq!(p.count("select count(*) from gold_draws").await, 8);
    assert_eq!(
        p.count("select count(distinct item_id) from gold_draws")
            .await,
        8
    );
    assert_eq!(p.count("select (select count(*) from leases) + (select count(*) from gold_draws where token is not null)").await, 10);
    p.assert_consistent().await;
}

/// With the plan that is worst for it: the rows to charge are looked for once for each row there is.
#[tokio::test(flavor = "multi_thread")]
async fn no_plan_charges_more_than_there_is() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let members = json!({"reviewersPerAnswer": 0, "gold": {"onboarding": 20}});
    let project = p.project(&client, members).await;
    p.grant(&project, 40).await;
    p.loaded(&client, &project, 20, 20).await;
    p.gold_rows(&client, &project, 20).await;
    let (_, wanda) = p.register("wanda").await;
    for _ in 0..12 {
        p.work(&wanda, &project, 1, "0").await;
    }
    let due = "select count(*) from gold_draws where charge = 'due' and answered";
    assert_eq!(p.count(due).await, 12);
    sqlx::query("update projects set task_quota = tasks_used + 5")
        .execute(&p.rows)
        .await
        .unwrap();
    let mut conn = p.rows.acquire().await.unwrap();
    for other in [
        "hashjoin",
        "mergejoin",
        "material",
        "memoize",
        "hashagg",
        "sort",
    ] {
        let off = format!("set enable_{other} = off");
        sqlx::query(AssertSqlSafe(off))
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    let charge = "select gold_charge_v1((select id from projects), 500)";
    let charged: i64 = sqlx::query_scalar(charge)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert_eq!((charged, p.count(due).await), (5, 7));
    let left = "select task_quota - tasks_used from projects";
    assert_eq!(p.count(left).await, 0);
}
