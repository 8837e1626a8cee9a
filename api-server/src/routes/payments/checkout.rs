//! `POST /payments/checkout`: a purchase, and where to pay for it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use datacrowd_billing::{Checkout, NewCheckout};
use datacrowd_labelling::Refusal;
use datacrowd_protocol::{
    Upper,
    ids::{PaymentId, ProjectId},
    internal::ProjectState,
    payment::PaymentStatus,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Owner, SignedIn},
    error::{ApiError, ApiResult, Code},
    extract::Json,
    state::App,
    stripe::{Stripe, StripeFailure},
};

/// What to buy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPayment {
    project_id: Uuid,
    /// One judgement is one answer of one worker to one task.
    #[schema(example = 3708)]
    judgements: i64,
    #[schema(example = "SPRING20")]
    promo_code: Option<String>,
}

/// A purchase that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutBody {
    payment_id: Uuid,
    #[schema(value_type = String, example = "PENDING")]
    status: Upper<PaymentStatus>,
    amount_cents: i64,
    #[schema(example = "EUR")]
    currency: String,
    /// Where to pay; null when nothing is to be paid.
    checkout_url: Option<String>,
}

fn no_stripe() -> ApiError {
    ApiError::new(Code::BillingNotStripe)
}

/// Buy judgements for a project. Repeating the request, with the same Idempotency-Key or without one, never buys twice while the first is not open.
#[utoipa::path(post, path = "/payments/checkout", tag = "payments",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this request return the same payment.")),
    request_body = NewPayment, responses((status = 201, body = CheckoutBody)))]
pub async fn payment_checkout(
    State(app): State<App>,
    owner: Owner,
    SignedIn(caller): SignedIn,
    headers: HeaderMap,
    Json(new): Json<NewPayment>,
) -> ApiResult<impl IntoResponse> {
    let stripe = app.stripe.as_ref().ok_or_else(no_stripe)?;
    let project = app
        .core
        .project_find(owner.scope(), ProjectId(new.project_id))
        .await?
        .live()?;
    if matches!(project.state, ProjectState::Closed | ProjectState::Deleting) {
        return Err(Refusal::ProjectEnded.into());
    }
    let request_key = headers
        .get("idempotency-key")
        .map(|key| key.to_str().unwrap_or_default().to_owned());
    let new = NewCheckout {
        id: PaymentId(Uuid::now_v7()),
        tenant: project.tenant,
        project: project.id,
        user: caller.user_id,
        judgements: new.judgements,
        promo_code: new.promo_code,
        request_key,
    };
    let begun = app.billing.checkout_begin(&new, app.now()).await?;
    let payment = open(&app, stripe, begun).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(CheckoutBody {
            payment_id: payment.id.0,
            status: Upper(payment.status),
            amount_cents: payment.amount_cents,
            currency: payment.currency,
            checkout_url: payment.checkout_url,
        }),
    ))
}

/// Opens the session unless it is open. No transaction is: the payment's row holds the key of the call.
async fn open(
    app: &App,
    stripe: &Stripe,
    begun: Checkout,
) -> ApiResult<datacrowd_billing::Payment> {
    let Some(key) = begun.open_with else {
        return Ok(begun.payment);
    };
    match stripe.session_open(&begun.payment, &key).await {
        Ok(session) => Ok(app
            .billing
            .checkout_opened(begun.payment.id, &session.id, &session.url, app.now())
            .await?),
        Err(failure) => {
            tracing::warn!(payment.id = %begun.payment.id, error.cause = ?failure, "a checkout cannot be opened");
            if matches!(failure, StripeFailure::Refused(_)) {
                app.billing
                    .checkout_refused(begun.payment.id, app.now())
                    .await?;
            }
            Err(ApiError::new(Code::StripeUnavailable).retry_after(5))
        }
    }
}
