//! `GET /admin/users`.

use axum::extract::State;
use datacrowd_protocol::ids::UserId;

use crate::{
    auth::Admin,
    error::ApiResult,
    extract::Query,
    routes::{
        accounts::UserBody,
        paging::{PageBody, Paging},
    },
    state::App,
};

/// Everybody.
#[utoipa::path(get, path = "/admin/users", tag = "admin", params(Paging), responses((status = 200, body = PageBody<UserBody>)))]
pub async fn user_list(
    State(app): State<App>,
    _: Admin,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<UserBody>>> {
    let page = app
        .accounts
        .list_users(
            paging.cursor().map(UserId),
            u32::try_from(paging.limit()?).unwrap_or(50),
        )
        .await?;
    let mut items = Vec::with_capacity(page.items.len());
    for user in page.items {
        let tenant = app.core.tenant_of(user.id).await?;
        items.push(UserBody::of(user, tenant));
    }
    Ok(axum::Json(PageBody {
        items,
        next_cursor: page.next.map(|n| n.to_string()),
    }))
}
