//! `PATCH /internal/projects/{id}/billing`.

use axum::extract::State;
use datacrowd_labelling::BillingMode;
use datacrowd_protocol::{
    ids::ProjectId,
    internal::{Billing, Grant},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code},
    extract::{Json, Path},
    internal::auth::Trusted,
    state::App,
};

/// Grant a project judgements; only when billing is Manual.
#[utoipa::path(patch, path = "/internal/projects/{id}/billing", tag = "operator", security(("operator" = [])), params(("id" = Uuid, Path)), request_body = Grant, responses((status = 200, body = Billing)))]
pub async fn project_billing(
    State(app): State<App>,
    _: Trusted,
    Path(id): Path<Uuid>,
    Json(grant): Json<Grant>,
) -> ApiResult<axum::Json<Billing>> {
    if app.core.billing_mode() != BillingMode::Manual {
        return Err(ApiError::new(Code::BillingNotManual));
    }
    Ok(axum::Json(
        app.core
            .project_grant(ProjectId(id), &grant.grant_id, grant.judgements)
            .await?,
    ))
}
