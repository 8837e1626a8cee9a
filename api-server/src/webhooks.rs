//! The resource Webhook and the endpoint that it speaks for. REST writes the resource; the row follows it.

use datacrowd_crds::{Webhook, WebhookSpec};
use datacrowd_labelling::Tenant;
use datacrowd_notifications::{Endpoint, EndpointResource, EndpointUpsert};
use datacrowd_protocol::{
    ids::ResourceUid,
    internal::{Upsert, WebhookState, WebhookView},
};

use crate::{cluster::Bound, error::ApiResult, state::App, upsert};

/// Whether events reach an endpoint.
pub fn state_of(endpoint: &Endpoint) -> WebhookState {
    match (
        &endpoint.disabled,
        endpoint.suspended,
        endpoint.failing_since,
    ) {
        (Some(_), ..) => WebhookState::Disabled,
        (None, true, _) => WebhookState::Suspended,
        (None, false, Some(_)) => WebhookState::Failing,
        (None, false, None) => WebhookState::Active,
    }
}

/// Writes the endpoint of a resource that the operator saw.
pub async fn index(app: &App, up: Upsert<WebhookSpec>) -> ApiResult<(Endpoint, WebhookView)> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        delete_rows: _,
        spec,
    } = up;
    let suspended = spec.suspended();
    let project = spec.project_ref.as_ref().map(|project| &*project.name);
    let scope = app.core.tenant_and_project(&tenant, &namespace, project);
    let (tenant, project) = scope.await?;
    let upsert = EndpointUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        project,
        url: spec.url,
        event_types: spec.event_types,
        description: spec.description.unwrap_or_default(),
        suspended,
    };
    let written = app.notifications.endpoint_upsert(&upsert, app.now());
    let (endpoint, adopted) = written.await?;
    let view = WebhookView {
        id: endpoint.id,
        state: state_of(&endpoint),
        failing_since: endpoint.failing_since,
        disabled_reason: endpoint.disabled.as_ref().map(|d| d.reason.clone()),
        pending: endpoint.pending,
        adopted,
    };
    Ok((endpoint, view))
}

/// Writes the endpoint of a resource that a request has just written.
pub async fn index_written(app: &App, tenant: &Tenant, written: &Webhook) -> ApiResult<Endpoint> {
    let seen = upsert::seen(written, &tenant.name)?;
    Ok(index(app, seen).await?.0)
}

/// The resource that speaks for an endpoint, and where it is. One that is not in the cluster any more speaks for nothing from
/// now on: then the endpoint is REST's own.
pub async fn resource_of(
    app: &App,
    tenant: &Tenant,
    endpoint: &Endpoint,
) -> ApiResult<Option<(Bound, Webhook)>> {
    let Some(EndpointResource {
        namespace,
        name,
        uid,
        ..
    }) = &endpoint.resource
    else {
        return Ok(None);
    };
    let at = app.cluster.bound(namespace, tenant).await?;
    match app.cluster.get::<Webhook>(&at, name).await? {
        Some(found) if upsert::uid_of(&found)? == *uid => Ok(Some((at, found))),
        _ => {
            app.notifications.endpoint_unbind(endpoint.id, *uid).await?;
            Ok(None)
        }
    }
}
