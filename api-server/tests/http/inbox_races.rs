//! Whoever finds that people are needed opens an item, and all at once they open it once.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{inbox_setting_with as setting_with, said_at, wav};

#[tokio::test(flavor = "multi_thread")]
async fn a_word_sweeps_and_deletion_at_once_open_an_item_once_or_never() {
    let form = json!({
        "display": [{"column": "file", "kind": "AUDIO"}], "externalIdColumn": "name",
        "answersPerTask": 3, "reviewersPerAnswer": 0,
    });
    let people = json!({"crowd": "Uncertain", "askBelow": 0.8, "holdSeconds": 1});
    let s = setting_with(form, people).await;
    // Quota for six of eight.
    s.p.grant(&s.project, 20).await;
    let mut held = vec![];
    for _ in 0..8 {
        s.send(&wav(b"raced for")).await;
        let lease = Uuid::new_v4();
        held.push((lease, s.lease(lease, 0).await));
    }
    let words = join_all(held.iter().map(async |(lease, leased)| {
        s.report_as(*lease, said_at(leased, 0.5)).await.expect(204);
    }));
    let sweeps = join_all((0..6).map(|_| s.p.sweep_in(5)));
    let file = wav(b"meanwhile");
    let more = join_all((0..3).map(|_| s.send(&file)));
    tokio::join!(words, sweeps, more);
    let opened = "select count(*) from events where kind = 'task.asked'";
    assert_eq!(s.p.count(opened).await, 6);
    assert_eq!(s.p.count("select tasks_used from projects").await, 18);
    let charged = "select sum(slots)::bigint from tasks where charged";
    assert_eq!(s.p.count(charged).await, 18);
    s.p.assert_consistent().await;

    // There is quota for the others now, and the inbox goes.
    s.p.grant(&s.project, 100).await;
    let uid: Uuid = sqlx::query_scalar("select bound_uid from datasets where id = $1::uuid")
        .bind(&s.inbox)
        .fetch_one(&s.p.rows)
        .await
        .unwrap();
    let path = format!("/internal/datasets/{}?uid={uid}&policy=Retain", s.inbox);
    let gone = async { while s.p.trusted(Method::DELETE, &path, None).await.status == 202 {} };
    let sweeps = join_all((0..6).map(|_| s.p.sweep_in(5)));
    tokio::join!(gone, sweeps);
    s.p.sweep_in(10).await;
    let left = "select count(*) from tasks where charged or queue_pos is not null";
    assert_eq!(s.p.count(left).await, 0);
    assert_eq!(s.p.count("select tasks_used from projects").await, 0);
    s.p.assert_consistent().await;
}
