//! Whether a Dataset can be worked on. Pure: raw resource in, a valid one or a verdict out.

use datacrowd_crds::{
    Dataset,
    condition::{Phase, Reason, Verdict},
};
use datacrowd_protocol::{
    object::{OriginError, PlatformBucket},
    source::{DeletionPolicy, SourceFormat},
};

use super::dereference::Found;
use crate::{managed::Pass, project, tenancy};

/// A Dataset that may be sent to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Valid {
    /// The tenant that the namespace belongs to.
    pub tenant: String,
    /// The live Project's deletion policy.
    pub policy: DeletionPolicy,
}

pub(super) fn validate(
    pass: &Pass<Dataset>,
    found: &Found,
    bucket: &str,
) -> Result<Valid, Verdict> {
    let namespace = &pass.who.namespace;
    let tenant = found.tenant.clone();
    let tenant = tenant.ok_or_else(|| tenancy::not_bound(namespace))?;
    source(pass, bucket)?;
    let name = &pass.object.spec.project_ref.name;
    let project = project::usable(found.project.as_ref(), name, &pass.who)?;
    Ok(Valid {
        tenant,
        policy: project.spec.deletion_policy(),
    })
}

/// What the namespace may name as its source, and what the file's name says of its format.
fn source(pass: &Pass<Dataset>, bucket: &str) -> Result<(), Verdict> {
    let source = &pass.object.spec.source;
    let refuse = |reason, message: String| Err(Verdict::new(Phase::Failed, reason, message));
    let own_credentials = source.credentials_secret_ref.is_some();
    let bucket = PlatformBucket::new(bucket);
    if let Err(why) = bucket.origin(&pass.who.namespace, &source.uri, own_credentials) {
        let reason = match why {
            OriginError::Malformed(_) | OriginError::OtherBucket { .. } => Reason::InvalidSpec,
            OriginError::OtherPrefix { .. } | OriginError::Result { .. } => Reason::SourceForbidden,
        };
        return refuse(reason, format!("{why}, in a Dataset under a new name."));
    }
    if source.format.is_none() && SourceFormat::from_extension(&source.uri).is_none() {
        let message = "The file's name ends in neither .csv nor .jsonl; set source.format to CSV or JSONL, in a Dataset under a new name.";
        return refuse(Reason::InvalidSpec, message.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
