//! Whether a Prediction can be worked on. Pure.

use datacrowd_crds::{Prediction, condition::Verdict};

use crate::{
    dereference::{Found, Valid},
    managed::Pass,
};

pub(super) fn validate(pass: &Pass<Prediction>, found: &Found) -> Result<Valid, Verdict> {
    let tenant = found.tenant(&pass.who.namespace)?;
    let policy = found.policy(&pass.object.spec.project_ref.name, &pass.who)?;
    Ok(Valid { tenant, policy })
}
