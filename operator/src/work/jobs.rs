//! Jobs as objects of the cluster: reading, creating, suspending and removing them. What a Job looks
//! like is in `manifest`, what it says in `outcome`; both are pure.

use datacrowd_crds::{dataset::JobRef, names::OPERATOR_MANAGER};
use k8s_openapi::{
    api::{
        batch::v1::Job,
        core::v1::{Event, ObjectReference, Pod},
    },
    jiff::Timestamp,
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::json;

use super::outcome;
use crate::{
    context::Context,
    error::{Error, has_code, is_terminating, refused},
    managed::Identity,
};

/// Label that says who made a Job.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// How long a finished Job is kept, once its outcome is in the status.
const TTL_SECONDS: i32 = 3600;

/// Events of a Job that are looked at; repeats are counted in one.
const MOST_EVENTS: u32 = 20;

/// How creating a Job went.
pub(crate) enum Created {
    /// It is there, and ours.
    Ours(Box<Job>),
    /// A Job of this name belongs to someone else.
    Foreign,
    /// The namespace does not take it now.
    Refused(String),
    /// The namespace is being deleted.
    NamespaceTerminating,
}

fn jobs(ctx: &Context, namespace: &str) -> Api<Job> {
    Api::namespaced(ctx.client.clone(), namespace)
}

/// Whether a Job belongs to this incarnation of the object.
pub(crate) fn is_owned_by(job: &Job, who: &Identity) -> bool {
    let uid = who.uid.to_string();
    job.owner_references().iter().any(|owner| owner.uid == uid)
}

/// Whether a Job has come to an end.
pub(crate) fn is_finished(job: &Job) -> bool {
    let conditions = job.status.as_ref().and_then(|s| s.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|c| c.status == "True" && matches!(c.type_.as_str(), "Complete" | "Failed"))
}

/// The Job as it is now: the watch brings metadata only.
pub(crate) async fn get(ctx: &Context, namespace: &str, name: &str) -> Result<Option<Job>, Error> {
    let jobs = jobs(ctx, namespace);
    jobs.get_opt(name)
        .await
        .map_err(Error::kube("reading the Job"))
}

/// The Job's pods.
pub(crate) async fn pods(ctx: &Context, namespace: &str, name: &str) -> Result<Vec<Pod>, Error> {
    let pods: Api<Pod> = Api::namespaced(ctx.client.clone(), namespace);
    let of_job = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={name}"));
    let list = pods
        .list(&of_job)
        .await
        .map_err(Error::kube("listing the Job's pods"))?;
    Ok(list.items)
}

/// Why the cluster refused the pod that the Job should have now: a quota, Pod Security, a missing ServiceAccount. Only
/// the Job controller is told, and it says so in an Event.
pub(crate) async fn refusal(
    ctx: &Context,
    namespace: &str,
    job: &Job,
    pods: &[Pod],
) -> Result<Option<String>, Error> {
    if is_finished(job) || !outcome::lacks_pod(job, pods) {
        return Ok(None);
    }
    let events: Api<Event> = Api::namespaced(ctx.client.clone(), namespace);
    let uid = job.uid().unwrap_or_default();
    let of_job = ListParams::default()
        .fields(&format!("involvedObject.uid={uid},reason=FailedCreate"))
        .limit(MOST_EVENTS);
    let list = match events.list(&of_job).await {
        Ok(list) => list.items,
        // A reason more is not worth a pass: an older role does not let us read it.
        Err(error) if has_code(&error, 403) => return Ok(None),
        Err(error) => return Err(Error::kube("reading the Job's Events")(error)),
    };
    let last_pod = pods.iter().filter_map(ResourceExt::creation_timestamp);
    let last_pod = last_pod.map(|at| at.0).max();
    let newest = list.into_iter().max_by_key(said_at);
    let newest = newest.filter(|event| said_at(event) >= last_pod);
    let message = newest.and_then(|event| event.message);
    Ok(message.map(|message| stable(&message).trim_end_matches('.').to_owned()))
}

fn said_at(event: &Event) -> Option<Timestamp> {
    let exact = event.event_time.as_ref().map(|at| at.0);
    event.last_timestamp.as_ref().map(|at| at.0).or(exact)
}

/// Creates the Job, or finds the one an earlier pass created.
pub(crate) async fn create(ctx: &Context, who: &Identity, job: &Job) -> Result<Created, Error> {
    let jobs = jobs(ctx, &who.namespace);
    let params = PostParams {
        field_manager: Some(OPERATOR_MANAGER.into()),
        ..PostParams::default()
    };
    let error = match jobs.create(&params, job).await {
        Ok(job) => return Ok(Created::Ours(Box::new(job))),
        Err(error) => error,
    };
    if has_code(&error, 409) {
        let Some(found) = get(ctx, &who.namespace, &job.name_any()).await? else {
            return Err(Error::Conflict);
        };
        return Ok(match is_owned_by(&found, who) {
            true => Created::Ours(Box::new(found)),
            false => Created::Foreign,
        });
    }
    if let Some(status) = refused(&error).filter(|status| status.code == 403) {
        return Ok(match is_terminating(status) {
            true => Created::NamespaceTerminating,
            false => Created::Refused(stable(&status.message).to_owned()),
        });
    }
    Err(Error::kube("creating the Job")(error))
}

/// The part of a refusal that stays the same from try to try: without the Job's name in front and the
/// quota's numbers behind.
fn stable(message: &str) -> &str {
    let why = message
        .split_once("is forbidden: ")
        .map_or(message, |(_, why)| why);
    why.split_once(", requested: ").map_or(why, |(why, _)| why)
}

/// Holds a running Job, or lets it go on.
pub(crate) async fn suspend(ctx: &Context, job: &Job, hold: bool) -> Result<(), Error> {
    patch(ctx, job, &json!({"spec": {"suspend": hold}})).await
}

/// Gives a Job a lifetime that begins with its end. Only after its outcome is in the status or on the platform:
/// a lifetime set at creation would lose the outcome while the operator is away.
pub(crate) async fn let_expire(ctx: &Context, job: &Job) -> Result<(), Error> {
    let marked = job
        .spec
        .as_ref()
        .is_some_and(|s| s.ttl_seconds_after_finished.is_some());
    if marked || job.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let ttl = json!({"spec": {"ttlSecondsAfterFinished": TTL_SECONDS}});
    patch(ctx, job, &ttl).await
}

async fn patch(ctx: &Context, job: &Job, patch: &serde_json::Value) -> Result<(), Error> {
    let jobs = jobs(ctx, &job.namespace().unwrap_or_default());
    let params = PatchParams {
        field_manager: Some(OPERATOR_MANAGER.into()),
        ..PatchParams::default()
    };
    match jobs
        .patch(&job.name_any(), &params, &Patch::Merge(patch))
        .await
    {
        Err(error) if !has_code(&error, 404) => Err(Error::kube("patching the Job")(error)),
        _ => Ok(()),
    }
}

/// Jobs of this installation that count against a namespace's cap.
pub(crate) async fn running(ctx: &Context, namespace: &str) -> Result<usize, Error> {
    let ours = ListParams::default().labels(&format!("{MANAGED_BY}={OPERATOR_MANAGER}"));
    let list = jobs(ctx, namespace)
        .list(&ours)
        .await
        .map_err(Error::kube("counting Jobs"))?;
    let suspended = |job: &Job| job.spec.as_ref().is_some_and(|s| s.suspend == Some(true));
    let counted = list
        .iter()
        .filter(|job| !is_finished(job) && !suspended(job));
    Ok(counted.count())
}

/// Deletes every Job of an object, pods first; returns how many are still there.
pub(crate) async fn delete_all(ctx: &Context, who: &Identity, label: &str) -> Result<usize, Error> {
    let jobs = jobs(ctx, &who.namespace);
    let selector = ListParams::default().labels(&format!("{label}={}", who.name));
    let list = jobs
        .list(&selector)
        .await
        .map_err(Error::kube("listing Jobs"))?;
    let mut left = 0;
    for job in list.iter().filter(|job| is_owned_by(job, who)) {
        left += 1;
        if job.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: job.uid(),
                resource_version: None,
            }),
            ..DeleteParams::foreground()
        };
        match jobs.delete(&job.name_any(), &params).await {
            Err(error) if !has_code(&error, 404) && !has_code(&error, 409) => {
                return Err(Error::kube("deleting a Job")(error));
            }
            _ => {}
        }
    }
    Ok(left)
}

/// Name and uid, for the status.
pub(crate) fn job_ref(job: &Job) -> JobRef {
    JobRef {
        name: job.name_any(),
        uid: job.uid().unwrap_or_default(),
    }
}

/// A reference, for Events.
pub(crate) fn reference(namespace: &str, job: &JobRef) -> ObjectReference {
    ObjectReference {
        api_version: Some("batch/v1".into()),
        kind: Some("Job".into()),
        namespace: Some(namespace.into()),
        name: Some(job.name.clone()),
        uid: Some(job.uid.clone()),
        ..ObjectReference::default()
    }
}
