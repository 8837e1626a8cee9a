//! Promo codes: our own price, never below zero, never beyond a limit.

use std::sync::Arc;

use datacrowd_labelling::BillingMode;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Answer, Platform};

pub async fn make(p: &Platform, body: Value) -> Value {
    let admin = p.login("admin").await;
    p.call(Some(&admin), Method::POST, "/admin/promo-codes", Some(body))
        .await
        .expect(201)
}

async fn buy(p: &Platform, client: &Actor, project: &str, judgements: i64, code: &str) -> Answer {
    let body = json!({"projectId": project, "judgements": judgements, "promoCode": code});
    p.call(
        Some(&client.token),
        Method::POST,
        "/payments/checkout",
        Some(body),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lowers_the_price_and_a_free_purchase_is_credited_without_stripe() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    make(&p, json!({"code": "third", "percentOff": 33})).await;
    make(&p, json!({"code": "FIVE-EUROS", "amountOffCents": 500})).await;
    make(&p, json!({"code": "GIFT", "percentOff": 100})).await;

    let begun = buy(&p, &client, &project, 101, " Third ").await.expect(201);
    assert_eq!(
        begun["amountCents"],
        505 - 166,
        "what is taken off is rounded down"
    );
    let purchase = p
        .purchase_of(&client, begun["paymentId"].as_str().unwrap())
        .await;
    p.send(&purchase.paid()).await;
    assert_eq!(
        p.payment(&client, &purchase.payment).await["status"],
        "PAID"
    );

    assert_eq!(
        buy(&p, &client, &project, 200, "five-euros")
            .await
            .expect(201)["amountCents"],
        500
    );
    buy(&p, &client, &project, 105, "FIVE-EUROS")
        .await
        .refused(422, "below_minimum");
    for (judgements, code) in [(100, "FIVE-EUROS"), (20, "FIVE-EUROS"), (1, "GIFT")] {
        let free = buy(&p, &client, &project, judgements, code)
            .await
            .expect(201);
        assert_eq!(
            (
                free["amountCents"].as_i64(),
                &free["status"],
                &free["checkoutUrl"]
            ),
            (Some(0), &json!("PAID"), &Value::Null)
        );
    }
    p.settle().await;
    let billing = p.billing_of(&client, &project).await;
    assert_eq!(
        (&billing["taskQuota"], &billing["status"]),
        (&json!(101 + 100 + 20 + 1), &json!("PAID"))
    );
    assert_eq!(
        p.money_count("select coalesce(sum(amount_cents), 0)::bigint from ledger_entries")
            .await,
        0
    );
    assert_eq!(
        p.money_count("select redeemed from promo_codes where code = 'FIVE-EUROS'")
            .await,
        3,
        "a refused purchase uses nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_may_not_be_used_says_why() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let other = p.client("carl").await;
    let (project, others) = (
        p.project(&client, json!({})).await,
        p.project(&other, json!({})).await,
    );
    buy(&p, &client, &project, 100, "NOBODY")
        .await
        .refused(422, "promo_code_unknown");
    make(
        &p,
        json!({"code": "LATER", "percentOff": 10, "validFrom": "2999-01-01T00:00:00Z"}),
    )
    .await;
    buy(&p, &client, &project, 100, "LATER")
        .await
        .refused(422, "promo_code_not_valid");
    make(&p, json!({"code": "EARLIER", "percentOff": 10, "validFrom": "2001-01-01T00:00:00Z", "validUntil": "2002-01-01T00:00:00Z"})).await;
    buy(&p, &client, &project, 100, "EARLIER")
        .await
        .refused(422, "promo_code_not_valid");
    make(
        &p,
        json!({"code": "EACH", "percentOff": 10, "maxPerClient": 1}),
    )
    .await;
    buy(&p, &client, &project, 100, "EACH").await.expect(201);
    let problem = buy(&p, &client, &project, 100, "EACH")
        .await
        .refused(422, "promo_code_used");
    assert!(problem["details"]["promoCode"].is_string());
    buy(&p, &other, &others, 100, "EACH").await.expect(201);
    make(
        &p,
        json!({"code": "TWO", "percentOff": 10, "maxRedemptions": 2}),
    )
    .await;
    buy(&p, &client, &project, 100, "TWO").await.expect(201);
    buy(&p, &client, &project, 101, "TWO").await.expect(201);
    buy(&p, &client, &project, 102, "TWO")
        .await
        .refused(422, "promo_code_used_up");
    let admin = p.login("admin").await;
    make(&p, json!({"code": "OVER", "percentOff": 10})).await;
    p.call(
        Some(&admin),
        Method::DELETE,
        "/admin/promo-codes/over",
        None,
    )
    .await
    .expect(204);
    buy(&p, &client, &project, 100, "OVER")
        .await
        .refused(422, "promo_code_not_valid");
    p.call(
        Some(&admin),
        Method::DELETE,
        "/admin/promo-codes/NOBODY",
        None,
    )
    .await
    .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_made_by_an_admin_and_is_sound() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let admin = p.login("admin").await;
    for (body, member) in [
        (json!({"code": "X", "percentOff": 10}), "code"),
        (json!({"code": "A CODE", "percentOff": 10}), "code"),
        (json!({"code": "CODE", "percentOff": 0}), "percentOff"),
        (json!({"code": "CODE", "percentOff": 101}), "percentOff"),
        (
            json!({"code": "CODE", "percentOff": 1, "amountOffCents": 1}),
            "percentOff",
        ),
        (json!({"code": "CODE"}), "percentOff"),
        (
            json!({"code": "CODE", "amountOffCents": 0}),
            "amountOffCents",
        ),
        (
            json!({"code": "CODE", "percentOff": 1, "maxRedemptions": 0}),
            "maxRedemptions",
        ),
        (
            json!({"code": "CODE", "percentOff": 1, "maxPerClient": 0}),
            "maxPerClient",
        ),
        (
            json!({"code": "CODE", "percentOff": 1, "validUntil": "2001-01-01T00:00:00Z"}),
            "validUntil",
        ),
    ] {
        let problem = p
            .call(Some(&admin), Method::POST, "/admin/promo-codes", Some(body))
            .await
            .refused(422, "invalid_request");
        assert!(problem["details"][member].is_string(), "{problem:#}");
    }
    let made = make(&p, json!({"code": "code", "amountOffCents": 7})).await;
    assert_eq!(
        (&made["code"], &made["currency"]),
        (&json!("CODE"), &json!("EUR"))
    );
    let body = json!({"code": "CODE", "percentOff": 1});
    p.call(
        Some(&admin),
        Method::POST,
        "/admin/promo-codes",
        Some(body.clone()),
    )
    .await
    .refused(409, "promo_code_taken");
    let client = p.client("clara").await;
    p.call(
        Some(&client.token),
        Method::POST,
        "/admin/promo-codes",
        Some(body),
    )
    .await
    .refused(403, "forbidden");
    let listed = p
        .call(Some(&admin), Method::GET, "/admin/promo-codes", None)
        .await
        .expect(200);
    assert_eq!(listed["items"], json!([made]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_clicks_never_use_a_code_beyond_its_limits() {
    let p = Arc::new(Platform::with_billing(BillingMode::Stripe).await);
    let clients = [p.client("clara").await, p.client("carl").await];
    let mut buyers = Vec::new();
    for client in clients {
        let project = p.project(&client, json!({})).await;
        buyers.push(Arc::new((client, project)));
    }
    make(
        &p,
        json!({"code": "RACE", "percentOff": 50, "maxRedemptions": 7, "maxPerClient": 5}),
    )
    .await;
    let clicks = join_all((0..64).map(|n| {
        let (p, buyer) = (p.clone(), buyers[n % 2].clone());
        // Each another amount: an equal request would be taken for a repeat.
        tokio::spawn(async move {
            buy(
                &p,
                &buyer.0,
                &buyer.1,
                100 + i64::try_from(n).unwrap(),
                "RACE",
            )
            .await
            .status
            .as_u16()
        })
    }))
    .await;
    let mut accepted = 0;
    for status in clicks {
        match status.unwrap() {
            201 => accepted += 1,
            422 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(accepted, 7);
    assert_eq!(p.money_count("select redeemed from promo_codes").await, 7);
    assert_eq!(
        p.money_count("select count(*) from payments where promo_held")
            .await,
        7
    );
    assert!(
        p.money_count("select max(redeemed) from promo_clients")
            .await
            <= 5
    );

    // What expires may be used again.
    let held: String = sqlx::query_scalar(
        "select id::text from payments where stripe_session_id is not null limit 1",
    )
    .fetch_one(&p.money)
    .await
    .unwrap();
    for buyer in &buyers {
        let answer = p
            .call(
                Some(&buyer.0.token),
                Method::GET,
                &format!("/payments/{held}"),
                None,
            )
            .await;
        if answer.status == 200 {
            let purchase = p.purchase_of(&buyer.0, &held).await;
            p.send(&purchase.session("expired", "unpaid")).await;
        }
    }
    assert_eq!(p.money_count("select redeemed from promo_codes").await, 6);
}
