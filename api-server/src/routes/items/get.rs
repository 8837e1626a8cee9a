//! `GET /items/{id}`, and the same as `GET /status?id=`.

use axum::extract::State;
use datacrowd_protocol::ids::ItemId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::ItemBody;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    state::App,
};

/// Which item it is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The `itemId` that it was given.
    #[param(required)]
    id: Option<Uuid>,
}

/// What models say of an item, and people where they are asked.
#[utoipa::path(get, path = "/items/{id}", tag = "items", params(("id" = Uuid, Path)), responses((status = 200, body = ItemBody)))]
pub async fn item_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<ItemBody>> {
    let item = app
        .core
        .item_get(owner.scope(), ItemId(id), app.now())
        .await?;
    Ok(axum::Json(item.into()))
}

/// What models and people say of an item; the same as `GET /items/{id}`.
#[utoipa::path(get, path = "/status", tag = "items", params(Asked), responses((status = 200, body = ItemBody)))]
pub async fn item_status(
    State(app): State<App>,
    owner: Owner,
    Query(asked): Query<Asked>,
) -> ApiResult<axum::Json<ItemBody>> {
    let id = asked
        .id
        .ok_or_else(|| ApiError::invalid_member("id", "is missing"))?;
    item_get(State(app), owner, Path(id)).await
}
