//! Reconciles Models: dereference → validate → upsert → verdict, and where that leaves work to do, a step of it.

mod predictions;
mod predictors;
mod status;
mod validate;
mod verdict;
mod work_spec;

use datacrowd_crds::{
    Model,
    condition::{ConditionType, RUN_CONDITIONS},
    names::MODEL_LABEL,
};
use datacrowd_protocol::internal::ModelView;
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    context::Context,
    dereference::dereference,
    error::Error,
    lifecycle::{self, Leftovers},
    managed::{Cleanup, Managed, Pass},
    platform, tenancy,
    upsert::{refused, upsert},
    work::Work,
};

impl Managed for Model {
    const KIND: &'static str = "model";
    const RESOURCE: platform::Resource = platform::Resource::Model;
    const CONDITIONS: &'static [ConditionType] = &RUN_CONDITIONS;
    type View = ModelView;

    fn id(view: &ModelView) -> Uuid {
        view.id.0
    }

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.models
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let label = Some(MODEL_LABEL);
        let found = dereference(ctx, &pass, &pass.object.spec.project_ref.name).await?;
        let tenant = found.tenant.as_deref();
        let valid = match validate::validate(&pass, &found, &ctx.settings.bucket) {
            Ok(valid) => valid,
            Err(verdict) => return tenancy::unaccepted(ctx, pass, tenant, verdict, label).await,
        };
        let view = match upsert(ctx, &pass, valid.tenant.clone()).await {
            Ok(view) => view,
            Err(error) => {
                let verdict = refused(&error.refusal()?);
                return tenancy::unaccepted(ctx, pass, tenant, verdict, label).await;
            }
        };
        let predictors = predictors::ensure(ctx, &pass, view.id, view.state).await?;
        predictions::ensure(ctx, &pass, view.state).await?;
        let spec = work_spec::work_spec(&pass.object, &view, valid, &ctx.settings);
        let settled = ctx.settled(false);
        Work::new(ctx, pass, spec, &|model, attempts| {
            status::status(model, &view, attempts, predictors)
        })
        .pass(verdict::verdict(&view), settled)
        .await
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        let leftovers = Leftovers {
            label: MODEL_LABEL,
            project: pass.object.spec.project_ref.name.clone(),
            policy: pass.status().deletion_policy,
        };
        lifecycle::cleanup_work(ctx, pass, leftovers).await
    }
}
