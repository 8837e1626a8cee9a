//! `GET /webhook-endpoints`.

use axum::extract::State;

use super::WebhookBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, Paging},
    state::App,
};

/// The client's endpoints, newest first; of all clients for an ADMIN who names none.
#[utoipa::path(get, path = "/webhook-endpoints", tag = "webhooks", params(Paging), responses((status = 200, body = PageBody<WebhookBody>)))]
pub async fn webhook_list(
    State(app): State<App>,
    owner: Owner,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<WebhookBody>>> {
    let limit = paging.limit()?;
    let endpoints = app
        .notifications
        .endpoint_list(owner.scope(), paging.cursor(), limit + 1)
        .await?;
    Ok(axum::Json(PageBody::cut(endpoints, limit, |e| e.id)))
}
