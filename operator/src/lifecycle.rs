//! From finalizer to finalizer: which pass an object gets, how its errors show, and how it is let go.

mod cleanup;
mod undecodable;

use std::sync::Arc;

use datacrowd_crds::{
    condition::{self, ConditionStatus, ConditionType, Phase, Reason, Verdict},
    names::{FINALIZER, SKIP_CLEANUP},
};
use kube::{
    Api, Resource, ResourceExt,
    runtime::{
        controller::Action,
        finalizer::{self, finalizer},
    },
};

pub(crate) use cleanup::{Leftovers, cleanup_work, delete, departed, skips_cleanup};
pub(crate) use undecodable::{Orphan, undecodable};

use crate::{
    command::kubectl,
    context::Context,
    error::Error,
    managed::{Cleanup, Identity, Managed, Pass, StatusShape},
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
