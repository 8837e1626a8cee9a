//! `GET /admin/reviewers`: who reviews, and how often they reject.

use axum::extract::State;
use datacrowd_labelling::ReviewerConduct;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::share;
use crate::{
    auth::Admin,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, Paging},
    state::App,
};

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
