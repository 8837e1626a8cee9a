//! `DELETE /internal/webhooks/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::{ids::ResourceUid, internal::DeleteQuery};
use uuid::Uuid;

use crate::{
    error::ApiResult,
    extract::{Path, Query},
    internal::auth::Trusted,
    state::App,
};

/// End a Webhook's binding: its endpoint goes with the record of what was sent there, by either policy.
#[utoipa::path(delete, path = "/internal/webhooks/{id}", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path), DeleteQuery), responses((status = 204)))]
pub async fn webhook_delete(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<StatusCode> {
    let uid = ResourceUid(query.uid);
    app.notifications.endpoint_gone(id, uid, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
