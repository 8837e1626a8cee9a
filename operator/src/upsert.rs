//! What the platform is told of a resource on every pass, and what its refusal means.

use datacrowd_crds::{
    condition::{Phase, Reason, Verdict},
    names::DELETE_ROWS,
};
use datacrowd_protocol::internal::Upsert;
use uuid::Uuid;

use crate::{
    context::Context,
    error::Error,
    lifecycle,
    managed::{Managed, Pass},
    platform::{PlatformError, Refusal, Resource},
    tenancy,
};

/// The resource as the platform takes it.
fn body<K: Managed>(pass: &Pass<K>, tenant: String) -> Upsert<K::Spec> {
    // Rows are what Datasets have.
    let named = match K::RESOURCE {
        Resource::Dataset => pass.annotation(DELETE_ROWS),
        Resource::Project
        | Resource::Export
        | Resource::Model
        | Resource::Prediction
        | Resource::Webhook => None,
    };
    Upsert {
        namespace: pass.who.namespace.clone(),
        tenant,
        name: pass.who.name.clone(),
        uid: pass.who.uid,
        generation: pass.who.generation,
        delete_rows: named.and_then(|id| id.parse().ok()),
        spec: pass.object.spec().clone(),
    }
}

/// Tells the platform of a resource.
pub(crate) async fn upsert<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
    tenant: String,
) -> Result<K::View, PlatformError> {
    let body = body(pass, tenant);
    let told = ctx.platform.upsert(K::RESOURCE, &body, &pass.correlation);
    told.await
}

/// The platform's id of a resource that goes: an earlier pass may have died between the platform's answer and the
/// status. `None` when the platform has nothing of it.
pub(crate) async fn learn_id<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
) -> Result<Option<Uuid>, Error> {
    let Some(tenant) = tenancy::tenant(ctx, &pass.who.namespace).await? else {
        return Ok(None);
    };
    match upsert(ctx, pass, tenant).await {
        Ok(view) => Ok(Some(K::id(&view))),
        // What the platform refuses it does not have.
        Err(PlatformError::Refused(_)) => Ok(None),
        Err(_) if lifecycle::skips_cleanup(pass) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a refusal of the platform means for the resource.
pub(crate) fn refused(refusal: &Refusal) -> Verdict {
    let (phase, reason) = match (refusal.status, refusal.code.as_str()) {
        (_, "project_not_found") => (Phase::Waiting, Reason::ProjectNotFound),
        (_, "project_not_active" | "project_ended" | "project_not_accepted") => {
            (Phase::Waiting, Reason::ProjectNotReady)
        }
        (_, "model_not_found") => (Phase::Waiting, Reason::ModelNotFound),
        (_, "dataset_not_found") => (Phase::Waiting, Reason::DatasetNotFound),
        (_, "rows_going") => (Phase::Waiting, Reason::Deleting),
        (_, "identity_changed") => (Phase::Failed, Reason::IdentityChanged),
        (_, "namespace_not_bound") => (Phase::Waiting, Reason::NamespaceNotBound),
        (410, _) => (Phase::Failed, Reason::ProjectReplaced),
        _ => (Phase::Failed, Reason::InvalidSpec),
    };
    let message = match reason {
        Reason::ProjectReplaced => {
            "The platform let go of this resource; delete it and apply it again.".into()
        }
        _ => refusal.message.clone(),
    };
    Verdict::new(phase, reason, message)
}
