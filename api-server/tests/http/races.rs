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
use sqlx::{Connection, PgConnection};
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
async fn the_next_task_is_read_from_the_queues_index() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 3000, 100).await;
    sqlx::query("analyze tasks").execute(&p.rows).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select t.id from open_tasks_v2($1, $2, $3) t order by t.queue_pos limit 1",
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

/// What a worker's session asks for, round by round: user, project.
const TAKING: [&str; 3] = [
    "select task_id, null::bigint from task_next_v2($1, $2, false, now())",
    "select task_id, token from tasks_claim_v3($1, $2, 1, 20, 1, -1, 12, false, false, now())",
    "select task_id, token from tasks_claim_v3($1, $2, 2, 20, 1, -1, 12, true, false, now())",
];
/// User, task, token.
const SUBMIT: &str = "select answer_id from task_submit_v2($1, $2, $3, '{}', null, 1, 0::smallint, 1, 'approved', -1, 0, 1, null, now())";

/// A session keeps the plans that it makes. Made while nothing is there, every way to a row costs them the same.
#[tokio::test(flavor = "multi_thread")]
async fn plans_of_an_empty_platform_read_few_of_many_tasks() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 100, 100).await;
    let (_, wanda) = p.register("wanda").await;
    let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    p.submit(&wanda, &task, "1").await.expect(201);
    for statement in [
        "delete from task_batches",
        "alter table tasks set (autovacuum_enabled = false)",
        "alter table answers set (autovacuum_enabled = false)",
        "vacuum analyze",
    ] {
        sqlx::query(statement).execute(&p.rows).await.unwrap();
    }
    let worker = Uuid::new_v4();
    let of = project.parse::<Uuid>().unwrap();
    let mut session = p.rows.acquire().await.unwrap();
    for call in TAKING {
        assert_eq!(taken(&mut session, call, worker, of).await, []);
    }
    assert_eq!(submitted(&mut session, worker, (1, 1)).await, 0);

    p.loaded(&client, &project, 3000, 100).await;
    sqlx::query(
        "insert into answers (task_id, project_id, user_id, lease_token, labeling_version, answer, status, reviewers_needed, claimed_at, submitted_at)
         select id, project_id, gen_random_uuid(), nextval('leases_token_seq'), 1, '{}', 'approved', 0, now(), now() from tasks",
    )
    .execute(&p.rows)
    .await
    .unwrap();
    let mut held = (0, 0);
    for call in TAKING {
        let mut tx = session.begin().await.unwrap();
        let before = rows_read(&mut tx).await;
        let found = taken(&mut tx, call, worker, of).await;
        held = (found[0].0, found[0].1.unwrap_or_default());
        let read = rows_read(&mut tx).await - before;
        assert!((1..100).contains(&read), "{call}: {read} rows");
        tx.commit().await.unwrap();
    }
    let mut tx = session.begin().await.unwrap();
    let before = rows_read(&mut tx).await;
    assert_eq!(submitted(&mut tx, worker, held).await, 1);
    let read = rows_read(&mut tx).await - before;
    assert!((1..100).contains(&read), "{SUBMIT}: {read} rows");
}

/// Task and token of each row.
async fn taken(
    session: &mut PgConnection,
    call: &'static str,
    worker: Uuid,
    project: Uuid,
) -> Vec<(i64, Option<i64>)> {
    let rows = sqlx::query_as(call);
    let rows = rows.bind(worker).bind(project);
    rows.fetch_all(session).await.unwrap()
}

/// How many answers were stored from a lease.
async fn submitted(session: &mut PgConnection, worker: Uuid, (task, token): (i64, i64)) -> usize {
    let rows = sqlx::query(SUBMIT).bind(worker).bind(task).bind(token);
    rows.fetch_all(session).await.unwrap().len()
}

/// How many rows of the large tables this session has read and not yet reported, as it does once a second and in no transaction.
async fn rows_read(session: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "select sum(seq_tup_read + idx_tup_fetch)::bigint from pg_stat_xact_user_tables where relname in ('tasks', 'answers')",
    )
    .fetch_one(session)
    .await
    .unwrap()
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
