//! `POST /internal/departures`.

use std::time::Duration;

use axum::extract::State;
use datacrowd_labelling::{Error, Refusal};
use datacrowd_protocol::{
    ids::ResourceUid,
    internal::{Departed, Departure, ResourceKind},
};
use uuid::Uuid;

use crate::{error::ApiResult, extract::Json, internal::auth::Trusted, state::App};

/// How long one request may let go; the same request goes on.
const DEPARTURE_SHARE: Duration = Duration::from_secs(5);

/// Say whose namespace a resource is in: what was bound for another tenant is let go, its rows kept.
#[utoipa::path(post, path = "/internal/departures", tag = "operator", security(("operator" = [])), request_body = Departure, responses((status = 200, body = Departed)))]
pub async fn departure(
    State(app): State<App>,
    _: Trusted,
    Json(departure): Json<Departure>,
) -> ApiResult<axum::Json<Departed>> {
    let Departure { kind, uid, tenant } = departure;
    if kind == ResourceKind::Webhook {
        return Ok(axum::Json(webhook(&app, uid, tenant.as_deref()).await?));
    }
    let bucket = app.objects.bucket();
    let end = tokio::time::Instant::now() + DEPARTURE_SHARE;
    loop {
        let step = app
            .core
            .resource_departs(
                kind,
                ResourceUid(uid),
                tenant.as_deref(),
                bucket.name(),
                app.now(),
            )
            .await?;
        if !step.unfinished || tokio::time::Instant::now() > end {
            return Ok(axum::Json(step));
        }
    }
}

/// A webhook's endpoint is another context's: what the label names there is the tenant's id.
async fn webhook(app: &App, uid: Uuid, tenant: Option<&str>) -> ApiResult<Departed> {
    let tenant = match tenant {
        Some(name) => match app.core.tenant_by_name(name).await {
            Ok(tenant) => Some(tenant.id),
            Err(Error::Refused(Refusal::NotFound)) => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    let departs = app
        .notifications
        .endpoint_departs(ResourceUid(uid), tenant, app.now());
    Ok(Departed {
        departed: departs.await?,
        unfinished: false,
    })
}
