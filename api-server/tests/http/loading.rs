//! Loading: replays, rivals, and the end of the quota.

use std::{fmt::Write as _, time::Duration};

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    previous_release::queries,
    support::{Platform, Run},
};

async fn uploaded(p: &Platform, judgements: i64) -> (crate::support::Actor, String, String) {
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"answersPerTask": 2})).await;
    p.grant(&project, judgements).await;
    let csv = "id,text\na,b\n".to_owned();
    let id = p.generating(&client, &project, csv, 3).await;
    (client, project, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_chunk_changes_nothing() {
    let p = Platform::start().await;
    let (client, project, id) = uploaded(&p, 100).await;
    let run = Run::open(&p, &client, &id, "pod-1").await;
    run.load(&p, 1, 4).await.expect(200);
    let replay = run.load(&p, 1, 4).await.expect(200);
    assert_eq!(
        (&replay["inserted"], &replay["skipped"]),
        (&json!(0), &json!(4))
    );
    let overlap = run.load(&p, 3, 7).await.expect(200);
    assert_eq!(
        (
            &overlap["inserted"],
            &overlap["skipped"],
            &overlap["checkpoint"]["nextRow"]
        ),
        (&json!(3), &json!(2), &json!(8))
    );
    run.load(&p, 10, 12).await.refused(409, "out_of_order");
    run.complete(&p, 7).await.expect(204);
    run.complete(&p, 7).await.expect(204);
    assert_eq!(p.count("select count(*) from tasks").await, 7);
    assert_eq!(p.count("select count(distinct row_no) from tasks").await, 7);
    assert_eq!(
        p.count("select count(*) from task_batches where status = 'ready'")
            .await,
        3,
        "two full batches and the rest"
    );
    assert_eq!(
        p.count("select count(*) from tasks where queue_pos is null")
            .await,
        0
    );
    let body = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/projects/{project}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        body["billing"],
        json!({"status": "PAID", "taskQuota": 100, "tasksUsed": 14, "debt": 0}),
        "charged for inserted rows only"
    );
}

/// The id of an item is the text of its column, whatever JSON that holds.
#[tokio::test(flavor = "multi_thread")]
async fn an_item_has_the_id_that_its_column_says() {
    let p = Platform::start().await;
    let (client, _, dataset) = uploaded(&p, 100).await;
    let run = Run::open(&p, &client, &dataset, "pod-1").await;
    let cases = [
        (r#"{"id": "plain"}"#, Some("plain")),
        (
            r#"{"id": "a \"b\"\tc\u00e9\ud83d\ude00"}"#,
            Some("a \"b\"\tcé😀"),
        ),
        (
            r#"{"i\u0064": "a name that is escaped"}"#,
            Some("a name that is escaped"),
        ),
        (r#"{"id": ""}"#, Some("")),
        (r#"{"id": 12}"#, Some("12")),
        (r#"{"id": 1e3}"#, Some("1000")),
        (r#"{"id": -0.50}"#, Some("-0.50")),
        (
            r#"{"id": 12345678901234567890123}"#,
            Some("12345678901234567890123"),
        ),
        (r#"{"id": true}"#, Some("true")),
        (
            r#"{"id": {"b": 1, "a": [1,2]}}"#,
            Some(r#"{"a": [1, 2], "b": 1}"#),
        ),
        (r#"{"id": null}"#, None),
        (r#"{"text": "no id"}"#, None),
    ];
    let mut chunk = json!({"header": null, "nextLine": cases.len() + 1}).to_string();
    for (row, (payload, _)) in (1..).zip(&cases) {
        write!(
            chunk,
            "\n{{\"rowNo\":{row},\"line\":{row},\"endOffset\":{row},\"payload\":{payload}}}"
        )
        .unwrap();
    }
    run.load_chunk(&p, chunk).await.expect(200);
    let stored: Vec<(Option<String>, Option<String>)> =
        sqlx::query_as("select external_id, payload->>'id' from tasks order by row_no")
            .fetch_all(&p.rows)
            .await
            .unwrap();
    for ((payload, id), (stored, in_payload)) in cases.iter().zip(&stored) {
        assert_eq!(stored.as_deref(), *id, "{payload}");
        assert_eq!(stored, in_payload, "{payload}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pod_waits_for_silence_and_then_fences_the_first() {
    let p = Platform::start().await;
    let (client, _, id) = uploaded(&p, 100).await;
    let first = Run::open(&p, &client, &id, "pod-1").await;
    first.load(&p, 1, 3).await.expect(200);
    let open = format!("/internal/runs/{}/open", first.id);
    let held = p
        .runner(&first.token, &open, json!({"podUid": "pod-2"}))
        .await;
    assert!(held.headers.contains_key("retry-after"));
    held.refused(409, "run_held");
    sqlx::query("update run_holds set seen_at = now() - interval '31 seconds'")
        .execute(&p.rows)
        .await
        .unwrap();
    let opened = p
        .runner(&first.token, &open, json!({"podUid": "pod-2"}))
        .await
        .expect(200);
    assert_eq!(
        opened["checkpoint"]["nextRow"], 4,
        "the second goes on where the first stood"
    );
    first.load(&p, 4, 6).await.refused(409, "fenced");
    first.complete(&p, 3).await.refused(409, "fenced");
    let second = Run {
        epoch: opened["epoch"].as_i64().unwrap(),
        ..first
    };
    second.load(&p, 4, 6).await.expect(200);
    assert_eq!(p.count("select count(*) from tasks").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_and_the_operators_passes_do_not_stand_in_each_others_way() {
    let p = Platform::start().await;
    let (client, _, id) = uploaded(&p, 1_000).await;
    let run = Run::open(&p, &client, &id, "pod-1").await;
    let upsert = operators_upsert(&p).await;
    let loading = async {
        for k in 0..40 {
            run.load(&p, k * 10 + 1, k * 10 + 10).await.expect(200);
        }
    };
    let passes = async {
        for _ in 0..40 {
            p.trusted(Method::PUT, "/internal/datasets", Some(upsert.clone()))
                .await
                .expect(200);
        }
    };
    futures::join!(loading, passes);
    assert_eq!(p.count("select count(*) from tasks").await, 400);
}

/// The upsert that the operator would send of the one dataset there is.
async fn operators_upsert(p: &Platform) -> Value {
    sqlx::query_scalar(
        "select json_build_object('namespace', d.namespace, 'tenant', t.name, 'name', d.name, 'uid', d.bound_uid,
            'generation', d.generation, 'spec', json_build_object('projectRef', json_build_object('name', p.name),
            'source', json_build_object('uri', d.source_path), 'batchSize', d.batch_size))
         from datasets d join projects p on p.id = d.project_id join tenants t on t.id = d.tenant_id",
    )
    .fetch_one(&p.rows)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_of_many_steps_leaves_the_queue_joins_it_again_and_goes() {
    let p = Platform::start().await;
    let (client, _, id) = uploaded(&p, 100_000).await;
    let run = Run::open(&p, &client, &id, "pod-1").await;
    for k in 0..5 {
        // As the runner does: what a busy database gives up is sent again.
        let load = || async {
            let loaded = run.load(&p, k * 5_000 + 1, k * 5_000 + 5_000).await;
            (loaded.status != 503).then_some(loaded)
        };
        eventually(Duration::from_mins(1), load).await.expect(200);
    }
    run.complete(&p, 25_000).await.expect(204);
    let queued = "select count(*) from tasks where queue_pos is not null";
    assert_eq!(p.count(queued).await, 25_000);
    let mut upsert = operators_upsert(&p).await;
    let delete = async |uid: &Value, policy: &str| {
        let uid = uid.as_str().unwrap();
        let path = format!("/internal/datasets/{id}?uid={uid}&policy={policy}");
        // 202 says that there is more, 503 that the database is busy: the same request goes on, as the operator's does.
        let done = || async {
            let answer = p.trusted(Method::DELETE, &path, None).await;
            if answer.status == 202 || answer.status == 503 {
                return None;
            }
            answer.expect(204);
            Some(())
        };
        eventually(Duration::from_mins(2), done).await;
    };

    delete(&upsert["uid"], "Retain").await;
    assert_eq!(p.count(queued).await, 0);
    upsert["uid"] = json!(Uuid::new_v4());
    upsert["generation"] = json!(1);
    let adopted = p
        .trusted(Method::PUT, "/internal/datasets", Some(upsert.clone()))
        .await
        .expect(200);
    assert_eq!(
        (&adopted["id"], &adopted["adopted"]),
        (&json!(id), &json!(true))
    );
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(p.count(queued).await, 25_000);

    delete(&upsert["uid"], "Delete").await;
    assert_eq!(p.count("select count(*) from tasks").await, 0);
    assert_eq!(p.count("select count(*) from datasets").await, 0);
    let used = p.count("select tasks_used from projects").await;
    assert_eq!(used, 0, "nobody answered any of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_holds_nobody_up() {
    let p = Platform::start().await;
    let (client, project, id) = uploaded(&p, 7).await;
    let first = Run::open(&p, &client, &id, "pod-1").await;
    first.load(&p, 1, 5).await.refused(402, "quota_exceeded");
    let end = json!({"epoch": first.epoch, "outcome": "Failed", "reason": "QuotaExceeded", "rows": 3, "rejected": 0});
    let complete = format!("/internal/runs/{}/complete", first.id);
    p.runner(&first.token, &complete, end.clone())
        .await
        .expect(204);
    p.runner(&first.token, &complete, end).await.expect(204);
    first.load(&p, 4, 4).await.refused(409, "fenced");
    p.grant(&project, 5).await;
    let second = Run::open_attempt(&p, &client, &id, 2, "pod-2").await;
    second.load(&p, 4, 5).await.expect(200);
    assert_eq!(p.count("select count(*) from tasks").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_stops_a_chunk_at_a_whole_task_and_a_grant_lets_it_go_on() {
    let p = Platform::start().await;
    let (client, project, id) = uploaded(&p, 7).await;
    let run = Run::open(&p, &client, &id, "pod-1").await;
    let stopped = run.load(&p, 1, 5).await.refused(402, "quota_exceeded");
    assert_eq!(
        stopped["details"]["accepted"], 3,
        "7 judgements are 3 whole tasks of 2"
    );
    assert_eq!(p.count("select count(*) from tasks").await, 3);
    let line = "select (checkpoint->>'nextLine')::bigint from datasets";
    assert_eq!(
        p.count(line).await,
        7,
        "behind the third row, which is on line 6, and before the blank line 7"
    );
    p.grant(&project, 5).await;
    let loaded = run.load(&p, 1, 5).await.expect(200);
    assert_eq!(
        (&loaded["inserted"], &loaded["skipped"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(p.count("select count(*) from tasks").await, 5);
    assert_eq!(
        p.count("select count(*) from outbox where kind = 'billing_revision'")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_with_a_known_id_is_counted_once() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let path = format!("/internal/projects/{project}/billing");
    let grant = |n: i64| Some(json!({"grantId": "g1", "judgements": n}));
    p.trusted(Method::PATCH, &path, grant(10)).await.expect(200);
    let again: Value = p.trusted(Method::PATCH, &path, grant(10)).await.expect(200);
    assert_eq!(again["quota"], 10);
    p.trusted(Method::PATCH, &path, grant(11))
        .await
        .refused(409, "grant_conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_would_not_come_into_force_is_not_written() {
    let p = Platform::start().await;
    let (client, project, id) = uploaded(&p, 100).await;
    let run = Run::open(&p, &client, &id, "pod-1").await;
    run.load(&p, 1, 2).await.expect(200);
    let path = format!("/projects/{project}");
    let seen = p.call(Some(&client.token), Method::GET, &path, None).await;
    let seen = seen.expect(200);
    let patch = async |body: Value| {
        p.call(Some(&client.token), Method::PATCH, &path, Some(body))
            .await
    };
    let mut labeling = seen["labeling"].clone();
    labeling["answersPerTask"] = json!(5);
    let refused = patch(json!({"labeling": labeling, "displayName": "after"})).await;
    let body = refused.refused(422, "invalid_spec");
    let why = body["details"]["labeling.answersPerTask"].as_str().unwrap();
    assert!(why.contains("fixed at 2"), "{why}");
    // Nothing of it stands in the way of what comes next.
    let paused = patch(json!({"paused": true})).await.expect(200);
    assert_eq!(
        (&paused["state"], &paused["refusal"], &paused["displayName"]),
        (&json!("PAUSED"), &Value::Null, &seen["displayName"])
    );
}

/// A session that planned the statement while a table was empty keeps the plan while the table grows.
#[tokio::test(flavor = "multi_thread")]
async fn full_batches_are_sealed_by_lookups_also_by_a_plan_for_an_emptied_table() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 400, 100).await;
    let sealing = queries(&["labelling"])
        .into_iter()
        .find(|query| query.contains("set sealed = true"))
        .unwrap();
    let mut conn = p.rows.acquire().await.unwrap();
    for statement in [
        "delete from tasks",
        "vacuum (analyze, truncate off) tasks",
        "set enable_seqscan = off",
        "set plan_cache_mode = force_generic_plan",
        &format!("prepare sealing (uuid, int) as {sealing}"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    let plan: Vec<String> = sqlx::query_scalar("explain execute sealing (null, null)")
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    let scans = plan
        .windows(2)
        .filter(|lines| lines[0].contains("on tasks"));
    for lines in scans.filter(|lines| lines[0].contains("Scan")) {
        let looks_up = lines[1].contains(" Cond: ");
        assert!(looks_up, "{}", plan.join("\n"));
    }
}
