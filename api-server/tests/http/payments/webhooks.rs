//! What each event does, and what an event that does not fit does not.

use std::sync::Arc;

use datacrowd_labelling::BillingMode;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::sender::event;
use crate::support::{Platform, Run};

async fn outcome(p: &Platform, event: &serde_json::Value) -> (String, Option<String>) {
    sqlx::query_as("select outcome, reason from stripe_events where id = $1")
        .bind(event["id"].as_str().unwrap())
        .fetch_one(&p.money)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_does_not_fit_our_record_is_kept_and_never_credited() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    let altered = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut event = purchase.paid();
        change(&mut event);
        event
    };
    let mut charge = purchase.refunded(purchase.amount + 1);
    charge["data"]["object"]["payment_intent"] = serde_json::Value::Null;
    for (event, reason) in [
        (
            altered(&|e| e["data"]["object"]["amount_total"] = 499.into()),
            "amount",
        ),
        (
            altered(&|e| e["data"]["object"]["amount_total"] = 501.into()),
            "amount",
        ),
        (
            altered(&|e| e["data"]["object"]["amount_total"] = serde_json::Value::Null),
            "cannot be read",
        ),
        (
            altered(&|e| e["data"]["object"]["currency"] = "usd".into()),
            "currency",
        ),
        (
            altered(&|e| e["data"]["object"]["currency"] = serde_json::Value::Null),
            "currency",
        ),
        (altered(&|e| e["livemode"] = true.into()), "livemode"),
        (
            altered(&|e| e["data"]["object"]["id"] = "cs_of_another".into()),
            "session",
        ),
        (
            altered(&|e| {
                e["data"]["object"]["metadata"]["paymentId"] = Uuid::new_v4().to_string().into();
            }),
            "no payment",
        ),
        (
            altered(&|e| e["data"]["object"]["payment_status"] = "something new".into()),
            "cannot be read",
        ),
        (charge, "refund"),
    ] {
        p.send(&event).await;
        let (outcome, why) = outcome(&p, &event).await;
        assert_eq!(outcome, "mismatch", "{event:#}");
        assert!(
            why.as_ref().is_some_and(|w| w.contains(reason)),
            "{why:?} names {reason}"
        );
    }
    p.settle().await;
    assert_eq!(
        p.billing_of(&client, &project).await,
        json!({"status": "PENDING", "taskQuota": 0, "tasksUsed": 0, "debt": 0})
    );
    assert_eq!(
        p.money_count("select count(*) from ledger_postings").await,
        0
    );
    // The right one still does what it should.
    p.send(&purchase.paid()).await;
    p.settle().await;
    assert_eq!(p.billing_of(&client, &project).await["taskQuota"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payments_never_share_an_intent() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let first = p.purchase(&client, &project, 100).await;
    let mut second = p.purchase(&client, &project, 100).await;
    second.intent.clone_from(&first.intent);
    p.send(&first.paid()).await;
    let thief = second.paid();
    p.send(&thief).await;
    assert_eq!(outcome(&p, &thief).await.0, "mismatch");
    assert_eq!(
        p.payment(&client, &second.payment).await["status"],
        "PENDING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_other_kinds_and_other_products_are_acknowledged_and_counted() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let other = event("invoice.paid", &json!({"id": "in_1"}));
    let foreign = event(
        "checkout.session.completed",
        &json!({"id": "cs_x", "amount_total": 1, "currency": "eur", "payment_status": "paid", "payment_intent": "pi_x", "metadata": {"order": "7"}}),
    );
    for event in [&other, &foreign] {
        p.send(event).await;
        assert_eq!(outcome(&p, event).await.0, "ignored");
    }
    let metrics = p.trusted(Method::GET, "/metrics", None).await;
    assert!(
        metrics
            .body
            .as_str()
            .unwrap()
            .contains("datacrowd_stripe_events_total{outcome=\"ignored\"}")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_delivered_sixteen_times_at_once_is_recorded_and_posted_once() {
    let p = Arc::new(Platform::with_billing(BillingMode::Stripe).await);
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    let paid = Arc::new(purchase.paid());
    let sent = join_all((0..16).map(|_| {
        let (p, paid) = (p.clone(), paid.clone());
        tokio::spawn(async move { p.send(&paid).await })
    }))
    .await;
    assert!(sent.into_iter().all(|s| s.is_ok()));
    assert_eq!(p.money_count("select count(*) from stripe_events").await, 1);
    assert_eq!(
        p.money_count("select count(*) from ledger_postings").await,
        2
    );
    p.settle().await;
    assert_eq!(p.billing_of(&client, &project).await["taskQuota"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_takes_back_what_is_unused_and_the_rest_is_a_debt_that_blocks_new_runs() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    p.send(&purchase.paid()).await;
    p.settle().await;
    p.loaded(&client, &project, 30, 10).await;
    p.send(&purchase.refunded(purchase.amount / 2)).await;
    p.settle().await;
    assert_eq!(
        p.billing_of(&client, &project).await,
        json!({"status": "PAID", "taskQuota": 50, "tasksUsed": 30, "debt": 0})
    );
    p.send(&purchase.refunded(purchase.amount)).await;
    p.settle().await;
    assert_eq!(
        p.billing_of(&client, &project).await,
        json!({"status": "UNPAID", "taskQuota": 0, "tasksUsed": 30, "debt": 30})
    );
    assert_eq!(
        p.payment(&client, &purchase.payment).await["status"],
        "REFUNDED"
    );
    let dataset = p
        .upload(
            &client,
            &project,
            "more.csv",
            b"id,text\n1,a\n".to_vec(),
            10,
        )
        .await
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let generate = format!("/datasets/{dataset}/generate-tasks");
    let again = p.purchase(&client, &project, 30).await;
    p.send(&again.paid()).await;
    p.settle().await;
    assert_eq!(p.billing_of(&client, &project).await["debt"], 0);
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .refused(402, "payment_required");
    let more = p.purchase(&client, &project, 10).await;
    p.send(&more.paid()).await;
    p.settle().await;
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .expect(202);
    let ledger = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/projects/{project}/ledger"),
            None,
        )
        .await
        .expect(200);
    let cents: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["amountCents"].as_i64().unwrap())
        .collect();
    assert_eq!(cents, [50, 150, -250, -250, 500]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_overtakes_its_payment_waits_for_it() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    let dispute = purchase.dispute("created", purchase.amount, "needs_response");
    p.send(&dispute).await;
    assert_eq!(outcome(&p, &dispute).await.0, "parked");
    p.send(&purchase.paid()).await;
    assert_eq!(outcome(&p, &dispute).await.0, "applied");
    assert_eq!(
        p.payment(&client, &purchase.payment).await["status"],
        "DISPUTED"
    );
    p.settle().await;
    assert_eq!(p.billing_of(&client, &project).await["taskQuota"], 0);
    p.send(&purchase.dispute("closed", purchase.amount, "won"))
        .await;
    p.settle().await;
    assert_eq!(
        p.payment(&client, &purchase.payment).await["status"],
        "PAID"
    );
    assert_eq!(p.billing_of(&client, &project).await["taskQuota"], 100);
    assert_eq!(p.money_count("select sum(amount_cents)::bigint from ledger_entries e join ledger_accounts a on a.id = account_id where owner = 'project'").await, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dispute_that_races_its_payment_is_settled_by_the_next_pass_at_the_latest() {
    let p = Arc::new(Platform::with_billing(BillingMode::Stripe).await);
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    for round in 0..20 {
        let purchase = p.purchase(&client, &project, 100 + round).await;
        let (paid, dispute) = (
            purchase.paid(),
            purchase.dispute("created", purchase.amount, "needs_response"),
        );
        tokio::join!(p.send(&paid), p.send(&dispute));
        p.settle().await;
        assert_eq!(
            p.payment(&client, &purchase.payment).await["status"],
            "DISPUTED",
            "round {round}"
        );
    }
    assert_eq!(
        p.money_count("select count(*) from stripe_events where outcome = 'parked'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_exceeds_the_quota_keeps_what_it_loaded_and_goes_on_after_the_next_payment() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 10).await;
    p.send(&purchase.paid()).await;
    p.settle().await;
    let csv = (1..=25)
        .map(|n| format!("i{n},text {n}\n"))
        .collect::<String>();
    let dataset = p
        .upload(
            &client,
            &project,
            "items.csv",
            format!("id,text\n{csv}").into_bytes(),
            10,
        )
        .await
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    p.call(
        Some(&client.token),
        Method::POST,
        &format!("/datasets/{dataset}/generate-tasks"),
        Some(json!({})),
    )
    .await
    .expect(202);
    let run = Run::open(&p, &client, &dataset, "pod-1").await;
    let refused = run.load(&p, 1, 25).await.refused(402, "quota_exceeded");
    assert_eq!(refused["details"]["accepted"], 10);
    assert_eq!(p.count("select count(*) from tasks").await, 10);
    let next = p.purchase(&client, &project, 15).await;
    p.send(&next.paid()).await;
    p.settle().await;
    let loaded = run.load(&p, 11, 25).await.expect(200);
    assert_eq!(loaded["inserted"], 15);
    assert_eq!(
        p.billing_of(&client, &project).await,
        json!({"status": "PAID", "taskQuota": 25, "tasksUsed": 25, "debt": 0})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_takes_no_change_and_no_half() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 10).await;
    p.send(&purchase.paid()).await;
    for sql in [
        "update ledger_postings set amount_cents = 1",
        "delete from ledger_postings",
        "truncate ledger_postings",
        "insert into ledger_postings (payment_id, kind, debit_account, credit_account, amount_cents, currency, created_at)
         select payment_id, kind, debit_account, debit_account, 1, currency, now() from ledger_postings limit 1",
        "insert into ledger_postings (payment_id, kind, debit_account, credit_account, amount_cents, currency, created_at)
         select payment_id, kind, debit_account, credit_account, 1, 'USD', now() from ledger_postings limit 1",
        "insert into ledger_postings (payment_id, kind, debit_account, credit_account, amount_cents, currency, created_at)
         select payment_id, kind, debit_account, null, 1, currency, now() from ledger_postings limit 1",
    ] {
        assert!(sqlx::query(sql).execute(&p.money).await.is_err(), "{sql}");
    }
    assert_eq!(p.money_count("select count(*) from (select currency from ledger_entries group by currency having sum(amount_cents) <> 0) x").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_says_what_became_of_money_and_by_whom() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    let paid = purchase.paid();
    p.send(&paid).await;
    p.send(&purchase.refunded(purchase.amount)).await;
    let admin = p.login("admin").await;
    let path = format!("/admin/audit?subject={}", purchase.payment);
    let audit = p
        .call(Some(&admin), Method::GET, &path, None)
        .await
        .expect(200);
    let acts: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| {
            let by = act["actor"].as_str().or(act["details"]["by"].as_str());
            let status = act["details"]["status"].as_str().unwrap_or("-");
            (act["action"].as_str().unwrap(), status, by.unwrap())
        })
        .collect();
    let me = p.me(&client).await;
    let (clara, event) = (me["id"].as_str().unwrap(), paid["id"].as_str().unwrap());
    assert_eq!((acts[0].0, acts[0].1), ("payment.changed", "Refunded"));
    assert_eq!(
        acts[1..],
        [
            ("payment.changed", "Paid", event),
            ("checkout.opened", "-", "stripe"),
            ("payment.changed", "Pending", clara),
        ]
    );
    let gone = sqlx::query("delete from events").execute(&p.money).await;
    assert!(gone.unwrap_err().to_string().contains("append-only"));
}
