//! How a Project is let go: after everything that refers to it.

use std::time::Duration;

use datacrowd_crds::{
    Project,
    condition::{Phase, Reason, Verdict},
};
use kube::runtime::controller::Action;

use super::referrers::referrers;
use crate::{
    context::Context,
    error::Error,
    lifecycle,
    managed::{Cleanup, Pass},
    platform::PlatformError,
    upsert::learn_id,
};

/// How soon a Project that waits for its referrers is looked at again.
const IN_USE_SECONDS: u64 = 5;

/// A Project in use stays, and says who uses it.
pub(super) async fn cleanup(ctx: &Context, pass: Pass<Project>) -> Result<Cleanup, Error> {
    let users = referrers(ctx, &pass).await?;
    if !users.is_empty() {
        return in_use(ctx, pass, &users.join(", ")).await;
    }
    if lifecycle::departed(ctx, &pass).await? {
        return Ok(Cleanup::Done);
    }
    let id = match pass.platform_id() {
        Some(id) => Some(id),
        None => learn_id(ctx, &pass).await?,
    };
    let Some(id) = id else {
        return Ok(Cleanup::Done);
    };
    let policy = pass.object.spec.deletion_policy();
    match lifecycle::delete(ctx, &pass, id, policy).await {
        Err(Error::Platform(PlatformError::Refused(refusal))) if refusal.code == "in_use" => {
            in_use(ctx, pass, "resources of another cluster or name").await
        }
        result => result.map(|_| Cleanup::Done),
    }
}

async fn in_use(ctx: &Context, pass: Pass<Project>, users: &str) -> Result<Cleanup, Error> {
    let message = format!("The Project cannot go while others refer to it; delete them: {users}");
    let verdict = Verdict::new(Phase::Waiting, Reason::InUse, message);
    let again = Action::requeue(Duration::from_secs(IN_USE_SECONDS));
    Ok(Cleanup::Waiting(pass.settle(ctx, &verdict, again).await?))
}
