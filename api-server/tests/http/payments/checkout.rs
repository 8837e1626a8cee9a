//! From a refused generation to a paid one.

use std::sync::Arc;

use datacrowd_crds::{Project as ProjectResource, names::BILLING_REVISION};
use datacrowd_labelling::BillingMode;
use futures::future::join_all;
use kube::{Api, ResourceExt};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Answer, Platform, answer};

async fn buy(p: &Platform, client: &Actor, key: Option<&str>, body: &Value) -> Answer {
    let mut request = p
        .http
        .post(format!("{}/payments/checkout", p.url))
        .bearer_auth(&client.token)
        .json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    answer(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn generation_is_refused_until_the_webhook_says_that_the_money_is_there() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let dataset = p
        .upload(
            &client,
            &project,
            "items.csv",
            b"id,text\n1,a\n2,b\n".to_vec(),
            10,
        )
        .await
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let generate = format!("/datasets/{dataset}/generate-tasks");
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .refused(402, "payment_required");
    assert_eq!(p.billing_of(&client, &project).await["status"], "UNPAID");

    let body = json!({"projectId": project, "judgements": 3708});
    let begun = buy(&p, &client, None, &body).await.expect(201);
    assert_eq!(begun["status"], "PENDING");
    assert_eq!(
        (begun["amountCents"].as_i64(), begun["currency"].as_str()),
        (Some(18_540), Some("EUR"))
    );
    assert!(
        begun["checkoutUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://checkout.stripe.com/")
    );
    p.settle().await;
    assert_eq!(p.billing_of(&client, &project).await["status"], "PENDING");
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .refused(402, "payment_required");

    let purchase = p
        .purchase_of(&client, begun["paymentId"].as_str().unwrap())
        .await;
    p.send(&purchase.session("completed", "unpaid")).await;
    p.settle().await;
    assert_eq!(
        p.billing_of(&client, &project).await["taskQuota"],
        0,
        "a bank debit has not arrived yet"
    );
    p.send(&purchase.session("async_payment_succeeded", "paid"))
        .await;
    p.settle().await;
    assert_eq!(
        p.billing_of(&client, &project).await,
        json!({"status": "PAID", "taskQuota": 3708, "tasksUsed": 0, "debt": 0})
    );
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
    assert_eq!(
        ledger["balances"],
        json!([{"currency": "EUR", "amountCents": 18_540}])
    );
    assert_eq!(ledger["items"][0]["kind"], "PAYMENT");
    let page = p
        .call(Some(&client.token), Method::GET, "/payments", None)
        .await
        .expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["status"], "PAID");
    assert_eq!(page["items"][0]["checkoutUrl"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_touches_the_project_resource_so_that_what_waits_goes_on() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let name = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/projects/{project}"),
            None,
        )
        .await
        .expect(200)["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let resources: Api<ProjectResource> = Api::namespaced(p.cluster.clone(), &client.namespace);
    let revision = async || {
        resources
            .get(&name)
            .await
            .unwrap()
            .annotations()
            .get(BILLING_REVISION)
            .cloned()
    };
    assert_eq!(revision().await, None);
    let purchase = p.purchase(&client, &project, 10).await;
    p.settle().await;
    let pending = revision()
        .await
        .expect("an open checkout is told, so that status shows PENDING");
    p.send(&purchase.paid()).await;
    p.settle().await;
    let paid = revision().await.unwrap();
    assert_ne!(pending, paid);
    p.settle().await;
    assert_eq!(
        revision().await.unwrap(),
        paid,
        "what was told is not told again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stripe_is_asked_with_metadata_on_session_and_intent_and_a_stored_key() {
    let fake = super::reconcile::FakeStripe::start().await;
    let p = Platform::with_stripe(BillingMode::Stripe, &fake.url).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let begun = buy(
        &p,
        &client,
        None,
        &json!({"projectId": project, "judgements": 20}),
    )
    .await
    .expect(201);
    let asked = fake.asked();
    assert_eq!(asked.len(), 1);
    let payment = begun["paymentId"].as_str().unwrap();
    let stored = p
        .money_count(
            "select count(*) from payments where stripe_idempotency_key = 'checkout-' || id",
        )
        .await;
    assert_eq!(
        (asked[0].key.as_deref(), stored),
        (Some(format!("checkout-{payment}").as_str()), 1)
    );
    let form = &asked[0].form;
    let has = |name: &str, value: &str| {
        assert!(
            form.iter().any(|(k, v)| k == name && v == value),
            "{name}={value} in {form:#?}"
        );
    };
    for prefix in ["metadata", "payment_intent_data[metadata]"] {
        has(&format!("{prefix}[paymentId]"), payment);
        has(&format!("{prefix}[projectId]"), &project);
        assert!(form.iter().any(|(k, _)| *k == format!("{prefix}[userId]")));
    }
    has("line_items[0][price_data][unit_amount]", "100");
    has("line_items[0][price_data][currency]", "eur");
    has("adaptive_pricing[enabled]", "false");
    has("success_url", "https://console.example/paid");
    has("cancel_url", "https://console.example/cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_stripe_is_down_the_same_request_may_be_repeated_and_buys_once() {
    let fake = super::reconcile::FakeStripe::start().await;
    let p = Platform::with_stripe(BillingMode::Stripe, &fake.url).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let body = json!({"projectId": project, "judgements": 20});
    for key in [None, Some("my-key")] {
        let before = fake.asked().len();
        fake.fail(true);
        buy(&p, &client, key, &body)
            .await
            .refused(502, "stripe_unavailable");
        fake.fail(false);
        let first = buy(&p, &client, key, &body).await.expect(201);
        let asked = &fake.asked()[before..];
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].key, asked[1].key, "the stored key is sent again");
        if key.is_some() {
            let again = buy(&p, &client, key, &body).await.expect(201);
            assert_eq!(again, first);
            assert_eq!(
                fake.asked().len(),
                before + 2,
                "an open session is not opened again"
            );
            let other = json!({"projectId": project, "judgements": 21});
            buy(&p, &client, key, &other)
                .await
                .refused(422, "idempotency_key_reused");
        }
    }
    assert_eq!(p.money_count("select count(*) from payments").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_repeats_at_once_make_one_payment() {
    let p = Arc::new(Platform::with_billing(BillingMode::Stripe).await);
    let client = Arc::new(p.client("clara").await);
    let project = p.project(&client, json!({})).await;
    let body = json!({"projectId": project, "judgements": 20});
    let answers = join_all((0..16).map(|_| {
        let (p, client, body) = (p.clone(), client.clone(), body.clone());
        tokio::spawn(async move { buy(&p, &client, Some("once"), &body).await })
    }))
    .await;
    let ids: std::collections::BTreeSet<_> = answers
        .into_iter()
        .map(|a| a.unwrap().expect(201)["paymentId"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(p.money_count("select count(*) from payments").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_cannot_be_made_is_refused_with_what_to_do() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let refuse = async |body: Value, status: u16, code: &str| {
        buy(&p, &client, None, &body).await.refused(status, code)
    };
    for judgements in [0, -1, 20_000_000, i64::MAX] {
        let problem = refuse(
            json!({"projectId": project, "judgements": judgements}),
            422,
            "invalid_request",
        )
        .await;
        assert!(problem["details"]["judgements"].is_string());
    }
    refuse(
        json!({"projectId": project, "judgements": 9}),
        422,
        "below_minimum",
    )
    .await;
    refuse(
        json!({"projectId": project, "judgements": 1.5}),
        422,
        "invalid_request",
    )
    .await;
    refuse(
        json!({"projectId": project, "judgements": 10, "amountCents": 1}),
        422,
        "unknown_field",
    )
    .await;
    refuse(
        json!({"projectId": uuid::Uuid::new_v4(), "judgements": 10}),
        404,
        "not_found",
    )
    .await;
    let body = json!({"projectId": project, "judgements": 10});
    buy(&p, &client, Some(&"k".repeat(201)), &body)
        .await
        .refused(422, "invalid_request");
    p.call(None, Method::POST, "/payments/checkout", Some(body.clone()))
        .await
        .refused(401, "unauthenticated");
    let (_, worker) = p.register("wanda").await;
    p.call(
        Some(&worker),
        Method::POST,
        "/payments/checkout",
        Some(body),
    )
    .await
    .refused(403, "forbidden");
    assert_eq!(p.money_count("select count(*) from payments").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_another_tenant_does_not_exist() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let (clara, carl) = (p.client("clara").await, p.client("carl").await);
    let project = p.project(&clara, json!({})).await;
    let purchase = p.purchase(&clara, &project, 10).await;
    let get = async |path: String| p.call(Some(&carl.token), Method::GET, &path, None).await;
    get(format!("/payments/{}", purchase.payment))
        .await
        .refused(404, "not_found");
    get(format!("/projects/{project}/ledger"))
        .await
        .refused(404, "not_found");
    let page = get("/payments".into()).await.expect(200);
    assert_eq!(page["items"], json!([]));
    let body = json!({"projectId": project, "judgements": 10});
    buy(&p, &carl, None, &body).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_sold_checkout_says_so_and_where_money_is_taken_nobody_grants_by_hand() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let body = json!({"projectId": project, "judgements": 10});
    buy(&p, &client, None, &body)
        .await
        .refused(409, "billing_not_stripe");
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let grant = json!({"grantId": "free", "judgements": 10});
    p.trusted(
        Method::PATCH,
        &format!("/internal/projects/{project}/billing"),
        Some(grant),
    )
    .await
    .refused(409, "billing_not_manual");
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_listed_newest_first_page_by_page() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let mut bought = Vec::new();
    for judgements in [10, 11, 12] {
        bought.insert(0, p.purchase(&client, &project, judgements).await.payment);
    }
    let mut listed = Vec::new();
    let mut path = "/payments?limit=2".to_owned();
    loop {
        let page = p
            .call(Some(&client.token), Method::GET, &path, None)
            .await
            .expect(200);
        let ids = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["id"].as_str().unwrap().to_owned());
        listed.extend(ids);
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/payments?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(listed, bought);
}
