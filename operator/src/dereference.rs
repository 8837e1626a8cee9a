//! What a Dataset or an Export stands in: the namespace's tenant, and the Project that it names. Read once per pass.

use datacrowd_crds::{Project, condition::Verdict};
use datacrowd_protocol::source::DeletionPolicy;
use kube::Api;

use crate::{
    context::Context,
    error::Error,
    managed::{Identity, Managed, Pass},
    project, tenancy,
};

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The tenant that the namespace belongs to.
    pub tenant: Option<String>,
    /// The Project that `projectRef` names.
    pub project: Option<Project>,
}

/// A resource that may be sent to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Valid {
    /// The tenant that the namespace belongs to.
    pub tenant: String,
    /// The live Project's deletion policy.
    pub policy: DeletionPolicy,
}

pub(crate) async fn dereference<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
    project: &str,
) -> Result<Found, Error> {
    let projects = Api::namespaced(ctx.client.clone(), &pass.who.namespace);
    Ok(Found {
        tenant: tenancy::tenant(ctx, &pass.who.namespace).await?,
        project: projects
            .get_opt(project)
            .await
            .map_err(Error::kube("reading the Project"))?,
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
        let project = project::usable(self.project.as_ref(), project, who)?;
        Ok(project.spec.deletion_policy())
    }
}
