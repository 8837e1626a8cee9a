//! Reconciles Datasets: five calls, from what is asked to what is said about it.

mod apply;
mod build;
mod dereference;
mod status;
mod validate;

use datacrowd_crds::{
    Dataset,
    condition::{ConditionType, RUN_CONDITIONS},
};
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;

use crate::{
    context::Context,
    error::Error,
    lifecycle,
    managed::{Cleanup, Managed, Pass},
    platform,
};

impl Managed for Dataset {
    const KIND: &'static str = "dataset";
    const RESOURCE: platform::Resource = platform::Resource::Dataset;
    const CONDITIONS: &'static [ConditionType] = &RUN_CONDITIONS;

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.datasets
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let found = dereference::dereference(ctx, &pass).await?;
        match validate::validate(&pass, &found, &ctx.settings.bucket) {
            Ok(valid) => apply::apply(ctx, pass, valid).await,
            Err(verdict) => pass.settle(ctx, &verdict, ctx.poll()).await,
        }
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        lifecycle::cleanup_run(ctx, pass).await
    }
}
