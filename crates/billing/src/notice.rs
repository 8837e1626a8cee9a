//! What Stripe says, reduced to what matters here. Lenient on purpose: an event of an API version with more
//! or other members must not be lost, and one that cannot be read is kept for a person.

use datacrowd_protocol::ids::PaymentId;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::facts::{CheckoutState, Dispute, News, Standing};

/// Longest id that is kept, in bytes. Those of Stripe have 255 at most.
const MAX_ID: usize = 500;

/// Why a body is no event that could be taken in.
#[derive(Debug, Error)]
pub enum NoticeError {
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
pub struct Notice {
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
    pub news: News,
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

impl Notice {
    /// Reads an event whose signature was checked.
    ///
    /// # Errors
    /// See [`NoticeError`].
    pub fn parse(body: &[u8]) -> Result<Self, NoticeError> {
        Self::from_value(serde_json::from_slice(body)?)
    }

    pub(crate) fn from_value(payload: Value) -> Result<Self, NoticeError> {
        if has_nul(&payload) {
            return Err(NoticeError::Nul);
        }
        let event = RawEvent::deserialize(&payload)?;
        if event.id.len() > MAX_ID {
            return Err(NoticeError::LongId);
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
    let object: RawObject = match serde_json::from_value(object) {
        Ok(object) => object,
        Err(error) => return Subject::Unreadable(error.to_string()),
    };
    let intent = object.payment_intent.map(Reference::id);
    if object.id.len().max(intent.as_ref().map_or(0, String::len)) > MAX_ID {
        return Subject::Unreadable("an id that is too long".into());
    }
    let mut about = About {
        payment: object.metadata.payment_id.and_then(|id| id.parse().ok()),
        intent,
        session: None,
        currency: object.currency.map(|c| c.to_ascii_uppercase()),
        amount: None,
        news: News::Nothing,
    };
    if kind.starts_with("checkout.session.") {
        about.session = Some(object.id);
        about.news = match (kind, object.payment_status.as_deref()) {
            ("checkout.session.async_payment_succeeded", _)
            | ("checkout.session.completed", Some("paid" | "no_payment_required")) => {
                about.amount = object.amount_total;
                News::Checkout(CheckoutState::Paid)
            }
            // A delayed method, such as a bank debit: the money is still on its way.
            ("checkout.session.completed", Some("unpaid")) => News::Nothing,
            ("checkout.session.async_payment_failed", _) => News::Checkout(CheckoutState::Failed),
            ("checkout.session.expired", _) => News::Checkout(CheckoutState::Expired),
            (_, status) => return Subject::Unreadable(format!("payment_status {status:?}")),
        };
        if about.amount.is_none() && about.news == News::Checkout(CheckoutState::Paid) {
            return Subject::Unreadable("a paid session without amount_total".into());
        }
    } else if kind == "charge.refunded" {
        about.news = match object.amount_refunded {
            Some(amount) if amount >= 0 => News::Refunded(amount),
            _ => return Subject::Unreadable("a charge without amount_refunded".into()),
        };
    } else {
        let Some(amount) = object.amount.filter(|a| *a >= 0) else {
            return Subject::Unreadable("a dispute without amount".into());
        };
        let Some(standing) = object.status.as_deref().and_then(standing) else {
            return Subject::Unreadable(format!("dispute status {:?}", object.status));
        };
        about.news = News::Disputed {
            id: object.id,
            dispute: Dispute { amount, standing },
        };
    }
    Subject::Payment(Box::new(about))
}

fn standing(status: &str) -> Option<Standing> {
    match status {
        "warning_needs_response" | "warning_under_review" | "warning_closed" | "prevented" => {
            Some(Standing::Inquiry)
        }
        "needs_response" | "under_review" => Some(Standing::Open),
        "lost" => Some(Standing::Lost),
        "won" => Some(Standing::Won),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, object: &Value) -> Subject {
        let body = json!({"id": "evt_1", "type": kind, "livemode": false, "created": 1, "data": {"object": object}});
        Notice::parse(body.to_string().as_bytes()).unwrap().subject
    }

    fn news(kind: &str, object: &Value) -> News {
        match event(kind, object) {
            Subject::Payment(about) => about.news,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_completed_session_pays_only_when_the_money_is_there() {
        let session = |status| json!({"id": "cs_1", "amount_total": 500, "currency": "eur", "payment_status": status});
        let kind = "checkout.session.completed";
        assert_eq!(
            news(kind, &session("paid")),
            News::Checkout(CheckoutState::Paid)
        );
        assert_eq!(news(kind, &session("unpaid")), News::Nothing);
        assert!(matches!(
            event(kind, &session("something new")),
            Subject::Unreadable(_)
        ));
        assert_eq!(
            news("checkout.session.async_payment_succeeded", &session("paid")),
            News::Checkout(CheckoutState::Paid)
        );
        assert!(matches!(
            event(kind, &json!({"id": "cs_1", "payment_status": "paid"})),
            Subject::Unreadable(_)
        ));
    }

    #[test]
    fn a_reference_is_an_id_or_the_object() {
        for intent in [
            json!("pi_1"),
            json!({"id": "pi_1", "object": "payment_intent"}),
        ] {
            let charge = json!({"id": "ch_1", "amount_refunded": 7, "currency": "eur", "payment_intent": intent,
                                "metadata": {"paymentId": "01890000-0000-7000-8000-000000000000"}});
            let Subject::Payment(about) = event("charge.refunded", &charge) else {
                panic!("a charge is about a payment")
            };
            assert_eq!(about.intent.as_deref(), Some("pi_1"));
            assert_eq!(about.currency.as_deref(), Some("EUR"));
            assert!(about.payment.is_some());
            assert_eq!(about.news, News::Refunded(7));
        }
    }

    #[test]
    fn every_kind_of_dispute_event_carries_its_standing() {
        for kind in [
            "created",
            "updated",
            "closed",
            "funds_withdrawn",
            "funds_reinstated",
        ] {
            let dispute = json!({"id": "du_1", "amount": 9, "status": "under_review", "payment_intent": "pi_1"});
            let News::Disputed { id, dispute } = news(&format!("charge.dispute.{kind}"), &dispute)
            else {
                panic!("a dispute")
            };
            assert_eq!(
                (id.as_str(), dispute.amount, dispute.standing),
                ("du_1", 9, Standing::Open)
            );
        }
    }

    #[test]
    fn other_kinds_change_nothing_and_a_body_without_an_id_is_no_event() {
        assert_eq!(
            event("invoice.paid", &json!({"anything": 1})),
            Subject::Other
        );
        assert!(Notice::parse(b"{}").is_err());
        assert!(Notice::parse(b"not json").is_err());
    }

    #[test]
    fn what_no_row_could_hold_is_refused_before_it_is_written() {
        let read = |change: &dyn Fn(&mut Value)| {
            let object =
                json!({"id": "du_1", "amount": 9, "status": "lost", "payment_intent": "pi_1"});
            let mut body = json!({"id": "evt_1", "type": "charge.dispute.closed", "livemode": false, "data": {"object": object}});
            change(&mut body);
            Notice::parse(body.to_string().as_bytes())
        };
        assert!(read(&|_| ()).is_ok());
        for path in ["/id", "/type", "/data/object/status"] {
            let nul = read(&|body| *body.pointer_mut(path).unwrap() = json!("a\0b"));
            assert!(matches!(nul, Err(NoticeError::Nul)), "{path}");
        }
        let in_a_name = read(&|body| body["data"]["object"]["metadata"] = json!([{"a\0": 1}]));
        assert!(matches!(in_a_name, Err(NoticeError::Nul)));
        let long = json!("e".repeat(501));
        let event = read(&|body| body["id"] = long.clone());
        assert!(matches!(event, Err(NoticeError::LongId)));
        for member in ["id", "payment_intent"] {
            let object = read(&|body| body["data"]["object"][member] = long.clone());
            assert!(
                matches!(object.unwrap().subject, Subject::Unreadable(_)),
                "{member}"
            );
        }
    }
}
