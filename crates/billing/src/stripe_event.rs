//! What Stripe says, reduced to what matters here. Lenient on purpose: an event of an API version with more
//! or other members must not be lost, and one that cannot be read is kept for a person.

use datacrowd_protocol::ids::PaymentId;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::facts::{CheckoutState, Dispute, DisputeStatus, PaymentUpdate};

/// Longest id that is kept, in bytes. Those of Stripe have 255 at most.
const MAX_ID: usize = 500;

/// Why a body is no event that could be taken in.
#[derive(Debug, Error)]
pub enum StripeEventError {
    /// It is not JSON, or has not the members that every event has.
    #[error("the body is not an event: {0}")]
    NotAnEvent(#[from] serde_json::Error),
    /// A name or a text in it holds what the database does not.
    #[error("the event holds the character U+0000")]
    Nul,
    /// Its id is none of Stripe's.
    #[error("the event's id is too long")]
    LongId,
}

/// One event, from the webhook or made by reconciliation from what Stripe lists.
#[derive(Debug, Clone)]
pub struct StripeEvent {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) livemode: bool,
    pub(crate) subject: Subject,
    pub(crate) payload: Value,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An object of a payment, ours or another product's.
    Payment(Box<About>),
    /// A kind that changes nothing here.
    Other,
    /// A kind that matters, with an object that cannot be read.
    Unreadable(String),
}

/// Which payment, and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    /// From the metadata that our session and its payment intent carry.
    pub payment: Option<PaymentId>,
    pub intent: Option<String>,
    pub session: Option<String>,
    pub currency: Option<String>,
    /// The whole amount of a session that brings money.
    pub amount: Option<i64>,
    pub update: PaymentUpdate,
}

#[derive(Deserialize)]
struct RawEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    data: RawData,
}

#[derive(Deserialize)]
struct RawData {
    object: Value,
}

/// A session, a charge or a dispute: the members of all three that are read.
#[derive(Deserialize)]
struct RawObject {
    id: String,
    amount: Option<i64>,
    amount_total: Option<i64>,
    amount_refunded: Option<i64>,
    currency: Option<String>,
    payment_status: Option<String>,
    status: Option<String>,
    payment_intent: Option<Reference>,
    #[serde(default)]
    metadata: Metadata,
}

/// An id, or the object itself where the sender expanded it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(rename = "paymentId")]
    payment_id: Option<String>,
}

impl Reference {
    fn id(self) -> String {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

impl StripeEvent {
    /// Reads an event whose signature was checked.
    ///
    /// # Errors
    /// See [`StripeEventError`].
    pub fn parse(body: &[u8]) -> Result<Self, StripeEventError> {
        Self::from_value(serde_json::from_slice(body)?)
    }

    pub(crate) fn from_value(payload: Value) -> Result<Self, StripeEventError> {
        if has_nul(&payload) {
            return Err(StripeEventError::Nul);
        }
        let event = RawEvent::deserialize(&payload)?;
        if event.id.len() > MAX_ID {
            return Err(StripeEventError::LongId);
        }
        let subject = subject(&event.kind, event.data.object);
        Ok(Self {
            id: event.id,
            kind: event.kind,
            livemode: event.livemode,
            subject,
            payload,
        })
    }

    /// The event's id, as Stripe gave it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event's type, as Stripe names it.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| name.contains('\0') || has_nul(member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn subject(kind: &str, object: Value) -> Subject {
    let known = matches!(
        kind,
        "checkout.session.completed"
            | "checkout.session.expired"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed"
            | "charge.refunded"
    ) || kind.starts_with("charge.dispute.");
    if !known {
        return Subject::Other;
    }
    match about(kind, object) {
        Ok(about) => Subject::Payment(Box::new(about)),
        Err(why) => Subject::Unreadable(why),
    }
}

/// What the object of a kind that matters says, or why it cannot be read.
fn about(kind: &str, object: Value) -> Result<About, String> {
    let mut object: RawObject =
        serde_json::from_value(object).map_err(|error| error.to_string())?;
    let intent = object.payment_intent.take().map(Reference::id);
    if object.id.len().max(intent.as_ref().map_or(0, String::len)) > MAX_ID {
        return Err("an id that is too long".into());
    }
    let update = update(kind, &object)?;
    let brings_money = update == PaymentUpdate::Checkout(CheckoutState::Paid);
    Ok(About {
        payment: object.metadata.payment_id.and_then(|id| id.parse().ok()),
        intent,
        session: kind.starts_with("checkout.session.").then_some(object.id),
        currency: object.currency.map(|c| c.to_ascii_uppercase()),
        amount: object.amount_total.filter(|_| brings_money),
        update,
    })
}

fn update(kind: &str, object: &RawObject) -> Result<PaymentUpdate, String> {
    if kind.starts_with("checkout.session.") {
        let state = match (kind, object.payment_status.as_deref()) {
            ("checkout.session.async_payment_succeeded", _)
            | ("checkout.session.completed", Some("paid" | "no_payment_required")) => {
                CheckoutState::Paid
            }
            // A delayed method, such as a bank debit: the money is still on its way.
            ("checkout.session.completed", Some("unpaid")) => return Ok(PaymentUpdate::Nothing),
            ("checkout.session.async_payment_failed", _) => CheckoutState::Failed,
            ("checkout.session.expired", _) => CheckoutState::Expired,
            (_, status) => return Err(format!("payment_status {status:?}")),
        };
        return match state {
            CheckoutState::Paid if object.amount_total.is_none() => {
                Err("a paid session without amount_total".into())
            }
            state => Ok(PaymentUpdate::Checkout(state)),
        };
    }
    if kind == "charge.refunded" {
        let refunded = object.amount_refunded.filter(|amount| *amount >= 0);
        let refunded = refunded.ok_or("a charge without amount_refunded")?;
        return Ok(PaymentUpdate::Refunded(refunded));
    }
    let amount = object.amount.filter(|amount| *amount >= 0);
    let amount = amount.ok_or("a dispute without amount")?;
    let status = object.status.as_deref().and_then(dispute_status);
    let status = status.ok_or_else(|| format!("dispute status {:?}", object.status))?;
    Ok(PaymentUpdate::Disputed {
        id: object.id.clone(),
        dispute: Dispute { amount, status },
    })
}

fn dispute_status(status: &str) -> Option<DisputeStatus> {
    match status {
        "warning_needs_response" | "warning_under_review" | "warning_closed" | "prevented" => {
            Some(DisputeStatus::Inquiry)
        }
        "needs_response" | "under_review" => Some(DisputeStatus::Open),
        "lost" => Some(DisputeStatus::Lost),
        "won" => Some(DisputeStatus::Won),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
