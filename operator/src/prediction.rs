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
use datacrowd_protocol::internal::PredictionView;
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
use verdict::Inputs;

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
        let inputs = inputs(ctx, &pass);
        Work::new(ctx, pass, spec, &|prediction, attempts| {
            status::status(prediction, &view, attempts)
        })
        .pass(verdict::verdict(&view, inputs), settled)
        .await
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        let leftovers = Leftovers {
            label: PREDICTION_LABEL,
            project: pass.object.spec.project_ref.name.clone(),
            policy: pass.status().deletion_policy,
        };
        lifecycle::cleanup_work(ctx, pass, leftovers).await
    }
}

/// The Model and the Dataset that it names, as they were last seen.
fn inputs(ctx: &Context, pass: &Pass<Prediction>) -> Inputs {
    let (namespace, spec) = (&pass.who.namespace, &pass.object.spec);
    let model = ctx.caches.model(namespace, &spec.model_ref.name);
    Inputs {
        model: model.map(|model| model.0.as_ref().ok()?.status.as_ref()?.state),
        has_dataset: ctx.caches.has_dataset(namespace, &spec.dataset_ref.name),
    }
}
