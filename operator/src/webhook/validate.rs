//! Whether a Webhook can be sent to the platform.

use datacrowd_crds::{Webhook, condition::Verdict};

use crate::{context::Context, dereference::dereference, error::Error, managed::Pass, tenancy};

/// The tenant that the namespace belongs to, when the Project that the spec names, if any, may be used.
pub(super) async fn validate(
    ctx: &Context,
    pass: &Pass<Webhook>,
    tenant: Option<&str>,
) -> Result<Result<String, Verdict>, Error> {
    let Some(tenant) = tenant else {
        return Ok(Err(tenancy::not_bound(&pass.who.namespace)));
    };
    if let Some(project) = &pass.object.spec.project_ref {
        let found = dereference(ctx, pass, &project.name).await?;
        if let Err(verdict) = found.policy(&project.name, &pass.who) {
            return Ok(Err(verdict));
        }
    }
    Ok(Ok(tenant.to_owned()))
}
