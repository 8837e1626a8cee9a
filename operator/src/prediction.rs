//! Reconciles Predictions: dereference → validate → upsert → verdict, and where that leaves work to do, a step of it.

mod status;
mod validate;
mod verdict;
mod work_spec;

use datacrowd_crds::{
    Prediction,
    condition::{ConditionType, RUN_CONDITIONS},
    names::PREDICTION_LABEL,
};
use datacrowd_protocol::{internal::PredictionView, model::ModelState};
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

impl Managed for Prediction {
    const KIND: &'static str = "prediction";
    const RESOURCE: platform::Resource = platform::Resource::Prediction;
    const CONDITIONS: &'static [ConditionType] = &RUN_CONDITIONS;
    type View = PredictionView;

    fn id(view: &PredictionView) -> Uuid {
        view.id.0
    }

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.predictions
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let label = Some(PREDICTION_LABEL);
        let found = dereference(ctx, &pass, &pass.object.spec.project_ref.name).await?;
        let tenant = found.tenant.as_deref();
        let valid = match validate::validate(&pass, &found) {
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
        let spec = work_spec::work_spec(&pass.object, &view, valid, &ctx.settings);
        let settled = ctx.settled(false);
        let model = model_state(ctx, &pass);
        Work::new(ctx, pass, spec, &|prediction, attempts| {
            status::status(prediction, &view, attempts)
        })
        .pass(verdict::verdict(&view, model), settled)
        .await
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        let leftovers = Leftovers {
            label: PREDICTION_LABEL,
            project: pass.object.spec.project_ref.name.clone(),
            policy: work_spec::attempts(&pass.object).deletion_policy,
        };
        lifecycle::cleanup_work(ctx, pass, leftovers).await
    }
}

/// Where the Model that it names stood when it was last seen.
fn model_state(ctx: &Context, pass: &Pass<Prediction>) -> Option<ModelState> {
    let name = &pass.object.spec.model_ref.name;
    let model = ctx.caches.model(&pass.who.namespace, name)?;
    let model = model.0.as_ref().ok()?;
    model.status.as_ref()?.state
}
