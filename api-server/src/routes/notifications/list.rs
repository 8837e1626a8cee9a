//! `GET /me/notifications`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_notifications::{Notice, Topic};
use datacrowd_protocol::Upper;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::InSession,
    error::ApiResult,
    extract::Query,
    routes::paging::{PageBody, WorkPaging},
    state::App,
};

/// Something that a person is told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationBody {
    id: i64,
    #[schema(schema_with = super::topics)]
    topic: Upper<Topic>,
    /// The type of the event: `GET /events/schemas` lists every type.
    #[serde(rename = "type")]
    #[schema(example = "io.datacrowd.export.ready.v1")]
    kind: String,
    project_id: Option<Uuid>,
    /// To what it happened.
    #[schema(example = "exports/0197c0f0-0000-7000-8000-000000000001")]
    subject: String,
    /// What the type says.
    #[schema(value_type = Object)]
    data: Value,
    happened_at: DateTime<Utc>,
    /// Null while it is unread.
    read_at: Option<DateTime<Utc>>,
}

impl From<Notice> for NotificationBody {
    fn from(n: Notice) -> Self {
        Self {
            id: n.id,
            topic: Upper(n.topic),
            kind: n.kind,
            project_id: n.project,
            subject: n.subject,
            data: n.data,
            happened_at: n.happened_at,
            read_at: n.read_at,
        }
    }
}

/// A page of notifications, and how many are unread in all.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationPage {
    items: Vec<NotificationBody>,
    next_cursor: Option<String>,
    unread: i64,
}

/// What I was told, newest first. It is kept as long as the events are.
#[utoipa::path(get, path = "/me/notifications", tag = "notifications", params(WorkPaging), responses((status = 200, body = NotificationPage)))]
pub async fn notification_list(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Query(paging): Query<WorkPaging>,
) -> ApiResult<axum::Json<NotificationPage>> {
    let limit = paging.limit()?;
    let client = app.core.tenant_of(user).await?.map(|tenant| tenant.id);
    let notices = app
        .notifications
        .notice_list(user, client, paging.cursor(), limit + 1)
        .await?;
    let unread = app.notifications.notice_unread(user, client).await?;
    let page = PageBody::<NotificationBody>::cut(notices, limit, |n: &Notice| n.id);
    Ok(axum::Json(NotificationPage {
        items: page.items,
        next_cursor: page.next_cursor,
        unread,
    }))
}
