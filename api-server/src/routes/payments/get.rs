//! `GET /payments/{id}`.

use axum::extract::State;
use datacrowd_protocol::ids::PaymentId;
use uuid::Uuid;

use super::PaymentBody;
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// One payment.
#[utoipa::path(get, path = "/payments/{id}", tag = "payments", params(("id" = Uuid, Path)), responses((status = 200, body = PaymentBody)))]
pub async fn payment_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<PaymentBody>> {
    let payment = app
        .billing
        .payment_get(owner.scope(), PaymentId(id))
        .await?;
    Ok(axum::Json(payment.into()))
}
