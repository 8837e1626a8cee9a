//! Reconciles Exports: five calls, from what is asked to what is said about it.

mod apply;
mod build;
mod dereference;
mod status;
mod validate;

use datacrowd_crds::{
    Export,
    condition::{ConditionType, RUN_CONDITIONS},
    names::EXPORT_LABEL,
};
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;

use crate::{
    context::Context,
    error::Error,
    lifecycle,
    managed::{Cleanup, Managed, Pass},
    platform, tenancy,
};

impl Managed for Export {
    const KIND: &'static str = "export";
    const RESOURCE: platform::Resource = platform::Resource::Export;
    const CONDITIONS: &'static [ConditionType] = &RUN_CONDITIONS;

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.exports
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let found = dereference::dereference(ctx, &pass).await?;
        match validate::validate(&pass, &found) {
            Ok(valid) => apply::apply(ctx, pass, valid).await,
            Err(verdict) => {
                let tenant = found.tenant.as_deref();
                tenancy::unaccepted(ctx, pass, tenant, verdict, Some(EXPORT_LABEL)).await
            }
        }
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        lifecycle::cleanup_run(ctx, pass).await
    }
}
