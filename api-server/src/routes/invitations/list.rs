//! `GET /admin/invitations`.

use axum::extract::State;
use datacrowd_accounts::InvitationId;

use super::InvitationBody;
use crate::{
    auth::Admin,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, Paging},
    state::App,
};

/// Invitations of the last weeks, the newest first.
#[utoipa::path(get, path = "/admin/invitations", tag = "admin", params(Paging), responses((status = 200, body = PageBody<InvitationBody>)))]
pub async fn invitation_list(
    State(app): State<App>,
    _: Admin,
    Query(paging): Query<Paging>,
) -> ApiResult<axum::Json<PageBody<InvitationBody>>> {
    let limit = u32::try_from(paging.limit()?).unwrap_or(50);
    let before = paging.cursor().map(InvitationId);
    let page = app.accounts.list_invitations(before, limit).await?;
    Ok(axum::Json(PageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    }))
}
