//! Everything a Dataset points at, read once per pass.

use datacrowd_crds::{Dataset, Project};
use kube::Api;

use crate::{context::Context, error::Error, managed::Pass, tenancy};

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The tenant that the namespace belongs to.
    pub tenant: Option<String>,
    /// The Project that `projectRef` names.
    pub project: Option<Project>,
}

pub(super) async fn dereference(ctx: &Context, pass: &Pass<Dataset>) -> Result<Found, Error> {
    let name = &pass.object.spec.project_ref.name;
    let projects = Api::namespaced(ctx.client.clone(), &pass.who.namespace);
    Ok(Found {
        tenant: tenancy::tenant(ctx, &pass.who.namespace).await?,
        project: projects
            .get_opt(name)
            .await
            .map_err(Error::kube("reading the Project"))?,
    })
}
