//! `GET /admin/users`.

use axum::extract::State;
use datacrowd_protocol::ids::UserId;
use serde::Deserialize;
use utoipa::IntoParams;

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

/// Who is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserSearch {
    /// A part of the username or of the e-mail address, compared without case; everybody when absent or empty.
    search: Option<String>,
}

/// Everybody, or those who are searched for.
#[utoipa::path(get, path = "/admin/users", tag = "admin", params(UserSearch, Paging), responses((status = 200, body = PageBody<UserBody>)))]
pub async fn user_list(
    State(app): State<App>,
    _: Admin,
    Query(UserSearch { search }): Query<UserSearch>,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<UserBody>>> {
    let search = search.as_deref().map(str::trim).filter(|s| !s.is_empty());
    let limit = u32::try_from(paging.limit()?).unwrap_or(50);
    let page = app
        .accounts
        .list_users(search, paging.cursor().map(UserId), limit)
        .await?;
    let ids: Vec<UserId> = page.items.iter().map(|user| user.id).collect();
    let mut tenants = app.core.tenants_of(&ids).await?;
    let items = page.items.into_iter().map(|user| {
        let tenant = tenants.remove(&user.id);
        UserBody::of(user, tenant)
    });
    Ok(axum::Json(PageBody {
        items: items.collect(),
        next_cursor: page.next.map(|n| n.to_string()),
    }))
}
