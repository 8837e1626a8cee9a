//! What webhooks missed, found in Stripe's own list; and the fake Stripe that remembers sessions.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::{TimeDelta, Utc};
use datacrowd_api_server::reconcile::{Reconciled, reconcile};
use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Platform, env};

/// Sessions per page, so that a handful of them already need a second one.
const PAGE: usize = 2;

/// One call that opened a session.
#[derive(Debug, Clone)]
pub struct Asked {
    pub key: Option<String>,
    pub form: Vec<(String, String)>,
}

/// A fake Stripe in front of the vendor's own: that one checks requests and makes objects, this one
/// remembers them, honours idempotency keys, lists, and can be down.
#[derive(Clone)]
pub struct FakeStripe {
    pub url: String,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    asked: Mutex<Vec<Asked>>,
    by_key: Mutex<BTreeMap<String, Value>>,
    /// Newest first, as Stripe lists them.
    sessions: Mutex<Vec<Value>>,
    down: AtomicBool,
    http: reqwest::Client,
}

impl FakeStripe {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let router = Router::new()
            .route("/v1/checkout/sessions", post(open).get(list))
            .with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// From now on, or no longer.
    pub fn fail(&self, down: bool) {
        self.inner.down.store(down, Ordering::SeqCst);
    }

    /// Changes what Stripe knows of a session.
    pub fn set(&self, session: &str, members: &Value) {
        let mut sessions = self.inner.sessions.lock().unwrap();
        let known = sessions.iter_mut().find(|s| s["id"] == session).unwrap();
        for (key, value) in members.as_object().unwrap() {
            known[key] = value.clone();
        }
    }
}

async fn open(State(fake): State<Arc<Inner>>, headers: HeaderMap, body: String) -> Response {
    let key = headers
        .get("idempotency-key")
        .map(|k| k.to_str().unwrap().to_owned());
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    fake.asked.lock().unwrap().push(Asked {
        key: key.clone(),
        form: form.clone(),
    });
    if fake.down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let key = key.expect("every POST carries a key");
    if let Some(known) = fake.by_key.lock().unwrap().get(&key) {
        return axum::Json(known.clone()).into_response();
    }
    let answer = fake
        .http
        .post(format!("{}/v1/checkout/sessions", env("TEST_STRIPE_URL")))
        .bearer_auth("sk_test_123")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let mut session: Value = answer.json().await.unwrap();
    if status.is_success() {
        let value = |name: &str| {
            form.iter()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v.clone())
                .unwrap()
        };
        session["metadata"] = json!({"paymentId": value("metadata[paymentId]")});
        session["amount_total"] = value("line_items[0][price_data][unit_amount]")
            .parse::<i64>()
            .unwrap()
            .into();
        session["currency"] = value("line_items[0][price_data][currency]").into();
        session["payment_intent"] = Value::Null;
        session["created"] = Utc::now().timestamp().into();
        fake.by_key.lock().unwrap().insert(key, session.clone());
        fake.sessions.lock().unwrap().insert(0, session.clone());
    }
    (status, axum::Json(session)).into_response()
}

async fn list(
    State(fake): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> axum::Json<Value> {
    let since: i64 = query["created[gte]"].parse().unwrap();
    let sessions: Vec<_> = fake
        .sessions
        .lock()
        .unwrap()
        .iter()
        .filter(|s| s["created"].as_i64().unwrap() >= since)
        .cloned()
        .collect();
    let from = query.get("starting_after").map_or(0, |id| {
        sessions.iter().position(|s| s["id"] == **id).unwrap() + 1
    });
    let page: Vec<_> = sessions.iter().skip(from).take(PAGE).cloned().collect();
    let has_more = from + page.len() < sessions.len();
    axum::Json(
        json!({"object": "list", "url": "/v1/checkout/sessions", "has_more": has_more, "data": page}),
    )
}

/// A payment intent with its charge, as Stripe lists them when asked to expand.
async fn intent(id: &str, refunded: i64) -> Value {
    let http = reqwest::Client::new();
    let fetch = async |path: &str| -> Value {
        let answer = http
            .get(format!("{}/v1/{path}", env("TEST_STRIPE_URL")))
            .bearer_auth("sk_test_123")
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    };
    let mut intent = fetch(&format!("payment_intents/{id}")).await;
    let mut charge = fetch("charges/ch_123").await;
    charge["amount_refunded"] = refunded.into();
    intent["id"] = id.into();
    intent["latest_charge"] = charge;
    intent
}

async fn run(p: &Platform) -> Reconciled {
    let stripe = p.app.stripe.as_ref().unwrap();
    reconcile(&p.billing, stripe, 7, Utc::now()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_webhooks_missed_is_found_and_repaired_once() {
    let fake = FakeStripe::start().await;
    let p = Platform::with_stripe(BillingMode::Stripe, &fake.url).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let mut bought = Vec::new();
    for judgements in 100..106 {
        bought.push(p.purchase(&client, &project, judgements).await);
    }
    let paid = json!({"status": "complete", "payment_status": "paid"});
    // 0: paid, and told; 1: paid, never told; 2: paid and half refunded, never told; 3: expired; 4: of another amount; 5: open
    for purchase in &bought[..3] {
        fake.set(&purchase.session, &paid);
    }
    p.send(&bought[0].paid()).await;
    fake.set(
        &bought[2].session,
        &json!({"payment_intent": intent(&bought[2].intent, bought[2].amount / 2).await}),
    );
    fake.set(&bought[3].session, &json!({"status": "expired"}));
    fake.set(
        &bought[4].session,
        &json!({"status": "complete", "payment_status": "paid", "amount_total": 1}),
    );

    let first = run(&p).await;
    let expected = Reconciled {
        sessions: 6,
        repaired: 4,
        mismatches: 1,
        abandoned: 0,
        drifted: 0,
    };
    assert_eq!(
        first, expected,
        "paid, paid and refunded, expired; and the wrong amount"
    );
    p.settle().await;
    let mut statuses = Vec::new();
    for purchase in &bought {
        statuses.push(
            p.payment(&client, &purchase.payment).await["status"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(
        statuses,
        [
            "PAID",
            "PAID",
            "PARTIALLY_REFUNDED",
            "EXPIRED",
            "PENDING",
            "PENDING"
        ]
    );
    assert_eq!(
        p.billing_of(&client, &project).await["taskQuota"],
        100 + 101 + 51
    );
    let second = run(&p).await;
    assert_eq!(
        second,
        Reconciled {
            repaired: 0,
            mismatches: 0,
            ..expected
        },
        "nothing is repaired or alarmed twice"
    );

    // The event that was only late changes nothing any more.
    p.send(&bought[1].paid()).await;
    p.settle().await;
    assert_eq!(
        p.billing_of(&client, &project).await["taskQuota"],
        100 + 101 + 51
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_never_reached_stripe_is_ended_a_day_later_and_gives_its_promo_code_back() {
    let fake = FakeStripe::start().await;
    let p = Platform::with_stripe(BillingMode::Stripe, &fake.url).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    super::promo::make(
        &p,
        json!({"code": "ONCE", "percentOff": 50, "maxRedemptions": 1}),
    )
    .await;
    fake.fail(true);
    let body = json!({"projectId": project, "judgements": 100, "promoCode": "once"});
    p.call(
        Some(&client.token),
        Method::POST,
        "/payments/checkout",
        Some(body),
    )
    .await
    .refused(502, "stripe_unavailable");
    fake.fail(false);
    assert_eq!(run(&p).await.abandoned, 0);
    let stripe = p.app.stripe.as_ref().unwrap();
    let later = Utc::now() + TimeDelta::hours(26);
    assert_eq!(
        reconcile(&p.billing, stripe, 7, later)
            .await
            .unwrap()
            .abandoned,
        1
    );
    assert_eq!(p.money_count("select redeemed from promo_codes").await, 0);
    p.settle().await;
    assert_eq!(p.billing_of(&client, &project).await["status"], "UNPAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_somebody_wrote_past_is_found() {
    let fake = FakeStripe::start().await;
    let p = Platform::with_stripe(BillingMode::Stripe, &fake.url).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    p.send(&purchase.paid()).await;
    assert_eq!(run(&p).await.drifted, 0);
    sqlx::query("update payments set refunded_cents = 1")
        .execute(&p.money)
        .await
        .unwrap();
    assert_eq!(run(&p).await.drifted, 1);
}
