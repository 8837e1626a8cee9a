//! `POST /me/notifications/read`.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::InSession, error::ApiResult, extract::Json, state::App};

/// How far somebody has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"upTo": 42}))]
pub struct ReadUpTo {
    /// The newest notification that was read; those before it are read as well.
    up_to: i64,
}

/// What is left.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unread {
    /// Notifications that are unread.
    unread: i64,
}

/// Marks a notification and all before it as read.
#[utoipa::path(post, path = "/me/notifications/read", tag = "notifications", request_body = ReadUpTo, responses((status = 200, body = Unread)))]
pub async fn notification_read(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Json(read): Json<ReadUpTo>,
) -> ApiResult<axum::Json<Unread>> {
    app.notifications
        .notice_read(user, read.up_to, app.now())
        .await?;
    let client = app.core.tenant_of(user).await?.map(|tenant| tenant.id);
    let unread = app.notifications.notice_unread(user, client).await?;
    Ok(axum::Json(Unread { unread }))
}
