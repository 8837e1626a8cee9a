//! What the platform and the attempts are given. Pure.

use datacrowd_crds::{Export, ExportSpec, ExportStatus, condition::Reason, names::EXPORT_LABEL};
use datacrowd_protocol::internal::{ExportView, RunView, Upsert};
use uuid::Uuid;

use super::status;
use crate::{
    context::Context,
    managed::Pass,
    platform::PlatformError,
    run::{Ledger, Runs},
};

/// The Export as the platform takes it.
pub(super) fn upsert(pass: &Pass<Export>, tenant: String) -> Upsert<ExportSpec> {
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

impl Runs for Export {
    type View = ExportView;
    const COMMAND: &'static str = "export";
    const MARK: &'static str = "exp";
    const LABEL: &'static str = EXPORT_LABEL;

    fn project_name(&self) -> &str {
        &self.spec.project_ref.name
    }

    async fn learn_id(
        ctx: &Context,
        pass: &Pass<Self>,
        tenant: String,
    ) -> Result<Uuid, PlatformError> {
        let body = upsert(pass, tenant);
        let view = ctx.platform.export(&body, &pass.correlation).await?;
        Ok(view.id.0)
    }

    fn ledger(&self) -> Ledger {
        let status = self.status.clone().unwrap_or_default();
        Ledger {
            attempt: status.attempt,
            observed_retry_at: status.observed_retry_at,
            job_ref: status.job_ref,
            deletion_policy: status.deletion_policy,
        }
    }

    fn is_suspended(&self) -> bool {
        false
    }

    fn secret(&self) -> Option<&str> {
        None
    }

    fn id(view: &ExportView) -> Uuid {
        view.id.0
    }

    fn run(view: &ExportView) -> Option<&RunView> {
        view.run.as_ref()
    }

    fn awaiting_payment(_: &ExportView) -> String {
        "The project is in debt; settle it with POST /api/v1/payments/checkout and the run starts by itself.".into()
    }

    fn is_replaceable(_: &ExportView) -> bool {
        false
    }

    /// The spec is immutable.
    fn has_second_chance(&self, _: Reason) -> bool {
        false
    }

    fn compose(&self, view: &ExportView, ledger: &Ledger) -> ExportStatus {
        status::status(self, view, ledger)
    }
}
