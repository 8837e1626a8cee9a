//! `POST /webhooks/stripe`: what Stripe tells. Nothing is read before its signature was checked; whoever holds
//! no signing secret is told nothing but that.

use axum::{body::Bytes, extract::State, http::HeaderMap};
use datacrowd_billing::{Outcome, Received, StripeEvent, StripeEventError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    error::{ApiError, ApiResult, Code},
    metrics::server,
    state::App,
    stripe::SignatureError,
};

/// The event is safe with us; Stripe need not send it again.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventTaken {
    received: bool,
}

/// An event of Stripe.
#[utoipa::path(post, path = "/webhooks/stripe", tag = "webhooks", security(()),
    params(("Stripe-Signature" = String, Header, description = "t=…,v1=…, as Stripe makes it.")),
    request_body(content = String, content_type = "application/json"), responses((status = 200, body = EventTaken)))]
pub async fn stripe_event(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<axum::Json<EventTaken>> {
    let stripe = app.stripe.as_ref().ok_or_else(|| {
        ApiError::saying(
            Code::BillingNotStripe,
            "billing.mode is not Stripe here; remove this endpoint from the Stripe account.",
        )
    })?;
    // Two headers would leave open which of them was checked.
    let mut given = headers.get_all("stripe-signature").iter();
    let header = match (given.next(), given.next()) {
        (Some(one), None) => Some(one.as_bytes()),
        _ => None,
    };
    stripe
        .verify(header, &body, app.now())
        .map_err(|error| match error {
            SignatureError::Missing => ApiError::new(Code::SignatureMissing),
            SignatureError::Wrong => ApiError::new(Code::SignatureInvalid),
            SignatureError::Stale => ApiError::new(Code::SignatureStale),
        })?;
    let event = StripeEvent::parse(&body).map_err(|error| ApiError::saying(Code::InvalidEvent, match error {
        StripeEventError::NotAnEvent(_) => "The body is not an event; see Stripe's documentation of webhooks.",
        StripeEventError::Nul => "The event holds the character U+0000, which cannot be stored; send it without.",
        StripeEventError::LongId => "The event's id is longer than Stripe's are, which cannot be stored; send it under its own.",
    }))?;
    let outcome = match app.billing.event_receive(&event, app.now()).await? {
        Received::Repeated => "repeated",
        Received::New(outcome) => {
            if let Outcome::Mismatch(why) = &outcome {
                tracing::error!(
                    stripe.event = event.id(),
                    stripe.kind = event.kind(),
                    why,
                    "an event does not fit our record; it is kept and credits nothing"
                );
            }
            outcome.column()
        }
    };
    server::STRIPE_EVENTS.with([outcome]).increment(1);
    Ok(axum::Json(EventTaken { received: true }))
}
