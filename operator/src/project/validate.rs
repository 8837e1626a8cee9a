//! Whether a Project can be sent to the platform, and whether one may be used. Pure.

use datacrowd_crds::{
    Project,
    condition::{Phase, Reason, Verdict},
};

use crate::{
    command::kubectl,
    managed::{Identity, Pass},
    tenancy,
};

/// A Project that may be sent to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Valid {
    /// The tenant that the namespace belongs to.
    pub tenant: String,
    /// Why its labeling cannot come into force; the platform keeps the last one that could.
    pub refusal: Option<String>,
}

pub(super) fn validate(pass: &Pass<Project>, tenant: Option<&str>) -> Result<Valid, Verdict> {
    let tenant = tenant.ok_or_else(|| tenancy::not_bound(&pass.who.namespace))?;
    let violations = pass.object.spec.labeling.violations();
    let told = violations.iter().take(5);
    let told: Vec<_> = told
        .map(|(path, why)| format!("spec.{path} {why}"))
        .collect();
    Ok(Valid {
        tenant: tenant.to_owned(),
        refusal: (!told.is_empty()).then(|| format!("{}; correct the spec.", told.join("; "))),
    })
}

/// The Project that another resource names, when it is there and the platform knows it.
pub(crate) fn usable<'a>(
    found: Option<&'a Project>,
    name: &str,
    who: &Identity,
) -> Result<&'a Project, Verdict> {
    let wait = |reason, message: String| Verdict::new(Phase::Waiting, reason, message);
    let project = found.ok_or_else(|| {
        let message = format!("There is no Project \"{name}\" in this namespace; create it.");
        wait(Reason::ProjectNotFound, message)
    })?;
    if project.metadata.deletion_timestamp.is_some() {
        let message = format!("Project \"{name}\" is being deleted; apply it again afterwards.");
        return Err(wait(Reason::ProjectNotReady, message));
    }
    if project.status.as_ref().is_none_or(|s| s.id.is_none()) {
        let command = kubectl(who, format_args!("describe project {name}"));
        let message =
            format!("Project \"{name}\" is not accepted yet; look at its conditions: {command}");
        return Err(wait(Reason::ProjectNotReady, message));
    }
    Ok(project)
}
