//! Whether a Dataset can be worked on. Pure: raw resource in, a valid one or a verdict out.

use datacrowd_crds::{
    Dataset,
    condition::{Phase, Reason, Verdict},
};
use datacrowd_protocol::{
    object::{OriginError, PlatformBucket},
    source::SourceFormat,
};

use crate::{
    dereference::{Found, Valid},
    managed::Pass,
};

pub(super) fn validate(
    pass: &Pass<Dataset>,
    found: &Found,
    bucket: &str,
) -> Result<Valid, Verdict> {
    let tenant = found.tenant(&pass.who.namespace)?;
    source(pass, bucket)?;
    let policy = found.policy(&pass.object.spec.project_ref.name, &pass.who)?;
    Ok(Valid { tenant, policy })
}

/// What the namespace may name as its source, and what it is.
fn source(pass: &Pass<Dataset>, bucket: &str) -> Result<(), Verdict> {
    let source = &pass.object.spec.source;
    let refuse = |reason, message: String| Err(Verdict::new(Phase::Failed, reason, message));
    if let Err((member, why)) = pass.object.spec.inbox_only() {
        let message = format!("spec.{member} {why}, in a Dataset under a new name.");
        return refuse(Reason::InvalidSpec, message);
    }
    let kind = source.kind();
    if matches!(kind, Ok((SourceFormat::Inbox, _))) {
        return Ok(());
    }
    if source.uri.is_empty() {
        let why = kind.err().unwrap_or_default();
        return refuse(
            Reason::InvalidSpec,
            format!("{why}, in a Dataset under a new name."),
        );
    }
    let own_credentials = source.credentials_secret_ref.is_some();
    let bucket = PlatformBucket::new(bucket);
    if let Err(why) = bucket.origin(&pass.who.namespace, &source.uri, own_credentials) {
        let reason = match why {
            OriginError::Malformed(_)
            | OriginError::OtherBucket { .. }
            | OriginError::OwnFolder { .. } => Reason::InvalidSpec,
            OriginError::OtherPrefix { .. }
            | OriginError::Result { .. }
            | OriginError::Unpacked { .. } => Reason::SourceForbidden,
        };
        return refuse(reason, format!("{why}, in a Dataset under a new name."));
    }
    match kind {
        Ok(_) => Ok(()),
        Err(why) => refuse(
            Reason::InvalidSpec,
            format!("{why}, in a Dataset under a new name."),
        ),
    }
}

#[cfg(test)]
mod tests;
