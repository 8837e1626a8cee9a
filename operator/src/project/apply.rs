//! What is done about a valid Project, and how one is let go.

use std::time::Duration;

use datacrowd_crds::{
    Project,
    condition::{Phase, Reason, Verdict},
};
use kube::runtime::controller::Action;

use super::{build, dereference::referrers, status, validate::Valid};
use crate::{
    context::Context,
    error::Error,
    lifecycle,
    managed::{Cleanup, Pass},
    platform::PlatformError,
    report, run, tenancy,
};

/// How soon a Project that waits for its referrers is looked at again.
const IN_USE_SECONDS: u64 = 5;

pub(super) async fn apply(
    ctx: &Context,
    mut pass: Pass<Project>,
    valid: Valid,
) -> Result<Action, Error> {
    let body = build::upsert(&pass, valid.tenant.clone());
    let view = match ctx.platform.project(&body, &pass.correlation).await {
        Ok(view) => view,
        Err(error) => {
            let verdict = run::refused(&error.refusal()?);
            let tenant = Some(body.tenant.as_str());
            return tenancy::unaccepted(ctx, pass, tenant, verdict, None).await;
        }
    };
    if view.adopted {
        let text = "The rows of an earlier resource of this name were taken over.";
        report::note(ctx, &*pass.object, "Adopted", text).await;
    }
    let refusal = view.refusal.clone().or(valid.refusal);
    let verdict = match refusal {
        Some(why) => Verdict::new(Phase::Failed, Reason::InvalidSpec, why),
        None => Verdict::new(Phase::Done, Reason::Accepted, "The Project is in force."),
    };
    let status = status::status(&pass.object, valid.tenant, &view);
    pass.write(ctx, status, &verdict, None).await?;
    Ok(ctx.settled(view.unfinished))
}

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

/// An earlier pass may have died between the platform's answer and the status.
async fn learn_id(ctx: &Context, pass: &Pass<Project>) -> Result<Option<uuid::Uuid>, Error> {
    let Some(tenant) = tenancy::tenant(ctx, &pass.who.namespace).await? else {
        return Ok(None);
    };
    let body = build::upsert(pass, tenant);
    match ctx.platform.project(&body, &pass.correlation).await {
        Ok(view) => Ok(Some(view.id.0)),
        Err(PlatformError::Refused(_)) => Ok(None),
        Err(_) if lifecycle::skips(pass) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
