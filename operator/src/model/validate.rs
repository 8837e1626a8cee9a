//! Whether a Model can be worked on. Pure: raw resource in, a valid one or a verdict out.

use datacrowd_crds::{
    Model,
    condition::{Phase, Reason, Verdict},
};
use datacrowd_protocol::object::{Origin, OriginError, PlatformBucket};

use crate::{
    dereference::{Found, Valid},
    managed::Pass,
};

pub(super) fn validate(pass: &Pass<Model>, found: &Found, bucket: &str) -> Result<Valid, Verdict> {
    let tenant = found.tenant(&pass.who.namespace)?;
    let spec = &pass.object.spec;
    source(&spec.source.uri, &pass.who.namespace, bucket)?;
    let violations = spec.input.violations();
    if !violations.is_empty() {
        let told = violations.iter().take(5);
        let told: Vec<_> = told
            .map(|(path, why)| format!("spec.{path} {why}"))
            .collect();
        return Err(refuse(Reason::InvalidSpec, &told.join("; ")));
    }
    let policy = found.policy(&spec.project_ref.name, &pass.who)?;
    Ok(Valid { tenant, policy })
}

/// What the namespace may name as a model's file: the rule of sources, without folders and buckets of its own.
fn source(uri: &str, namespace: &str, bucket: &str) -> Result<(), Verdict> {
    let bucket = PlatformBucket::new(bucket);
    match bucket.origin(namespace, uri, false) {
        Ok(Origin::Platform(_)) => Ok(()),
        Ok(Origin::Folder(_) | Origin::Own(_)) => {
            let why = "source.uri ends in /, so it names a folder; name the model's file";
            Err(refuse(Reason::InvalidSpec, why))
        }
        // Its own words speak of a Secret, which a Model has none of.
        Err(OriginError::OtherBucket { bucket, prefix }) => {
            let why =
                format!("Bucket {bucket} is not the platform's; move the file below {prefix}");
            Err(refuse(Reason::InvalidSpec, &why))
        }
        Err(why @ (OriginError::Malformed(_) | OriginError::OwnFolder { .. })) => {
            Err(refuse(Reason::InvalidSpec, &why.to_string()))
        }
        Err(
            why @ (OriginError::OtherPrefix { .. }
            | OriginError::Result { .. }
            | OriginError::Unpacked { .. }),
        ) => Err(refuse(Reason::SourceForbidden, &why.to_string())),
    }
}

/// The spec is immutable: what is wrong with it is put right in another Model.
fn refuse(reason: Reason, why: &str) -> Verdict {
    let message = format!("{why}, in a Model under a new name.");
    Verdict::new(Phase::Failed, reason, message)
}

#[cfg(test)]
mod tests;
