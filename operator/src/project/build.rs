//! What the platform is given. Pure.

use datacrowd_crds::{Project, ProjectSpec};
use datacrowd_protocol::internal::Upsert;

use crate::managed::Pass;

/// The Project as the platform takes it.
pub(super) fn upsert(pass: &Pass<Project>, tenant: String) -> Upsert<ProjectSpec> {
    Upsert {
        namespace: pass.who.namespace.clone(),
        tenant,
        name: pass.who.name.clone(),
        uid: pass.who.uid,
        generation: pass.who.generation,
        delete_rows: None,
        spec: pass.object.spec.clone(),
    }
}
