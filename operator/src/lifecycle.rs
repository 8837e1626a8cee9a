//! From finalizer to finalizer: which pass an object gets, how its errors show, and how it is let go.

use std::{sync::Arc, time::Duration};

use datacrowd_crds::{
    Project,
    condition::{self, ConditionStatus, ConditionType, Phase, Reason, Verdict},
    names::{DELETE_ROWS, FINALIZER, SKIP_CLEANUP},
};
use datacrowd_protocol::{internal::DeleteQuery, source::DeletionPolicy};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource, ResourceExt,
    api::{ApiResource, DynamicObject},
    runtime::{
        controller::Action,
        finalizer::{self, finalizer},
    },
};
use uuid::Uuid;

use crate::{
    command::kubectl,
    context::Context,
    error::Error,
    job,
    managed::{Cleanup, Identity, Managed, Pass, StatusShape},
    platform::{PlatformError, Resource as PlatformResource},
    run::Runs,
    tenancy,
};

/// Failures in a row after which an unreachable platform shows in the status.
const SHOWN_AFTER: u32 = 2;

/// One pass over one object.
pub(crate) async fn reconcile<K: Managed>(ctx: &Context, object: Arc<K>) -> Result<Action, Error> {
    let pass = Pass::of(object.clone())?;
    let held = object.finalizers().iter().any(|f| f == FINALIZER);
    match (object.meta().deletion_timestamp.is_some(), held) {
        (true, false) => Ok(Action::await_change()),
        (true, true) => match K::cleanup(ctx, pass.clone()).await {
            Ok(Cleanup::Done) => finalize(&pass.api(ctx), object).await,
            Ok(Cleanup::Waiting(again)) => Ok(again),
            Err(error) => not_cleaned(ctx, pass, error).await,
        },
        (false, false) => finalize(&pass.api(ctx), object).await,
        (false, true) => match K::apply(ctx, pass.clone()).await {
            Err(error) => not_applied(ctx, pass, error).await,
            done => done,
        },
    }
}

/// Sets the finalizer, or removes it from an object that is going. The change itself is the next trigger.
async fn finalize<K>(api: &Api<K>, object: Arc<K>) -> Result<Action, Error>
where
    K: Resource + Clone + serde::de::DeserializeOwned + serde::Serialize + std::fmt::Debug,
{
    let changed = finalizer(api, FINALIZER, object, async |_| {
        Ok::<_, std::convert::Infallible>(Action::await_change())
    });
    changed.await.map_err(|error| match error {
        finalizer::Error::AddFinalizer(e) | finalizer::Error::RemoveFinalizer(e) => {
            // The patch tests what it replaces: 422 or 409 says that someone else was faster.
            match crate::error::refused(&e).map(|s| s.code) {
                Some(404 | 409 | 422) => Error::Conflict,
                _ => Error::kube("changing the finalizer")(e),
            }
        }
        _ => Error::Malformed("finalizer"),
    })
}

/// Lets failures of an unreachable platform show after a few in a row, unless the object is done:
/// what was reached stays reached.
async fn not_applied<K: Managed>(
    ctx: &Context,
    pass: Pass<K>,
    error: Error,
) -> Result<Action, Error> {
    let status = pass.status();
    let ready = condition::find(status.conditions(), ConditionType::Ready).map(|c| c.status);
    let failures = ctx.backoff.failures(&pass.who.uid.to_string());
    let is_platform = matches!(error, Error::Platform(_));
    if is_platform && failures >= SHOWN_AFTER && ready != Some(ConditionStatus::True) {
        let message = "The platform does not answer; the operator tries again by itself.";
        let verdict = Verdict::new(Phase::Running, Reason::PlatformUnavailable, message);
        pass.settle(ctx, &verdict, Action::await_change()).await?;
    }
    Err(error)
}

/// What is said of an object that cannot go because the platform does not answer.
pub(crate) fn cleanup_failed(kind: &str, who: &Identity) -> Verdict {
    let command = kubectl(
        who,
        format_args!("annotate {kind} {} {SKIP_CLEANUP}=true", who.name),
    );
    let message = format!(
        "The platform could not be told of the deletion; wait until it answers, or let go without it, keeping its rows: {command}"
    );
    Verdict::new(Phase::Running, Reason::CleanupFailed, message)
}

async fn not_cleaned<K: Managed>(
    ctx: &Context,
    pass: Pass<K>,
    error: Error,
) -> Result<Action, Error> {
    if matches!(error, Error::Platform(_)) {
        let verdict = cleanup_failed(K::KIND, &pass.who);
        pass.settle(ctx, &verdict, Action::await_change()).await?;
    }
    Err(error)
}

/// Lets a Dataset or an Export go: its runners stop, its pods end, then its rows go. It needs neither
/// Project nor tenant.
pub(crate) async fn cleanup_run<K: Runs>(ctx: &Context, pass: Pass<K>) -> Result<Cleanup, Error> {
    let id = match (departed(ctx, &pass).await?, pass.platform_id()) {
        (true, _) => None,
        (false, Some(id)) => Some(id),
        (false, None) => learn_id(ctx, &pass).await?,
    };
    if let (Some(id), PlatformResource::Dataset) = (id, K::RESOURCE) {
        let fenced = ctx.platform.fence(id, pass.who.uid, &pass.correlation);
        told(&pass, fenced.await)?;
    }
    if job::delete_all(ctx, &pass.who, K::LABEL).await? > 0 {
        let verdict = Verdict::new(Phase::Running, Reason::Deleting, "Its Jobs are ending.");
        let again = Action::requeue(Duration::from_secs(2));
        let again = pass.settle(ctx, &verdict, again).await?;
        return Ok(Cleanup::Waiting(again));
    }
    if let Some(id) = id {
        let policy = policy(ctx, &pass, id).await?;
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
        Err(_) if skips(pass) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// An earlier pass may have died between the platform's answer and the status.
async fn learn_id<K: Runs>(ctx: &Context, pass: &Pass<K>) -> Result<Option<Uuid>, Error> {
    let Some(tenant) = tenancy::tenant(ctx, &pass.who.namespace).await? else {
        return Ok(None);
    };
    match K::learn_id(ctx, pass, tenant).await {
        Ok(id) => Ok(Some(id)),
        // What the platform refuses it does not have.
        Err(PlatformError::Refused(_)) => Ok(None),
        Err(_) if skips(pass) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the annotation asks for, else the live Project's policy, else the one last seen.
async fn policy<K: Runs>(ctx: &Context, pass: &Pass<K>, id: Uuid) -> Result<DeletionPolicy, Error> {
    // It names the rows: one that was left from an earlier resource of this name says nothing of these.
    let named = pass.annotation(DELETE_ROWS).and_then(|id| id.parse().ok());
    if named == Some(id) {
        return Ok(DeletionPolicy::Delete);
    }
    let projects: Api<Project> = Api::namespaced(ctx.client.clone(), &pass.who.namespace);
    let live = projects
        .get_opt(pass.object.project_name())
        .await
        .map_err(Error::kube("reading the Project"))?;
    let seen = pass.object.ledger().deletion_policy;
    let live = live.map(|project| project.spec.deletion_policy());
    Ok(live.or(seen).unwrap_or(DeletionPolicy::Retain))
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
        Err(_) if skips(pass) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn skips<K: Managed>(pass: &Pass<K>) -> bool {
    pass.annotation(SKIP_CLEANUP) == Some("true")
}

/// An object of which only the metadata decodes.
pub(crate) struct Orphan<'a> {
    meta: &'a ObjectMeta,
    error: &'a str,
}

impl<'a> Orphan<'a> {
    pub(crate) fn new(meta: &'a ObjectMeta, error: &'a str) -> Self {
        Self { meta, error }
    }
}

/// What does not decode is named in the log. When it is being deleted it is let go, by its metadata and
/// the id in its status; its rows stay, because the policy it asked for cannot be read.
pub(crate) async fn undecodable<K: Managed>(
    ctx: &Context,
    orphan: Orphan<'_>,
) -> Result<Action, Error> {
    let name = orphan.meta.name.as_deref();
    let name = name.ok_or(Error::Malformed("name"))?;
    let namespace = orphan.meta.namespace.as_deref();
    let namespace = namespace.ok_or(Error::Malformed("namespace"))?;
    if orphan.meta.deletion_timestamp.is_none() {
        let error = orphan.error;
        tracing::warn!(
            kind = K::KIND,
            namespace,
            name,
            error,
            "an object does not decode"
        );
        return Ok(ctx.settled(false));
    }
    let kind = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(ctx.client.clone(), namespace, &kind);
    let found = api.get_opt(name).await;
    let found = found.map_err(Error::kube("reading an object that does not decode"))?;
    let Some(object) = found else {
        return Ok(Action::await_change());
    };
    let uid = object.uid().and_then(|uid| uid.parse().ok());
    let id = object.data.pointer("/status/id");
    let id = id.and_then(|id| id.as_str()?.parse().ok());
    if let (Some(uid), Some(id)) = (uid, id) {
        let policy = DeletionPolicy::Retain;
        let correlation = Uuid::now_v7().to_string();
        let query = DeleteQuery { uid, policy };
        let told_so = ctx.platform.delete(K::RESOURCE, id, &query, &correlation);
        match told_so.await {
            Ok(true) => {}
            Ok(false) => return Ok(Action::requeue(Duration::from_millis(200))),
            Err(error) => {
                error.refusal()?;
            }
        }
    }
    release(&api, name, &object).await
}

/// As [`finalize`], for an object without a static type.
async fn release(
    api: &Api<DynamicObject>,
    name: &str,
    object: &DynamicObject,
) -> Result<Action, Error> {
    let rest: Vec<_> = object
        .finalizers()
        .iter()
        .filter(|f| *f != FINALIZER)
        .collect();
    let patch = serde_json::json!({"metadata": {
        "resourceVersion": object.resource_version(),
        "finalizers": rest,
    }});
    let params = kube::api::PatchParams::default();
    let patch = kube::api::Patch::Merge(&patch);
    let patched = api.patch(name, &params, &patch).await;
    patched.map_err(Error::kube("removing the finalizer"))?;
    Ok(Action::await_change())
}
