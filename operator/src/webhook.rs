//! Reconciles Webhooks: validate → upsert → status. No Job works for them.

mod status;
mod validate;
mod verdict;

use datacrowd_crds::{
    Webhook,
    condition::{ConditionType, STANDING_CONDITIONS},
};
use datacrowd_protocol::{
    internal::{WebhookState, WebhookView},
    source::DeletionPolicy,
};
use kube::runtime::controller::Action;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    context::Context,
    error::Error,
    lifecycle,
    managed::{Cleanup, Managed, Pass},
    platform, report, tenancy,
    upsert::{learn_id, refused, upsert},
};

impl Managed for Webhook {
    const KIND: &'static str = "webhook";
    const RESOURCE: platform::Resource = platform::Resource::Webhook;
    const CONDITIONS: &'static [ConditionType] = &STANDING_CONDITIONS;
    type View = WebhookView;

    fn id(view: &WebhookView) -> Uuid {
        view.id
    }

    fn width(ctx: &Context) -> &Semaphore {
        &ctx.webhooks
    }

    async fn apply(ctx: &Context, mut pass: Pass<Self>) -> Result<Action, Error> {
        let tenant = tenancy::of_pass(ctx, &pass).await?;
        let tenant = tenant.as_deref();
        let valid = match validate::validate(ctx, &pass, tenant).await? {
            Ok(valid) => valid,
            Err(verdict) => return tenancy::unaccepted(ctx, pass, tenant, verdict, None).await,
        };
        let view = match upsert(ctx, &pass, valid).await {
            Ok(view) => view,
            Err(error) => {
                let verdict = refused(&error.refusal()?);
                return tenancy::unaccepted(ctx, pass, tenant, verdict, None).await;
            }
        };
        if view.adopted {
            report::adopted(ctx, &*pass.object).await;
        }
        let verdict = verdict::verdict(&pass.who, &view);
        let status = status::status(&pass.object, &view);
        pass.write(ctx, status, &verdict, None).await?;
        // Nobody wakes a pass when a receiver fails or recovers.
        Ok(ctx.settled(view.state != WebhookState::Suspended))
    }

    async fn cleanup(ctx: &Context, pass: Pass<Self>) -> Result<Cleanup, Error> {
        let id = match (lifecycle::departed(ctx, &pass).await?, pass.platform_id()) {
            (true, _) => None,
            (false, Some(id)) => Some(id),
            (false, None) => learn_id(ctx, &pass).await?,
        };
        if let Some(id) = id {
            // Its record is of no use without the address: either policy lets it go.
            lifecycle::delete(ctx, &pass, id, DeletionPolicy::Retain).await?;
        }
        Ok(Cleanup::Done)
    }
}
