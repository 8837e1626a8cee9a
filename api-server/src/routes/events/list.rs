//! `GET /projects/{id}/events`.

use axum::extract::State;
use datacrowd_notifications::CloudEvent;
use datacrowd_protocol::ids::{ProjectId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::types;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    routes::paging::page_limit,
    state::App,
};

/// From where on events are read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// The sequence of the last event that was read; from the first of the last 90 days when absent.
    after: Option<i64>,
    /// Events at most, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// Only these types, apart by commas; all when absent.
    #[param(example = "io.datacrowd.batch.done.v1,io.datacrowd.export.ready.v1")]
    types: Option<String>,
}

/// Events in their order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventsBody {
    items: Vec<CloudEvent>,
    /// What to ask for `after` next: the sequence of the last item, or what was asked for where there is none.
    #[schema(example = 42)]
    next_after: i64,
}

/// What happened in all projects of a client, in its order: what webhooks told, or would have told. Without a gap, `sequence` counts
/// on by one.
#[utoipa::path(get, path = "/events", tag = "events", params(From, ("tenant" = Option<String>, Query, description = "For an ADMIN: whose.")), responses((status = 200, body = EventsBody)))]
pub async fn tenant_event_list(
    State(app): State<App>,
    owner: Owner,
    Query(from): Query<From>,
) -> ApiResult<axum::Json<EventsBody>> {
    let tenant = owner.home()?.0.id;
    from.read(&app, tenant, None).await
}

/// What happened in a project, in its order, as CloudEvents 1.0. Events are kept for 90 days. The sequence counts all events of the
/// client, so that one project's may skip numbers.
#[utoipa::path(get, path = "/projects/{id}/events", tag = "events", params(("id" = Uuid, Path), From), responses((status = 200, body = EventsBody)))]
pub async fn event_list(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(from): Query<From>,
) -> ApiResult<axum::Json<EventsBody>> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    from.read(&app, project.tenant, Some(project.id)).await
}

impl From {
    async fn read(
        &self,
        app: &App,
        tenant: TenantId,
        project: Option<ProjectId>,
    ) -> ApiResult<axum::Json<EventsBody>> {
        let (limit, types) = (page_limit(self.limit)?, types(self.types.as_deref())?);
        let after = self.after.unwrap_or(0);
        if after < 0 {
            return Err(ApiError::invalid_member("after", "must be 0 or more"));
        }
        let events = &app.notifications;
        let items = events.events(tenant, project, &types, after, limit).await?;
        let next_after = items.last().map_or(after, CloudEvent::sequence);
        Ok(axum::Json(EventsBody { items, next_after }))
    }
}
