//! `GET /admin/rejections`: whose answers are rejected.

use axum::extract::State;
use datacrowd_labelling::TenantConduct;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::share;
use crate::{
    auth::Admin,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, Paging},
    state::App,
};

/// What became of the answers that a tenant was given.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantAnswersBody {
    tenant_id: Uuid,
    name: String,
    approved: i64,
    rejected: i64,
    /// Taken back by the tenant or an ADMIN.
    voided: i64,
    /// Rejected among approved, rejected and voided, 0 to 1.
    rejected_share: Option<f64>,
}

impl From<TenantConduct> for TenantAnswersBody {
    fn from(t: TenantConduct) -> Self {
        Self {
            tenant_id: t.tenant.0,
            name: t.name,
            approved: t.approved,
            rejected: t.rejected,
            voided: t.voided,
            rejected_share: share(t.rejected, t.approved + t.rejected + t.voided),
        }
    }
}

/// Every tenant, and what share of its answers was rejected.
#[utoipa::path(get, path = "/admin/rejections", tag = "admin", params(Paging), responses((status = 200, body = PageBody<TenantAnswersBody>)))]
pub async fn rejection_list(
    State(app): State<App>,
    _: Admin,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<TenantAnswersBody>>> {
    let page = app
        .core
        .tenant_conduct(paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
