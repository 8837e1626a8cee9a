//! `GET /admin/promo-codes`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::PromoCodeBody;
use crate::{
    auth::Admin,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, page_limit},
    state::App,
};

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PromoQuery {
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Promo codes by name.
#[utoipa::path(get, path = "/admin/promo-codes", tag = "admin", params(PromoQuery), responses((status = 200, body = PageBody<PromoCodeBody>)))]
pub async fn promo_list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<PromoQuery>,
) -> ApiResult<axum::Json<PageBody<PromoCodeBody>>> {
    let limit = page_limit(query.limit)?;
    let after = query.cursor.unwrap_or_default();
    let page = app.billing.promo_list(&after, limit).await?;
    let next_cursor = page.next;
    Ok(axum::Json(PageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}
