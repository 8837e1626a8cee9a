//! What a Dataset, an Export, a Model, a Prediction or a Webhook stands in: the namespace's tenant, and the Project that it names, as they were last seen.

use std::sync::Arc;

use datacrowd_crds::{Project, condition::Verdict};
use datacrowd_protocol::source::DeletionPolicy;
use kube::Api;

use crate::{
    context::Context,
    error::Error,
    guarded::Guarded,
    managed::{Identity, Managed, Pass},
    project, tenancy,
};

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The tenant that the namespace belongs to.
    pub tenant: Option<String>,
    /// The Project that `projectRef` names.
    pub project: Option<Arc<Guarded<Project>>>,
}

/// A resource that may be sent to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Valid {
    /// The tenant that the namespace belongs to.
    pub tenant: String,
    /// The Project's deletion policy.
    pub policy: DeletionPolicy,
}

pub(crate) async fn dereference<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
    project: &str,
) -> Result<Found, Error> {
    let namespace = &pass.who.namespace;
    let found = ctx.caches.project(namespace, project);
    if found.as_ref().is_some_and(|project| project.0.is_err()) {
        // Reading it says what is wrong with it; if nothing is any more, the watch will bring it.
        let projects: Api<Project> = Api::namespaced(ctx.client.clone(), namespace);
        let read = projects.get_opt(project).await;
        read.map_err(Error::kube("reading the Project"))?;
        return Err(Error::Conflict);
    }
    Ok(Found {
        tenant: tenancy::of_pass(ctx, pass).await?,
        project: found,
    })
}

impl Found {
    /// The tenant, or the verdict on a namespace that has none.
    pub(crate) fn tenant(&self, namespace: &str) -> Result<String, Verdict> {
        let tenant = self.tenant.clone();
        tenant.ok_or_else(|| tenancy::not_bound(namespace))
    }

    /// The deletion policy of the Project, or the verdict on one that cannot be used.
    pub(crate) fn policy(&self, project: &str, who: &Identity) -> Result<DeletionPolicy, Verdict> {
        let found = self.project.as_deref();
        let found = found.and_then(|found| found.0.as_ref().ok());
        let project = project::usable(found, project, who)?;
        Ok(project.spec.deletion_policy())
    }
}
