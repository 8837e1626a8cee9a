//! `GET /payments`.

use axum::extract::State;

use super::PaymentBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, Paging},
    state::App,
};

/// My tenant's payments, newest first.
#[utoipa::path(get, path = "/payments", tag = "payments", params(Paging), responses((status = 200, body = PageBody<PaymentBody>)))]
pub async fn payment_list(
    State(app): State<App>,
    owner: Owner,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<PaymentBody>>> {
    let page = app
        .billing
        .payment_list(owner.scope(), paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|c| c.to_string()),
    }))
}
