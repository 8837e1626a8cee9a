//! Reconciles Projects: five calls, from what is asked to what is said about it.

mod apply;
mod build;
mod dereference;
mod status;
mod validate;

use datacrowd_crds::{
    Project,
    condition::{ConditionType, PROJECT_CONDITIONS},
};
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;

pub(crate) use validate::usable;

use crate::{
    context::Context,
    error::Error,
    managed::{Cleanup, Managed, Pass},
    platform, tenancy,
};

impl Managed for Project {
    const KIND: &'static str = "project";
    const RESOURCE: platform::Resource = platform::Resource::Project;
    const CONDITIONS: &'static [ConditionType] = &PROJECT_CONDITIONS;

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.projects
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let found = dereference::dereference(ctx, &pass).await?;
        match validate::validate(&pass, &found) {
            Ok(valid) => apply::apply(ctx, pass, valid).await,
            Err(verdict) => {
                let tenant = found.tenant.as_deref();
                tenancy::unaccepted(ctx, pass, tenant, verdict, None).await
            }
        }
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        apply::cleanup(ctx, pass).await
    }
}
