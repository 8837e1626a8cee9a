//! Reconciles Datasets: dereference → validate → upsert → verdict, and where that leaves work to do, a step of it.

mod status;
mod validate;
mod verdict;
mod work_spec;

use datacrowd_crds::{
    Dataset,
    condition::{ConditionType, RUN_CONDITIONS},
    names::DATASET_LABEL,
};
use datacrowd_protocol::internal::DatasetView;
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    context::Context,
    dereference::dereference,
    error::Error,
    lifecycle::{self, Leftovers},
    managed::{Cleanup, Managed, Pass},
    platform, report, tenancy,
    upsert::{refused, upsert},
    work::Work,
};

impl Managed for Dataset {
    const KIND: &'static str = "dataset";
    const RESOURCE: platform::Resource = platform::Resource::Dataset;
    const CONDITIONS: &'static [ConditionType] = &RUN_CONDITIONS;
    type View = DatasetView;

    fn id(view: &DatasetView) -> Uuid {
        view.id.0
    }

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.datasets
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let label = Some(DATASET_LABEL);
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
        if view.adopted {
            report::adopted(ctx, &*pass.object).await;
        }
        let spec = work_spec::work_spec(&pass.object, &view, valid, &ctx.settings);
        // Models come and go beside an inbox.
        let settled = ctx.settled(view.unfinished || view.warm_models.is_some());
        let suspended = pass.object.spec.suspended();
        Work::new(ctx, pass, spec, &|dataset, attempts| {
            status::status(dataset, &view, attempts)
        })
        .pass(verdict::verdict(&view, suspended), settled)
        .await
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        let leftovers = Leftovers {
            label: DATASET_LABEL,
            project: pass.object.spec.project_ref.name.clone(),
            policy: pass.status().deletion_policy,
        };
        lifecycle::cleanup_work(ctx, pass, leftovers).await
    }
}
