//! Who may tell us that money arrived: nobody but Stripe, and nobody twice much later.

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use serde_json::json;

use super::sender::{event, signed};
use crate::support::{Platform, WEBHOOK_SECRETS};

async fn nothing_was_written(p: &Platform) {
    for sql in [
        "select count(*) from stripe_events",
        "select count(*) from outbox where payload->>'pending' = 'false'",
        "select count(*) from ledger_postings",
        "select count(*) from payments where checkout <> 'pending'",
    ] {
        assert_eq!(p.money_count(sql).await, 0, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stripe_did_not_sign_is_refused_and_leaves_no_trace() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    let body = purchase.paid().to_string();
    let now = Utc::now().timestamp();
    let good = signed(&body, WEBHOOK_SECRETS[0], now);
    let v1 = good.split_once(',').unwrap().1;

    let wrong = signed(&body, "whsec_somebody", now);
    p.deliver(body.clone(), Some(&wrong))
        .await
        .refused(400, "signature_invalid");
    for seconds in [-301, 301] {
        let stale = signed(
            &body,
            WEBHOOK_SECRETS[0],
            now + seconds + seconds.signum() * 5,
        );
        p.deliver(body.clone(), Some(&stale))
            .await
            .refused(400, "signature_stale");
    }
    let altered = body.replace("\"amount_total\":500", "\"amount_total\":501");
    assert_ne!(altered, body);
    p.deliver(altered, Some(&good))
        .await
        .refused(400, "signature_invalid");
    let later = format!("t={},{v1}", now + 1);
    p.deliver(body.clone(), Some(&later))
        .await
        .refused(400, "signature_invalid");
    p.deliver(body.clone(), None)
        .await
        .refused(400, "signature_missing");
    for header in [
        "",
        "nonsense",
        v1,
        "t=now,v1=00",
        &format!("t={now}"),
        &format!("t={now},v0=00"),
    ] {
        p.deliver(body.clone(), Some(header))
            .await
            .refused(400, "signature_missing");
    }
    p.deliver(body.clone(), Some(&format!("t={now},v1=zz")))
        .await
        .refused(400, "signature_invalid");
    let two_wrong = format!("{wrong},v1={}", "0".repeat(64));
    p.deliver(body.clone(), Some(&two_wrong))
        .await
        .refused(400, "signature_invalid");
    p.deliver(String::new(), Some(&good))
        .await
        .refused(400, "signature_invalid");
    let empty = signed("", WEBHOOK_SECRETS[0], now);
    p.deliver(String::new(), Some(&empty))
        .await
        .refused(400, "invalid_event");
    let request = p
        .http
        .post(format!("{}/webhooks/stripe", p.url))
        .header("stripe-signature", &good)
        .header("stripe-signature", &good)
        .body(body.clone());
    crate::support::answer(request)
        .await
        .refused(400, "signature_missing");
    nothing_was_written(&p).await;

    p.deliver(body, Some(&good)).await.expect(200);
    assert_eq!(
        p.payment(&client, &purchase.payment).await["status"],
        "PAID"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_refused_with_an_answer() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let body = "x".repeat(10 * 1024 * 1024);
    let signature = signed(&body, WEBHOOK_SECRETS[0], Utc::now().timestamp());
    p.deliver(body, Some(&signature))
        .await
        .refused(413, "payload_too_large");
    nothing_was_written(&p).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_secret_is_replaced_both_are_good_and_so_is_a_header_with_both_signatures() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let now = Utc::now().timestamp();
    let body = || event("invoice.paid", &serde_json::json!({"id": "in_1"})).to_string();
    for secret in WEBHOOK_SECRETS {
        let body = body();
        let signature = signed(&body, secret, now);
        p.deliver(body, Some(&signature)).await.expect(200);
    }
    let body = body();
    let (first, second) = (
        signed(&body, "whsec_unknown", now),
        signed(&body, WEBHOOK_SECRETS[1], now),
    );
    let both = format!("{first},{}", second.split_once(',').unwrap().1);
    p.deliver(body, Some(&both)).await.expect(200);
    assert_eq!(
        p.money_count("select count(*) from stripe_events where outcome = 'ignored'")
            .await,
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_sold_no_event_is_taken() {
    let p = Platform::start().await;
    let body = event("invoice.paid", &serde_json::json!({})).to_string();
    let signature = signed(&body, WEBHOOK_SECRETS[0], Utc::now().timestamp());
    p.deliver(body, Some(&signature))
        .await
        .refused(409, "billing_not_stripe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_event_that_cannot_be_stored_is_refused_in_words() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    for (member, value) in [
        ("id", json!("evt_\0")),
        ("type", json!("invoice.\0")),
        ("request", json!([{"a\0": 1}])),
        ("id", json!("e".repeat(3_000))),
    ] {
        let mut event = event("invoice.paid", &json!({"id": "in_1"}));
        event[member] = value;
        let body = event.to_string();
        let header = signed(&body, WEBHOOK_SECRETS[0], Utc::now().timestamp());
        let refused = p.deliver(body, Some(&header)).await;
        let refused = refused.refused(400, "invalid_event");
        let said = refused["message"].as_str().unwrap();
        assert!(said.contains("cannot be stored"), "{said}");
    }
    nothing_was_written(&p).await;
}
