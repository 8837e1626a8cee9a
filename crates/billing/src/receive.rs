//! An event of Stripe and its whole effect, in one transaction: the event's id, the payment, the ledger, the
//! promo code, what core is told. Killed anywhere before the commit nothing happened, and Stripe sends it again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::PaymentId;
use sqlx::{Connection, PgConnection};

use crate::{
    Billing, Result, StripeEvent,
    error::constraint,
    facts::{CheckoutState, PaymentUpdate},
    payments::Locked,
    stripe_event::{About, Subject},
};

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The payment knows it now; it may have known before.
    Applied,
    /// Not about our payments.
    Ignored,
    /// Its payment is not known yet; it is tried again when it is.
    Parked,
    /// Kept for a person, and never credited.
    Mismatch(String),
}

/// What came of receiving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The first time.
    New(Outcome),
    /// It was received before; nothing changed.
    Repeated,
}

impl Outcome {
    /// Name in columns and metrics.
    #[must_use]
    pub fn column(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Parked => "parked",
            Self::Mismatch(_) => "mismatch",
        }
    }
}

impl Billing {
    /// Takes an event in, once.
    ///
    /// # Errors
    /// The database failed; nothing happened then.
    pub async fn event_receive(&self, event: &StripeEvent, now: DateTime<Utc>) -> Result<Received> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let first = sqlx::query!(
            "insert into stripe_events (id, kind, outcome, payload, received_at) values ($1, $2, 'ignored', $3, $4)
             on conflict on constraint stripe_events_once do nothing",
            event.id,
            event.kind,
            event.payload,
            now
        )
        .execute(&mut *tx)
        .await?;
        if first.rows_affected() == 0 {
            return Ok(Received::Repeated);
        }
        let outcome = settle(&mut tx, event, now).await?;
        tx.commit().await?;
        Ok(Received::New(outcome))
    }

    /// Tries parked events whose payment has become known, of which a racing transaction knew nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn events_unpark(&self, now: DateTime<Utc>) -> Result<usize> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let intents = sqlx::query!(
            "select distinct e.payment_intent_id as \"intent!\" from stripe_events e
             join payments p on p.stripe_payment_intent_id = e.payment_intent_id where e.outcome = 'parked' limit 100"
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut settled = 0;
        for row in intents {
            settled += unpark(&mut tx, &row.intent, now).await?;
        }
        tx.commit().await?;
        Ok(settled)
    }
}

/// Decides what becomes of a stored event, does it and notes it.
async fn settle(
    conn: &mut PgConnection,
    event: &StripeEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let mut payment = None;
    let mut intent = None;
    let outcome = match &event.subject {
        Subject::Other => Outcome::Ignored,
        Subject::Unreadable(why) => Outcome::Mismatch(format!("it cannot be read: {why}")),
        Subject::Payment(about) => {
            let (found, outcome) = relate(conn, event, about, now).await?;
            payment = found;
            intent.clone_from(&about.intent);
            outcome
        }
    };
    let reason = match &outcome {
        Outcome::Mismatch(reason) => Some(reason.as_str()),
        _ => None,
    };
    sqlx::query!(
        "update stripe_events set outcome = $2, reason = $3, payment_id = $4, payment_intent_id = $5,
                settled_at = case when $2 <> 'parked' then $6::timestamptz end
         where id = $1",
        event.id,
        outcome.column(),
        reason,
        payment.map(|p: PaymentId| p.0),
        intent,
        now
    )
    .execute(&mut *conn)
    .await?;
    // What waited for this payment's intent can be told now.
    if let (Outcome::Applied, Some(intent)) = (&outcome, &intent) {
        unpark(conn, intent, now).await?;
    }
    Ok(outcome)
}

async fn unpark(conn: &mut PgConnection, intent: &str, now: DateTime<Utc>) -> Result<usize> {
    // Whoever has one of them settles it: to wait here with the payment's lock in hand could be for ever.
    let parked = sqlx::query!(
        "select payload from stripe_events where outcome = 'parked' and payment_intent_id = $1 order by received_at, id for update skip locked",
        intent
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut settled = 0;
    for row in parked {
        let Ok(event) = StripeEvent::from_value(row.payload) else {
            continue;
        };
        // Boxed: an event that is settled looks for parked ones itself.
        Box::pin(settle(conn, &event, now)).await?;
        settled += 1;
    }
    Ok(settled)
}

/// Finds the payment an object is about, compares it with our record, and takes the update in.
async fn relate(
    conn: &mut PgConnection,
    event: &StripeEvent,
    about: &About,
    now: DateTime<Utc>,
) -> Result<(Option<PaymentId>, Outcome)> {
    let id = match (about.payment, &about.intent) {
        (Some(id), _) => Some(id),
        (None, Some(intent)) => sqlx::query!(
            "select id from payments where stripe_payment_intent_id = $1",
            intent
        )
        .fetch_optional(&mut *conn)
        .await?
        .map(|r| PaymentId(r.id)),
        (None, None) => return Ok((None, Outcome::Ignored)),
    };
    let Some(id) = id else {
        // Another product's, or ours and early: a dispute names only the intent, which the session's event brings.
        return Ok((
            None,
            if about.session.is_some() {
                Outcome::Ignored
            } else {
                Outcome::Parked
            },
        ));
    };
    let Some(mut payment) = Locked::read(conn, id).await? else {
        return Ok((None, Outcome::Mismatch(format!("there is no payment {id}"))));
    };
    if let Some(why) = mismatch(&payment, event, about) {
        return Ok((Some(id), Outcome::Mismatch(why)));
    }
    if !adopt(conn, &payment, about).await? {
        let why = "its session or payment intent belongs to another payment".to_owned();
        return Ok((Some(id), Outcome::Mismatch(why)));
    }
    payment.take(conn, &about.update, &event.id, now).await?;
    Ok((Some(id), Outcome::Applied))
}

/// What the event says that our record does not; such an event is never credited.
fn mismatch(payment: &Locked, event: &StripeEvent, about: &About) -> Option<String> {
    let differs = |what: &str, theirs: &dyn std::fmt::Display, ours: &dyn std::fmt::Display| {
        Some(format!("{what} is {theirs}, our record says {ours}"))
    };
    if event.livemode != payment.livemode {
        return differs("livemode", &event.livemode, &payment.livemode);
    }
    if let Some(currency) = about.currency.as_ref().filter(|c| **c != payment.currency) {
        return differs("currency", currency, &payment.currency);
    }
    if let (Some(theirs), Some(ours)) = (&about.session, &payment.session)
        && theirs != ours
    {
        return differs("session", theirs, ours);
    }
    if let (Some(theirs), Some(ours)) = (&about.intent, &payment.intent)
        && theirs != ours
    {
        return differs("payment intent", theirs, ours);
    }
    match &about.update {
        PaymentUpdate::Checkout(CheckoutState::Paid) if about.currency.is_none() => {
            differs("currency", &"absent", &payment.currency)
        }
        PaymentUpdate::Checkout(CheckoutState::Paid)
            if about.amount != Some(payment.facts.amount) =>
        {
            let theirs = about.amount.unwrap_or_default();
            differs("amount", &theirs, &payment.facts.amount)
        }
        PaymentUpdate::Refunded(amount) if *amount > payment.facts.amount => {
            differs("refund", amount, &payment.facts.amount)
        }
        _ => None,
    }
}

/// Learns session and intent. False when another payment has them.
async fn adopt(conn: &mut PgConnection, payment: &Locked, about: &About) -> Result<bool> {
    let mut attempt = conn.begin().await?;
    let learned = sqlx::query!(
        "update payments set stripe_session_id = coalesce(stripe_session_id, $2), stripe_payment_intent_id = coalesce(stripe_payment_intent_id, $3)
         where id = $1",
        payment.id.0,
        about.session,
        about.intent
    )
    .execute(&mut *attempt)
    .await;
    match learned {
        Ok(_) => {
            attempt.commit().await?;
            Ok(true)
        }
        Err(error)
            if matches!(
                constraint(&error),
                Some("payments_session" | "payments_intent")
            ) =>
        {
            attempt.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
