//! Reconciles Exports: dereference → validate → upsert → verdict, and where that leaves work to do, a step of it.

mod status;
mod validate;
mod verdict;
mod work_spec;

use std::time::Duration;

use datacrowd_crds::{
    Export,
    condition::{ConditionType, RUN_CONDITIONS},
    names::EXPORT_LABEL,
};
use datacrowd_protocol::internal::ExportView;
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

impl Managed for Export {
    const KIND: &'static str = "export";
    const RESOURCE: platform::Resource = platform::Resource::Export;
    const CONDITIONS: &'static [ConditionType] = &RUN_CONDITIONS;
    type View = ExportView;

    fn id(view: &ExportView) -> Uuid {
        view.id.0
    }

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.exports
    }

    async fn apply(ctx: &Context, pass: Pass<Self>) -> Result<Action, Error> {
        let label = Some(EXPORT_LABEL);
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
        let settled = until(ctx, &view);
        Work::new(ctx, pass, spec, &|export, attempts| {
            status::status(export, &view, attempts)
        })
        .pass(verdict::verdict(&view), settled)
        .await
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        let leftovers = Leftovers {
            label: EXPORT_LABEL,
            project: pass.object.spec.project_ref.name.clone(),
            policy: pass.status().deletion_policy,
        };
        lifecycle::cleanup_work(ctx, pass, leftovers).await
    }
}

/// The next look at a finished export: when the file expires, or sooner.
fn until(ctx: &Context, view: &ExportView) -> Action {
    let left = view
        .expires_at
        .map(|at| at.timestamp() - ctx.now().0.as_second());
    match left.and_then(|left| u64::try_from(left).ok()) {
        Some(left) if left < 300 => Action::requeue(Duration::from_secs(left.max(5) + 5)),
        _ => ctx.settled(false),
    }
}
