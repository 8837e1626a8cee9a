//! Reconciles Projects: validate → upsert → status.

mod cleanup;
mod referrers;
mod status;
mod validate;

use datacrowd_crds::{
    Project,
    condition::{ConditionType, Phase, Reason, STANDING_CONDITIONS, Verdict},
};
use datacrowd_protocol::internal::ProjectView;
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;
use uuid::Uuid;

pub(crate) use validate::usable;

use crate::{
    context::Context,
    error::Error,
    managed::{Cleanup, Managed, Pass},
    platform, report, tenancy,
    upsert::{refused, upsert},
};

impl Managed for Project {
    const KIND: &'static str = "project";
    const RESOURCE: platform::Resource = platform::Resource::Project;
    const CONDITIONS: &'static [ConditionType] = &STANDING_CONDITIONS;
    type View = ProjectView;

    fn id(view: &ProjectView) -> Uuid {
        view.id.0
    }

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.projects
    }

    async fn apply(ctx: &Context, mut pass: Pass<Self>) -> Result<Action, Error> {
        let tenant = tenancy::of_pass(ctx, &pass).await?;
        let tenant = tenant.as_deref();
        let valid = match validate::validate(&pass, tenant) {
            Ok(valid) => valid,
            Err(verdict) => return tenancy::unaccepted(ctx, pass, tenant, verdict, None).await,
        };
        let view = match upsert(ctx, &pass, valid.tenant.clone()).await {
            Ok(view) => view,
            Err(error) => {
                let verdict = refused(&error.refusal()?);
                return tenancy::unaccepted(ctx, pass, tenant, verdict, None).await;
            }
        };
        if view.adopted {
            report::adopted(ctx, &*pass.object).await;
        }
        let verdict = match view.refusal.clone().or(valid.refusal) {
            Some(why) => Verdict::new(Phase::Failed, Reason::InvalidSpec, why),
            None => Verdict::new(Phase::Done, Reason::Accepted, "The Project is in force."),
        };
        let status = status::status(&pass.object, valid.tenant, &view);
        pass.write(ctx, status, &verdict, None).await?;
        Ok(ctx.settled(view.unfinished))
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        cleanup::cleanup(ctx, pass).await
    }
}
