//! Rows that come back are charged, as far as quota goes.

use std::time::Duration;

use chrono::Utc;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::upsert_of;
use crate::support::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_taken_over_are_charged_as_far_as_quota_goes() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.grant(&project, 10).await;
    let first = p.loaded(&client, &project, 10, 1).await;
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 1, "1").await;
    p.delete(&client, &format!("/datasets/{first}"))
        .await
        .expect(202);
    assert_eq!(
        p.used(&client, &project).await,
        1,
        "what was answered stays"
    );
    let second = p.loaded(&client, &project, 6, 1).await;
    assert_eq!(p.used(&client, &project).await, 7);

    let restore = format!("/datasets/{first}/restore");
    p.post(&client, &restore).await.expect(201);
    let view = async || {
        let uid: Uuid = sqlx::query_scalar("select bound_uid from datasets where id = $1::uuid")
            .bind(&first)
            .fetch_one(&p.rows)
            .await
            .unwrap();
        let mut upsert = upsert_of(&p, &first, "").await;
        upsert["uid"] = json!(uid);
        p.trusted(Method::PUT, "/internal/datasets", Some(upsert))
            .await
            .expect(200)
    };
    assert_eq!(
        view().await["unpaid"],
        true,
        "from the beginning: quota covers three of nine"
    );
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(p.used(&client, &project).await, 10);
    assert_eq!(view().await["unpaid"], true);
    let told = p.get(&client, &format!("/datasets/{first}")).await;
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .contains("until they are paid for"),
        "{told}"
    );
    let queued = "select count(*) from tasks where queue_pos is not null";
    assert_eq!(p.count(queued).await, 6 + 3);
    p.assert_consistent().await;

    p.grant(&project, 5).await;
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(view().await["unpaid"], true, "one is left");
    p.delete(&client, &format!("/datasets/{second}"))
        .await
        .expect(202);
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(view().await["unpaid"], false);
    assert_eq!(p.count(queued).await, 9);
    assert_eq!(p.used(&client, &project).await, 10);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_locks_no_row_that_quota_does_not_reach() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 5).await;
    let first = p.loaded(&client, &project, 5, 5).await;
    p.delete(&client, &format!("/datasets/{first}"))
        .await
        .expect(202);
    p.loaded(&client, &project, 3, 3).await;
    p.post(&client, &format!("/datasets/{first}/restore"))
        .await
        .expect(201);
    p.core.sweep(Utc::now()).await.unwrap();
    let waiting = "select count(*) from tasks where not charged";
    assert_eq!(p.count(waiting).await, 3);

    let mut other = p.rows.begin().await.unwrap();
    sqlx::query("select id from tasks where not charged for update")
        .execute(&mut *other)
        .await
        .unwrap();
    let swept = tokio::time::timeout(Duration::from_secs(20), p.core.sweep(Utc::now())).await;
    swept.expect("it waits for no row").unwrap();
    other.rollback().await.unwrap();

    p.grant(&project, 3).await;
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(p.count(waiting).await, 0);
    assert_eq!(p.used(&client, &project).await, 8);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_taken_over_in_a_closed_project_ask_for_no_money() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 3).await;
    let first = p.loaded(&client, &project, 3, 3).await;
    p.delete(&client, &format!("/datasets/{first}"))
        .await
        .expect(202);
    p.loaded(&client, &project, 3, 3).await;
    let upsert = upsert_of(&p, &first, "").await;
    let view = async || {
        p.trusted(Method::PUT, "/internal/datasets", Some(upsert.clone()))
            .await
            .expect(200)
    };
    assert_eq!(view().await["unpaid"], true);
    let close = json!({"closed": true});
    let path = format!("/projects/{project}");
    p.call(Some(&client.token), Method::PATCH, &path, Some(close))
        .await
        .expect(200);
    let seen = view().await;
    assert_eq!(
        (&seen["unpaid"], &seen["projectState"]),
        (&json!(false), &json!("Closed")),
        "nothing that is bought would bring them back into the queue"
    );
}
