//! How a resource is let go: first its runners, then its Jobs, then its rows. What is decided here cannot be taken back,
//! so all of it is read live.

use std::time::Duration;

use datacrowd_crds::{
    Project,
    condition::{Phase, Reason, Verdict},
    names::{DELETE_ROWS, SKIP_CLEANUP},
};
use datacrowd_protocol::{internal::DeleteQuery, source::DeletionPolicy};
use kube::{Api, runtime::controller::Action};
use uuid::Uuid;

use crate::{
    context::Context,
    error::Error,
    managed::{Cleanup, Managed, Pass},
    platform::{PlatformError, Resource},
    tenancy,
    upsert::learn_id,
    work::jobs,
};

/// What of a resource whose work Jobs do may be left to remove.
pub(crate) struct Leftovers {
    /// Label that names the resource on its Jobs.
    pub label: &'static str,
    /// Name of its Project.
    pub project: String,
    /// The Project's deletion policy as last seen.
    pub policy: Option<DeletionPolicy>,
}

/// Lets a resource go whose work Jobs do: its runners stop, its pods end, then its rows go. It needs neither
/// Project nor tenant.
pub(crate) async fn cleanup_work<K: Managed>(
    ctx: &Context,
    pass: Pass<K>,
    leftovers: Leftovers,
) -> Result<Cleanup, Error> {
    let id = match (departed(ctx, &pass).await?, pass.platform_id()) {
        (true, _) => None,
        (false, Some(id)) => Some(id),
        (false, None) => learn_id(ctx, &pass).await?,
    };
    if let (Some(id), Resource::Dataset) = (id, K::RESOURCE) {
        let fenced = ctx.platform.fence(id, pass.who.uid, &pass.correlation);
        told(&pass, fenced.await)?;
    }
    if jobs::delete_all(ctx, &pass.who, leftovers.label).await? > 0 {
        let verdict = Verdict::new(Phase::Running, Reason::Deleting, "Its Jobs are ending.");
        let again = Action::requeue(Duration::from_secs(2));
        let again = pass.settle(ctx, &verdict, again).await?;
        return Ok(Cleanup::Waiting(again));
    }
    if let Some(id) = id {
        let policy = policy(ctx, &pass, id, leftovers).await?;
        if !delete(ctx, &pass, id, policy).await? {
            let message = "Its rows are being removed.";
            let verdict = Verdict::new(Phase::Running, Reason::Deleting, message);
            let again = Action::requeue(Duration::from_millis(200));
            let again = pass.settle(ctx, &verdict, again).await?;
            return Ok(Cleanup::Waiting(again));
        }
    }
    Ok(Cleanup::Done)
}

/// Whether the resource was bound before its namespace got the label it has: then its rows are not this tenant's to
/// delete, and the platform lets go of them here.
pub(crate) async fn departed<K: Managed>(ctx: &Context, pass: &Pass<K>) -> Result<bool, Error> {
    let tenant = tenancy::tenant(ctx, &pass.who.namespace).await?;
    match tenancy::departs(ctx, pass, tenant.as_deref()).await {
        Ok(leaving) if leaving.unfinished => Err(Error::Conflict),
        Ok(leaving) => Ok(leaving.departed),
        Err(_) if skips_cleanup(pass) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What the annotation asks for, else the live Project's policy, else the one last seen.
async fn policy<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
    id: Uuid,
    leftovers: Leftovers,
) -> Result<DeletionPolicy, Error> {
    // It names the rows: one that was left from an earlier resource of this name says nothing of these.
    let named = pass.annotation(DELETE_ROWS).and_then(|id| id.parse().ok());
    if named == Some(id) {
        return Ok(DeletionPolicy::Delete);
    }
    let projects: Api<Project> = Api::namespaced(ctx.client.clone(), &pass.who.namespace);
    let live = projects
        .get_opt(&leftovers.project)
        .await
        .map_err(Error::kube("reading the Project"))?;
    let live = live.map(|project| project.spec.deletion_policy());
    Ok(live.or(leftovers.policy).unwrap_or(DeletionPolicy::Retain))
}

/// Tells the platform that an object goes. False when it has more to remove.
pub(crate) async fn delete<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
    id: Uuid,
    policy: DeletionPolicy,
) -> Result<bool, Error> {
    let query = DeleteQuery {
        uid: pass.who.uid,
        policy,
    };
    let told_so = ctx
        .platform
        .delete(K::RESOURCE, id, &query, &pass.correlation);
    told(pass, told_so.await).map(|done| done.unwrap_or(true))
}

/// Gone already is done; out of reach is done only when the annotation says so.
fn told<K: Managed, T>(
    pass: &Pass<K>,
    result: Result<T, PlatformError>,
) -> Result<Option<T>, Error> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(PlatformError::Refused(refusal)) if matches!(refusal.status, 404 | 410) => Ok(None),
        Err(_) if skips_cleanup(pass) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn skips_cleanup<K: Managed>(pass: &Pass<K>) -> bool {
    pass.annotation(SKIP_CLEANUP) == Some("true")
}
