//! `GET /webhook-endpoints/{id}/deliveries`, and one of them with its attempts.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_notifications::{Attempt, Delivery, DeliveryState};
use datacrowd_protocol::Upper;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{InState, PageBody, WorkPaging},
    state::App,
};

/// One event on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryBody {
    id: i64,
    /// The header `webhook-id` of every attempt.
    event_id: Uuid,
    #[serde(rename = "type")]
    #[schema(example = "io.datacrowd.batch.done.v1")]
    kind: String,
    #[schema(example = "batches/17")]
    subject: String,
    /// The event's sequence among those of the client.
    sequence: i64,
    /// PENDING, DELIVERED or FAILED.
    #[schema(value_type = String, example = "DELIVERED")]
    state: Upper<DeliveryState>,
    /// Attempts since it was sent, or sent again.
    attempts: i32,
    /// When the next attempt begins; null where none does.
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// Status of the latest answer.
    last_status: Option<i16>,
    /// Why the latest attempt failed.
    last_failure: Option<String>,
}

impl From<Delivery> for DeliveryBody {
    fn from(d: Delivery) -> Self {
        Self {
            id: d.id,
            event_id: d.event,
            kind: d.kind,
            subject: d.subject,
            sequence: d.sequence,
            state: Upper(d.state),
            attempts: d.attempts,
            next_attempt_at: d.due_at,
            created_at: d.created_at,
            ended_at: d.ended_at,
            last_status: d.last_status,
            last_failure: d.last_failure,
        }
    }
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptBody {
    began_at: DateTime<Utc>,
    /// How long it took in milliseconds; null while it is under way, or when it was cut off.
    millis: Option<i32>,
    /// Status of the answer; null where none came.
    status: Option<i16>,
    /// The first 20 kB of the answer.
    answer: Option<String>,
    /// Why it failed, in words; null where it did not.
    failure: Option<String>,
}

impl From<Attempt> for AttemptBody {
    fn from(a: Attempt) -> Self {
        Self {
            began_at: a.began_at,
            millis: a.millis,
            status: a.status,
            answer: a.answer,
            failure: a.failure,
        }
    }
}

/// A delivery with its attempts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryHistory {
    delivery: DeliveryBody,
    /// The latest hundred, the latest first.
    attempts: Vec<AttemptBody>,
}

/// What was sent to an endpoint, and what waits to be, newest first.
#[utoipa::path(get, path = "/webhook-endpoints/{id}/deliveries", tag = "webhooks", params(("id" = Uuid, Path), InState, WorkPaging), responses((status = 200, body = PageBody<DeliveryBody>)))]
pub async fn delivery_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(state): Query<InState>,
    Query(paging): Query<WorkPaging>,
) -> ApiResult<axum::Json<PageBody<DeliveryBody>>> {
    let limit = paging.limit()?;
    let deliveries = app
        .notifications
        .delivery_list(
            owner.scope(),
            id,
            state.state()?,
            paging.cursor(),
            limit + 1,
        )
        .await?;
    Ok(axum::Json(PageBody::cut(deliveries, limit, |d| d.id)))
}

/// A delivery with every attempt: when, how long, and what was answered.
#[utoipa::path(get, path = "/webhook-endpoints/{id}/deliveries/{deliveryId}", tag = "webhooks", params(("id" = Uuid, Path), ("deliveryId" = i64, Path)), responses((status = 200, body = DeliveryHistory)))]
pub async fn delivery_get(
    State(app): State<App>,
    owner: Owner,
    Path((id, delivery)): Path<(Uuid, i64)>,
) -> ApiResult<axum::Json<DeliveryHistory>> {
    let found = app.notifications.delivery_get(owner.scope(), id, delivery);
    let (delivery, attempts) = found.await?;
    Ok(axum::Json(DeliveryHistory {
        delivery: delivery.into(),
        attempts: attempts.into_iter().map(Into::into).collect(),
    }))
}
