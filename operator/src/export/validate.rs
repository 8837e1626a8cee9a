//! Whether an Export can be worked on. Pure.

use datacrowd_crds::{Export, condition::Verdict};
use datacrowd_protocol::source::DeletionPolicy;

use super::dereference::Found;
use crate::{managed::Pass, project, tenancy};

/// An Export that may be sent to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Valid {
    /// The tenant that the namespace belongs to.
    pub tenant: String,
    /// The live Project's deletion policy.
    pub policy: DeletionPolicy,
}

pub(super) fn validate(pass: &Pass<Export>, found: &Found) -> Result<Valid, Verdict> {
    let tenant = found.tenant.clone();
    let tenant = tenant.ok_or_else(|| tenancy::not_bound(&pass.who.namespace))?;
    let name = &pass.object.spec.project_ref.name;
    let project = project::usable(found.project.as_ref(), name, &pass.who)?;
    Ok(Valid {
        tenant,
        policy: project.spec.deletion_policy(),
    })
}
