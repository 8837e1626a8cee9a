//! Signs and sends events as Stripe does.

use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::support::{Actor, Answer, Platform, WEBHOOK_SECRETS, answer};

/// `t=…,v1=…` over these bytes.
pub fn signed(body: &str, secret: &str, at: i64) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .unwrap()
        .chain_update(format!("{at}.{body}"));
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// An event around an object, under a fresh id.
pub fn event(kind: &str, object: &Value) -> Value {
    json!({
        "id": format!("evt_{}", Uuid::new_v4().simple()), "object": "event", "api_version": "2026-08-26.dahlia",
        "created": Utc::now().timestamp(), "livemode": false, "pending_webhooks": 1, "type": kind, "data": {"object": object},
    })
}

/// A purchase as Stripe would speak of it.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub payment: String,
    pub session: String,
    pub intent: String,
    pub amount: i64,
}

impl Purchase {
    fn object(&self, members: Value) -> Value {
        let mut object =
            json!({"currency": "eur", "payment_intent": self.intent, "livemode": false});
        for (key, value) in members.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    }

    pub fn session(&self, kind: &str, payment_status: &str) -> Value {
        let object = self.object(json!({
            "id": self.session, "object": "checkout.session", "amount_total": self.amount, "payment_status": payment_status,
            "metadata": {"paymentId": self.payment},
        }));
        event(&format!("checkout.session.{kind}"), &object)
    }

    pub fn paid(&self) -> Value {
        self.session("completed", "paid")
    }

    pub fn refunded(&self, amount: i64) -> Value {
        let object = self.object(json!({
            "id": format!("ch_{}", self.intent), "object": "charge", "amount": self.amount, "amount_refunded": amount,
            "metadata": {"paymentId": self.payment},
        }));
        event("charge.refunded", &object)
    }

    /// Like Stripe's, it names the intent and not our payment.
    pub fn dispute(&self, kind: &str, amount: i64, status: &str) -> Value {
        let object = self.object(json!({
            "id": format!("du_{}", self.intent), "object": "dispute", "charge": format!("ch_{}", self.intent), "amount": amount,
            "status": status, "metadata": {},
        }));
        event(&format!("charge.dispute.{kind}"), &object)
    }
}

impl Platform {
    /// Buys over HTTP, up to the open session.
    pub async fn purchase(&self, client: &Actor, project: &str, judgements: i64) -> Purchase {
        let body = json!({"projectId": project, "judgements": judgements});
        let begun = self
            .call(
                Some(&client.token),
                Method::POST,
                "/payments/checkout",
                Some(body),
            )
            .await
            .expect(201);
        self.purchase_of(client, begun["paymentId"].as_str().unwrap())
            .await
    }

    pub async fn purchase_of(&self, client: &Actor, payment: &str) -> Purchase {
        let known = self.payment(client, payment).await;
        Purchase {
            payment: payment.to_owned(),
            session: known["stripeSessionId"].as_str().unwrap().to_owned(),
            intent: format!("pi_{}", Uuid::new_v4().simple()),
            amount: known["amountCents"].as_i64().unwrap(),
        }
    }

    pub async fn payment(&self, client: &Actor, payment: &str) -> Value {
        self.call(
            Some(&client.token),
            Method::GET,
            &format!("/payments/{payment}"),
            None,
        )
        .await
        .expect(200)
    }

    pub async fn billing_of(&self, client: &Actor, project: &str) -> Value {
        self.call(
            Some(&client.token),
            Method::GET,
            &format!("/projects/{project}"),
            None,
        )
        .await
        .expect(200)["billing"]
            .clone()
    }

    /// Sends raw bytes with this header.
    pub async fn deliver(&self, body: String, signature: Option<&str>) -> Answer {
        let mut request = self
            .http
            .post(format!("{}/webhooks/stripe", self.url))
            .header("content-type", "application/json")
            .body(body);
        if let Some(signature) = signature {
            request = request.header("stripe-signature", signature);
        }
        answer(request).await
    }

    /// Sends an event as Stripe would.
    pub async fn send(&self, event: &Value) {
        let body = event.to_string();
        let signature = signed(&body, WEBHOOK_SECRETS[0], Utc::now().timestamp());
        self.deliver(body, Some(&signature)).await.expect(200);
    }

    /// Carries on what commits left behind: payments to core, core to the cluster.
    pub async fn settle(&self) {
        datacrowd_api_server::background::payments_pass(&self.app)
            .await
            .unwrap();
        datacrowd_api_server::background::outbox_pass(&self.app)
            .await
            .unwrap();
    }

    pub async fn money_count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&self.money)
            .await
            .unwrap()
    }
}
