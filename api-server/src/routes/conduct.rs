//! Who rejects much, and whose answers are rejected much: an ADMIN looks where labour might be had for nothing.

use axum::extract::State;
use datacrowd_labelling::{ReviewerConduct, TenantConduct};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::paging::{PageBody, Paging};
use crate::{auth::Admin, error::ApiResult, extract::Query, state::App};

/// A part of a whole, 0 to 1; none of nothing.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share of more than 2^53 answers may be a little off"
)]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How a reviewer decides.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewerBody {
    user_id: Uuid,
    reviews: i64,
    rejections: i64,
    /// Rejections among the reviews, 0 to 1.
    rejection_rate: Option<f64>,
}

impl From<ReviewerConduct> for ReviewerBody {
    fn from(r: ReviewerConduct) -> Self {
        Self {
            user_id: r.reviewer.0,
            reviews: r.reviews,
            rejections: r.rejections,
            rejection_rate: share(r.rejections, r.reviews),
        }
    }
}

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

/// Whose answers were judged.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfTenant {
    /// Name of a tenant: only reviews of its answers; all when absent.
    tenant: Option<String>,
}

/// Everybody who reviewed, and how often they reject.
#[utoipa::path(get, path = "/admin/reviewers", tag = "admin", params(Paging, OfTenant), responses((status = 200, body = PageBody<ReviewerBody>)))]
pub async fn reviewer_list(
    State(app): State<App>,
    _: Admin,
    Query(paging): Query<Paging>,
    Query(of): Query<OfTenant>,
) -> ApiResult<axum::Json<PageBody<ReviewerBody>>> {
    let tenant = match of.tenant {
        Some(name) => Some(app.core.tenant_by_name(&name).await?.id),
        None => None,
    };
    let page = app
        .core
        .reviewer_list(tenant, paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody::of(page)))
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
