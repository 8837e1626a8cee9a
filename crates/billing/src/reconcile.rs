//! What Stripe lists, compared with what is recorded, and repaired through the path that events take.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::PaymentId;
use serde_json::json;

use crate::{
    Billing, Outcome, Received, Result, StripeEvent,
    payments::{Locked, checkout_state},
    stripe_event::Subject,
};

/// A session as Stripe lists it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub struct ListedSession {
    pub id: String,
    pub payment: PaymentId,
    pub livemode: bool,
    pub amount_total: Option<i64>,
    pub currency: Option<String>,
    /// `open`, `complete` or `expired`.
    pub status: String,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    pub payment_intent: Option<String>,
    /// All that was refunded of its charge.
    pub refunded: Option<i64>,
}

impl ListedSession {
    /// The events that Stripe would have sent for it. Their ids are made of what they say, so that the same
    /// repair is made once.
    fn events(&self) -> Vec<StripeEvent> {
        let metadata = json!({"paymentId": self.payment});
        let mut told = Vec::new();
        let kind = match (self.status.as_str(), self.payment_status.as_str()) {
            ("complete", "paid" | "no_payment_required") => Some("checkout.session.completed"),
            ("expired", _) => Some("checkout.session.expired"),
            _ => None,
        };
        if let Some(kind) = kind {
            let object = json!({"id": self.id, "amount_total": self.amount_total, "currency": self.currency, "metadata": metadata,
                                "payment_status": self.payment_status, "payment_intent": self.payment_intent});
            told.push((format!("reconcile:{}:{kind}", self.id), kind, object));
        }
        if let Some(refunded) = self.refunded.filter(|r| *r > 0) {
            let object = json!({"id": self.id, "amount_refunded": refunded, "currency": self.currency, "metadata": metadata,
                                "payment_intent": self.payment_intent});
            told.push((
                format!("reconcile:{}:refunded:{refunded}", self.id),
                "charge.refunded",
                object,
            ));
        }
        told.into_iter()
            .filter_map(|(id, kind, object)| {
                StripeEvent::from_value(json!({"id": id, "type": kind, "livemode": self.livemode, "data": {"object": object}})).ok()
            })
            .collect()
    }
}

impl Billing {
    /// Takes in what a listed session says and our record does not; how it ended for each difference.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session_reconcile(
        &self,
        session: &ListedSession,
        now: DateTime<Utc>,
    ) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for event in session.events() {
            if self.event_is_known(session.payment, &event).await? {
                continue;
            }
            if let Received::New(outcome) = self.event_receive(&event, now).await? {
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    /// Whether the payment's facts say this already.
    async fn event_is_known(&self, id: PaymentId, event: &StripeEvent) -> Result<bool> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let payment = Locked::read(&mut tx, id).await?;
        Ok(match (payment, &event.subject) {
            (Some(mut payment), Subject::Payment(about)) => !payment.facts.join(&about.update),
            _ => false,
        })
    }

    /// Payments of which the ledger does not hold what their facts say: none, unless somebody wrote past this context.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ledger_drift(&self) -> Result<Vec<PaymentId>> {
        let rows = sqlx::query!(
            "select p.id, p.checkout, p.amount_cents, p.refunded_cents,
                    (select coalesce(sum(e.amount_cents), 0)::bigint from ledger_entries e join ledger_accounts a on a.id = e.account_id
                     where e.payment_id = p.id and a.owner = 'project' and e.kind = 'payment') as \"paid!\",
                    (select coalesce(-sum(e.amount_cents), 0)::bigint from ledger_entries e join ledger_accounts a on a.id = e.account_id
                     where e.payment_id = p.id and a.owner = 'project' and e.kind = 'refund') as \"refunded!\"
             from payments p"
        )
        .fetch_all(&self.pool)
        .await?;
        let mut drifted = Vec::new();
        for p in rows {
            let paid = checkout_state(&p.checkout)? == crate::facts::CheckoutState::Paid;
            let wanted = if paid {
                (p.amount_cents, p.refunded_cents)
            } else {
                (0, 0)
            };
            if wanted != (p.paid, p.refunded) {
                drifted.push(PaymentId(p.id));
            }
        }
        Ok(drifted)
    }
}
