//! What an ADMIN does with people.

use axum::extract::State;
use datacrowd_accounts::{Admin as Deciding, Role, UserStatus};
use datacrowd_protocol::{Upper, ids::UserId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    accounts::UserBody,
    paging::{PageBody, Paging},
};
use crate::{
    auth::{Admin, ProvenAdmin},
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
    membership::join,
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

/// A role; for a CLIENT who joins a tenant that exists already, its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeRole {
    #[schema(value_type = String, example = "CLIENT")]
    role: Upper<Role>,
    #[schema(example = "acme")]
    tenant: Option<String>,
}

/// Give somebody a role. A CLIENT without a named tenant keeps theirs, or founds one, with a home namespace; who names
/// one joins it: it was founded before, or a namespace's label declares it.
#[utoipa::path(patch, path = "/admin/users/{id}/role", tag = "admin", params(("id" = Uuid, Path)), request_body = ChangeRole, responses((status = 200, body = UserBody)))]
pub async fn user_role(
    State(app): State<App>,
    ProvenAdmin(admin): ProvenAdmin,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeRole>,
) -> ApiResult<axum::Json<UserBody>> {
    let user = app
        .accounts
        .find_user(UserId(id))
        .await?
        .ok_or_else(ApiError::not_found)?;
    let tenant = match (body.role.0, body.tenant) {
        (Role::Client, named) => Some(join(&app, user.id, &user.username, named, admin).await?),
        (_, Some(_)) => {
            return Err(ApiError::invalid_member(
                "tenant",
                "belongs to the role CLIENT only; remove it",
            ));
        }
        (_, None) => None,
    };
    let user = app
        .accounts
        .set_role(Deciding(admin), user.id, body.role.0)
        .await?;
    Ok(axum::Json(UserBody::of(user, tenant)))
}

/// Whether somebody may sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// ACTIVE or DISABLED.
    #[schema(value_type = String, example = "DISABLED")]
    status: Upper<UserStatus>,
}

/// Let somebody sign in, or no longer; a disabled person is refused everywhere within half a minute.
#[utoipa::path(patch, path = "/admin/users/{id}/status", tag = "admin", params(("id" = Uuid, Path)), request_body = ChangeStatus, responses((status = 200, body = UserBody)))]
pub async fn user_status(
    State(app): State<App>,
    ProvenAdmin(admin): ProvenAdmin,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeStatus>,
) -> ApiResult<axum::Json<UserBody>> {
    let user = app
        .accounts
        .set_status(Deciding(admin), UserId(id), body.status.0)
        .await?;
    let tenant = app.core.tenant_of(user.id).await?;
    Ok(axum::Json(UserBody::of(user, tenant)))
}
