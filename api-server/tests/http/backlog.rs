//! What monitoring is told: what waits, since when, and that it is exported.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_api_server::{
    background::{backlog, outbox_pass},
    scheduled::once,
};
use datacrowd_labelling::{BillingMode, ScheduledTask};
use reqwest::Method;
use serde_json::json;

use crate::support::Platform;

fn is_between(begin: DateTime<Utc>, since: Option<DateTime<Utc>>) -> bool {
    since.is_some_and(|since| begin <= since && since <= Utc::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_counts_what_is_ready_held_and_in_review() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let empty = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!((empty.ready, empty.ready_since), (0, None));
    assert_eq!((empty.leases, empty.in_review), (0, 0));

    let begin = Utc::now();
    p.loaded(&client, &project, 4, 4).await;
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 1, "0").await;
    p.claim(&wanda, &project, 1).await.expect(200);
    let backlog = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!(
        (backlog.ready, backlog.leases, backlog.in_review),
        (2, 1, 1)
    );
    assert!(is_between(begin, backlog.ready_since), "{backlog:?}");
    let later = p
        .core
        .backlog(Utc::now() + TimeDelta::days(2))
        .await
        .unwrap();
    assert_eq!(later.leases, 0, "a lease that is over is nobody's");

    let path = format!("/projects/{project}");
    let pause = Some(json!({"paused": true}));
    p.call(Some(&client.token), Method::PATCH, &path, pause)
        .await
        .expect(200);
    let paused = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!(
        (paused.ready, paused.ready_since),
        (0, None),
        "nobody is given a task of a paused project"
    );
    assert_eq!((paused.leases, paused.in_review), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_of_an_outbox_is_its_open_rows_and_the_oldest_of_them() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    outbox_pass(&p.app).await.unwrap();
    let told = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!((told.outbox, told.outbox_since), (0, None));
    let begin = Utc::now();
    p.grant(&project, 5).await;
    p.grant(&project, 5).await;
    let waiting = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!(waiting.outbox, 2);
    assert!(is_between(begin, waiting.outbox_since), "{waiting:?}");
    outbox_pass(&p.app).await.unwrap();
    let told = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!((told.outbox, told.outbox_since), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_of_payments_counts_what_is_untold_parked_and_drifted() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let begin = Utc::now();
    let purchase = p.purchase(&client, &project, 100).await;
    let dispute = purchase.dispute("created", purchase.amount, "needs_response");
    p.send(&dispute).await;
    let waiting = p.billing.backlog().await.unwrap();
    assert!(waiting.outbox > 0, "{waiting:?}");
    assert!(is_between(begin, waiting.outbox_since), "{waiting:?}");
    assert_eq!(waiting.parked, 1);
    assert!(is_between(begin, waiting.parked_since), "{waiting:?}");

    p.send(&purchase.paid()).await;
    p.settle().await;
    let settled = p.billing.backlog().await.unwrap();
    assert_eq!((settled.outbox, settled.outbox_since), (0, None));
    assert_eq!((settled.parked, settled.parked_since), (0, None));
    assert!(p.billing.ledger_drift().await.unwrap().is_empty());
    sqlx::query("update payments set refunded_cents = 1")
        .execute(&p.money)
        .await
        .unwrap();
    assert_eq!(p.billing.ledger_drift().await.unwrap().len(), 1);
}

/// Only the names: the recorder is one for all tests of this binary, and so are its values.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_and_a_stale_submit_show_in_the_metrics() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 1, 1).await;
    let (_, wanda) = p.register("wanda").await;
    let mut task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    task["lease"]["token"] = json!("0");
    p.submit(&wanda, &task, "0")
        .await
        .refused(409, "lease_lost");
    let compared = once(&p.core, ScheduledTask::LedgerDrift, Utc::now, async {
        Ok(0)
    });
    compared.await.unwrap();
    backlog(p.app.clone()).await;
    let metrics = p.trusted(Method::GET, "/metrics", None).await.body;
    for series in [
        "datacrowd_tasks_ready ",
        "datacrowd_tasks_oldest_ready_seconds ",
        "datacrowd_leases ",
        "datacrowd_answers_in_review ",
        "datacrowd_tasks_below_confidence ",
        "datacrowd_workers_below_skill{action=\"block\"} ",
        "datacrowd_outbox_rows{context=\"core\"} ",
        "datacrowd_outbox_rows{context=\"payments\"} ",
        "datacrowd_outbox_lag_seconds{context=\"core\"} ",
        "datacrowd_outbox_lag_seconds{context=\"payments\"} ",
        "datacrowd_stripe_events_parked ",
        "datacrowd_stripe_events_oldest_parked_seconds ",
        "datacrowd_ledger_drift_payments ",
        "datacrowd_stale_submits_total ",
    ] {
        let line = format!("\n{series}");
        assert!(metrics.as_str().unwrap().contains(&line), "{series}");
    }
}
