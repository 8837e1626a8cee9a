//! `PATCH /admin/users/{id}/role`.

use axum::extract::State;
use datacrowd_accounts::{Admin as Deciding, Role};
use datacrowd_protocol::{Upper, ids::UserId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::ProvenAdmin,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    membership::join,
    routes::accounts::UserBody,
    state::App,
};

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
        .set_role(Deciding(admin), user.id, body.role.0, app.now())
        .await?;
    Ok(axum::Json(UserBody::of(user, tenant)))
}
