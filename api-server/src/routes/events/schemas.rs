//! `GET /events/schemas`.

use serde_json::Value;

/// Every type of event by its name, each with what it means and the JSON schema of its `data`.
#[utoipa::path(get, path = "/events/schemas", tag = "events", security(()), responses((status = 200, body = Object)))]
pub async fn event_schemas() -> axum::Json<Value> {
    axum::Json(datacrowd_notifications::schemas())
}
