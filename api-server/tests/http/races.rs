//! Many workers at once: never more answers than asked for, never an acknowledged answer lost.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::{
    ids::{LeaseToken, TaskId, UserId},
    raw::RawJson,
};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Platform, patiently};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_workers_never_exceed_the_answers_asked_for() {
    let p = Arc::new(Platform::with_billing(BillingMode::Disabled).await);
    let client = p.client("clara").await;
    let project = p
        .project(
            &client,
            json!({"answersPerTask": 3, "reviewersPerAnswer": 0, "rewardPoints": 1}),
        )
        .await;
    p.loaded(&client, &project, 200, 50).await;
    let project_id = project.parse::<Uuid>().unwrap().into();
    let workers: Vec<_> = (0..32).map(|_| UserId(Uuid::new_v4())).collect();
    let done = join_all(workers.iter().map(|&user| {
        let core = p.core.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            while let Ok(tasks) =
                patiently(|| core.task_claim(user, Some(project_id), 3, chrono::Utc::now())).await
            {
                for task in tasks {
                    let lease = task.lease.unwrap();
                    let new = datacrowd_labelling::NewAnswer {
                        user,
                        task: task.id,
                        lease_token: lease.token,
                        answer: RawJson::parse(r#"{"rating":"0"}"#.to_owned()).unwrap(),
                        active_millis: None,
                    };
                    let stale = datacrowd_labelling::NewAnswer {
                        lease_token: LeaseToken(lease.token.0 + 1_000_000),
                        ..new.clone()
                    };
                    assert!(
                        core.task_submit(&stale, chrono::Utc::now()).await.is_err(),
                        "a token that nobody gave submits nothing"
                    );
                    acknowledged.push((
                        patiently(|| core.task_submit(&new, chrono::Utc::now()))
                            .await
                            .unwrap()
                            .answer_id,
                        task.id,
                    ));
                }
            }
            acknowledged
        })
    }))
    .await;
    let mut per_task: BTreeMap<TaskId, usize> = BTreeMap::new();
    let mut answers = 0;
    for worker in done {
        for (_, task) in worker.unwrap() {
            *per_task.entry(task).or_default() += 1;
            answers += 1;
        }
    }
    assert_eq!((per_task.len(), answers), (200, 600));
    assert!(per_task.values().all(|n| *n == 3));
    assert_eq!(
        p.count("select count(*) from answers where status = 'approved'")
            .await,
        600,
        "every acknowledged answer is there"
    );
    assert_eq!(p.count("select count(*) from (select task_id, user_id from answers group by 1, 2 having count(*) > 1) x").await, 0);
    assert_eq!(p.count("select count(*) from leases").await, 0);
    assert_eq!(
        p.count("select sum(points)::bigint from points_ledger")
            .await,
        600
    );
    assert_eq!(
        p.count("select count(*) from task_batches where status <> 'done' or open_tasks <> 0")
            .await,
        0
    );
    assert_eq!(
        p.count("select count(*) from datasets where state = 'completed'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claim_reads_the_queue_index() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 3000, 100).await;
    sqlx::query("analyze tasks").execute(&p.rows).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select t.id from open_tasks_v1($1, $2, $3) o join tasks t on t.id = o.id and t.queue_pos is not null
         order by o.queue_pos limit 1 for update of t skip locked",
    )
    .bind(project.parse::<Uuid>().unwrap())
    .bind(0_i64)
    .bind(Uuid::new_v4())
    .fetch_all(&p.rows)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("Index Scan using tasks_queue"), "{plan}");
    assert!(!plan.contains("Sort"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_task_is_waited_for_while_somebody_looks_at_it() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 1, 1).await;
    let (_, wanda) = p.register("wanda").await;
    let mut looking = p.rows.begin().await.unwrap();
    sqlx::query("select from tasks for update")
        .execute(&mut *looking)
        .await
        .unwrap();
    let (claimed, ()) = tokio::join!(p.claim(&wanda, &project, 1), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        looking.rollback().await.unwrap();
    });
    claimed.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_task_never_comes_back_and_an_unlocked_one_does() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 1, 1).await;
    let (_, wanda) = p.register("wanda").await;
    let claim = async || {
        p.call(
            Some(&wanda),
            Method::POST,
            "/tasks/claim",
            Some(json!({"projectId": project})),
        )
        .await
    };
    let first = claim().await.expect(200)["tasks"][0].clone();
    let body = json!({"leaseToken": first["lease"]["token"]});
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/tasks/{}/unlock", first["id"]),
        Some(body),
    )
    .await
    .expect(204);
    let second = claim().await.expect(200)["tasks"][0].clone();
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["lease"]["token"], second["lease"]["token"]);
    let stale = json!({"leaseToken": first["lease"]["token"], "answer": {"rating": "0"}});
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/tasks/{}/submit", first["id"]),
        Some(stale),
    )
    .await
    .refused(409, "lease_lost");
    let body = json!({"leaseToken": second["lease"]["token"], "reason": "not my language"});
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/tasks/{}/skip", first["id"]),
        Some(body),
    )
    .await
    .expect(204);
    let none = claim().await;
    assert!(none.headers.contains_key("retry-after"));
    none.refused(404, "no_task_available");
    let (_, wim) = p.register("wim").await;
    p.call(
        Some(&wim),
        Method::POST,
        "/tasks/claim",
        Some(json!({"projectId": project})),
    )
    .await
    .expect(200);
}
