//! `PUT /internal/webhooks`.

use axum::extract::State;
use datacrowd_crds::WebhookSpec;
use datacrowd_protocol::internal::{Upsert, WebhookView};
use serde_json::Value;

use crate::{error::ApiResult, extract::Json, internal::auth::Trusted, state::App, webhooks};

/// Upsert a Webhook's endpoint.
#[utoipa::path(put, path = "/internal/webhooks", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = WebhookView)))]
pub async fn webhook_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<WebhookSpec>>,
) -> ApiResult<axum::Json<WebhookView>> {
    Ok(axum::Json(webhooks::index(&app, up).await?.1))
}
