//! `GET /projects/{id}/events/stream`: events as they happen.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use datacrowd_labelling::Project;
use datacrowd_notifications::{CloudEvent, EventType};
use datacrowd_protocol::ids::{ProjectId, TenantId};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};
use utoipa::IntoParams;
use uuid::Uuid;

use super::types;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    open_streams::OpenStream,
    state::App,
};

/// Events that are read at once.
const READ: i64 = 100;
/// How long a stream goes on, after which its reader comes again: about as long as what it was let in with is valid.
const LIFE: Duration = Duration::from_mins(15);
/// How long a stream waits to be told that there is more, before it looks itself.
const LOOK: Duration = Duration::from_secs(5);
/// Between two comments that keep a connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: &str = "last-event-id";

/// From where on events are told.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// The sequence of the last event that was read; from now on when absent. `Last-Event-ID` says it, too, and
    /// counts more.
    after: Option<i64>,
    /// Only these types, apart by commas; all when absent.
    types: Option<String>,
}

/// What happens in a project, as server-sent events: `id` is the sequence, `data` a CloudEvent. It ends by itself after a while, and
/// whoever sends the last id as `Last-Event-ID` misses nothing.
#[utoipa::path(get, path = "/projects/{id}/events/stream", tag = "events",
    params(("id" = Uuid, Path), From, ("Last-Event-ID" = Option<i64>, Header, description = "The last id that was read.")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub async fn event_stream(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let types = types(from.types.as_deref())?;
    let after = match last_id(&headers)? {
        Some(after) => Some(after),
        None => from.after,
    };
    if after.is_some_and(|after| after < 0) {
        return Err(ApiError::invalid_member("after", "must be 0 or more"));
    }
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    let after = match after {
        Some(after) => after,
        None => app.notifications.last_sequence(project.tenant).await?,
    };
    let open = app.streams().open(project.tenant)?;
    let told = Told::new(app, &project, types, after, open);
    // Said at once, so that a reader knows that it is heard before anything happens.
    let begun = futures::stream::once(async { Ok(Event::default().comment("open")) });
    let events = begun.chain(futures::stream::unfold(told, Told::next));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn last_id(headers: &HeaderMap) -> ApiResult<Option<i64>> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    let id = id.ok_or_else(|| {
        ApiError::invalid_member("Last-Event-ID", "must be the id of an event of this stream")
    })?;
    Ok(Some(id))
}

/// One reader.
struct Told {
    app: App,
    tenant: TenantId,
    project: ProjectId,
    types: Vec<EventType>,
    /// Every event up to this was told.
    after: i64,
    /// Read, and not told yet.
    read: VecDeque<CloudEvent>,
    arrivals: broadcast::Receiver<Option<TenantId>>,
    ends: Instant,
    _open: OpenStream,
}

impl Told {
    fn new(
        app: App,
        project: &Project,
        types: Vec<EventType>,
        after: i64,
        open: OpenStream,
    ) -> Self {
        Self {
            arrivals: app.arrivals(),
            app,
            tenant: project.tenant,
            project: project.id,
            types,
            after,
            read: VecDeque::new(),
            ends: Instant::now() + LIFE,
            _open: open,
        }
    }

    /// The next event; none when the stream ends.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence();
                let data = serde_json::to_string(&event).ok()?;
                let event = Event::default().id(self.after.to_string()).data(data);
                return Some((Ok(event), self));
            }
            if self.app.is_draining() || Instant::now() >= self.ends {
                return None;
            }
            // A database that is away for a moment costs the reader its connection, and nothing else.
            let (project, types) = (Some(self.project), &self.types);
            let events = &self.app.notifications;
            let read = events.events(self.tenant, project, types, self.after, READ);
            self.read = read.await.ok()?.into();
            if self.read.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Waits until there may be more.
    async fn wait(&mut self) {
        let (tenant, arrivals) = (self.tenant, &mut self.arrivals);
        let more = async {
            loop {
                match arrivals.recv().await {
                    Ok(Some(other)) if other != tenant => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout_at(self.ends.min(Instant::now() + LOOK), more).await;
    }
}
