//! Whether a Dataset can be worked on. Pure: raw resource in, a valid one or a verdict out.

use datacrowd_crds::{
    Dataset,
    condition::{Phase, Reason, Verdict},
};
use datacrowd_protocol::source::{DeletionPolicy, SourceFormat, SourceUri};

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
    let project = project::usable(found.project.as_ref(), name)?;
    Ok(Valid {
        tenant,
        policy: project.spec.deletion_policy(),
    })
}

/// The platform's bucket is shared: there, a namespace owns the prefix of its name and nothing else.
fn source(pass: &Pass<Dataset>, bucket: &str) -> Result<(), Verdict> {
    let source = &pass.object.spec.source;
    let namespace = &pass.who.namespace;
    let refuse = |reason, message: String| Err(Verdict::new(Phase::Failed, reason, message));
    let uri = match SourceUri::parse(&source.uri) {
        Ok(uri) => uri,
        Err(why) => return refuse(Reason::InvalidSpec, format!("{why}.")),
    };
    if uri.bucket == bucket && !uri.is_below(namespace) {
        let message = format!(
            "source.uri lies outside this namespace's prefix; move the file below s3://{bucket}/{namespace}/ and apply a Dataset under a new name."
        );
        return refuse(Reason::SourceForbidden, message);
    }
    if uri.bucket != bucket && source.credentials_secret_ref.is_none() {
        let message = format!(
            "Bucket {} is not the platform's; name a Secret with its credentials in source.credentialsSecretRef, in a Dataset under a new name.",
            uri.bucket
        );
        return refuse(Reason::InvalidSpec, message);
    }
    if source.format.is_none() && SourceFormat::from_extension(&uri.key).is_none() {
        let message = "The file's name ends in neither .csv nor .jsonl; set source.format to CSV or JSONL, in a Dataset under a new name.";
        return refuse(Reason::InvalidSpec, message.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
