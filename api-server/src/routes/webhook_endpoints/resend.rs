//! `POST /webhook-endpoints/{id}/resend`, and the same of one delivery.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::deliveries::DeliveryBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Json, Path},
    state::App,
};

/// What is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"since": "2026-11-28T00:00:00Z"}))]
pub struct ResendSince {
    /// Whatever failed of what was to be sent since then.
    since: DateTime<Utc>,
}

/// What is sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resent {
    /// How many events.
    resent: u64,
}

/// Sends one event again, whatever became of it, with as many attempts as if it were new.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/deliveries/{deliveryId}/resend", tag = "webhooks", params(("id" = Uuid, Path), ("deliveryId" = i64, Path)), responses((status = 202, body = DeliveryBody)))]
pub async fn delivery_resend(
    State(app): State<App>,
    owner: Owner,
    Path((id, delivery)): Path<(Uuid, i64)>,
) -> ApiResult<(StatusCode, axum::Json<DeliveryBody>)> {
    let again = app
        .notifications
        .delivery_resend(owner.scope(), id, delivery, app.now())
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(again.into())))
}

/// Sends again whatever failed since a time.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/resend", tag = "webhooks", params(("id" = Uuid, Path)), request_body = ResendSince, responses((status = 202, body = Resent)))]
pub async fn delivery_resend_since(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(asked): Json<ResendSince>,
) -> ApiResult<(StatusCode, axum::Json<Resent>)> {
    let again = app
        .notifications
        .delivery_resend_since(owner.scope(), id, asked.since, app.now());
    let resent = again.await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Resent { resent })))
}
