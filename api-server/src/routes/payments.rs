//! Payments: a client buys judgements for a project, and sees what became of the money.

pub mod checkout;
pub mod get;
pub mod ledger;
pub mod list;

use chrono::{DateTime, Utc};
use datacrowd_billing::Payment;
use datacrowd_protocol::{Upper, payment::PaymentStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A payment; amounts are in the currency's minor unit, such as cents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentBody {
    id: Uuid,
    project_id: Uuid,
    #[schema(value_type = String, example = "PAID")]
    status: Upper<PaymentStatus>,
    judgements: i64,
    /// Judgements that the money which stayed pays for.
    judgements_granted: i64,
    list_cents: i64,
    amount_cents: i64,
    refunded_cents: i64,
    #[schema(example = "EUR")]
    currency: String,
    promo_code: Option<String>,
    stripe_session_id: Option<String>,
    /// Where to pay, while the payment is PENDING.
    checkout_url: Option<String>,
    created_at: DateTime<Utc>,
    paid_at: Option<DateTime<Utc>>,
}

impl From<Payment> for PaymentBody {
    fn from(p: Payment) -> Self {
        Self {
            id: p.id.0,
            project_id: p.project.0,
            status: Upper(p.status),
            judgements: p.judgements,
            judgements_granted: p.granted,
            list_cents: p.list_cents,
            amount_cents: p.amount_cents,
            refunded_cents: p.refunded_cents,
            currency: p.currency,
            promo_code: p.promo_code,
            stripe_session_id: p.session,
            checkout_url: p
                .checkout_url
                .filter(|_| p.status == PaymentStatus::Pending),
            created_at: p.created_at,
            paid_at: p.paid_at,
        }
    }
}
