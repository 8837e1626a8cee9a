//! `POST /webhook-endpoints/{id}/test`.

use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::deliveries::DeliveryBody;
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Sends an endpoint, and no other, an event `io.datacrowd.webhook.tested.v1`. How it went, the delivery says a moment later.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 202, body = DeliveryBody)))]
pub async fn webhook_test(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<(StatusCode, axum::Json<DeliveryBody>)> {
    let sent = app
        .notifications
        .endpoint_test(owner.scope(), id, app.now());
    Ok((StatusCode::ACCEPTED, axum::Json(sent.await?.into())))
}
