//! What the platform and the attempts are given. Pure.

use datacrowd_crds::{
    Dataset, DatasetSpec, DatasetStatus,
    condition::Reason,
    names::{DATASET_LABEL, DELETE_ROWS},
};
use datacrowd_protocol::internal::{DatasetView, RunView, Upsert};
use uuid::Uuid;

use super::status;
use crate::{
    context::Context,
    managed::Pass,
    platform::PlatformError,
    run::{Ledger, Runs},
};

/// The Dataset as the platform takes it.
pub(super) fn upsert(pass: &Pass<Dataset>, tenant: String) -> Upsert<DatasetSpec> {
    Upsert {
        namespace: pass.who.namespace.clone(),
        tenant,
        name: pass.who.name.clone(),
        uid: pass.who.uid,
        generation: pass.who.generation,
        delete_rows: pass.annotation(DELETE_ROWS).and_then(|id| id.parse().ok()),
        spec: pass.object.spec.clone(),
    }
}

impl Runs for Dataset {
    type View = DatasetView;
    const COMMAND: &'static str = "generate";
    const MARK: &'static str = "gen";
    const LABEL: &'static str = DATASET_LABEL;

    fn project_name(&self) -> &str {
        &self.spec.project_ref.name
    }

    async fn learn_id(
        ctx: &Context,
        pass: &Pass<Self>,
        tenant: String,
    ) -> Result<Uuid, PlatformError> {
        let body = upsert(pass, tenant);
        let view = ctx.platform.dataset(&body, &pass.correlation).await?;
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
        self.spec.suspended()
    }

    fn secret(&self) -> Option<&str> {
        let secret = self.spec.source.credentials_secret_ref.as_ref();
        secret.map(|secret| secret.name.as_str())
    }

    fn id(view: &DatasetView) -> Uuid {
        view.id.0
    }

    fn run(view: &DatasetView) -> Option<&RunView> {
        view.run.as_ref()
    }

    fn awaiting_payment(_: &DatasetView) -> String {
        "The project's quota covers no task; buy judgements with POST /api/v1/payments/checkout, or have them granted, and the run starts by itself.".into()
    }

    fn is_replaceable(view: &DatasetView) -> bool {
        view.replaceable
    }

    /// Another limit deserves another attempt; the same one does not.
    fn has_second_chance(&self, reason: Reason) -> bool {
        let taken = self.status.as_ref().and_then(|s| s.max_invalid_rows);
        reason == Reason::TooManyInvalidRows
            && taken.is_some_and(|taken| taken != self.spec.max_invalid_rows())
    }

    fn compose(&self, view: &DatasetView, ledger: &Ledger) -> DatasetStatus {
        status::status(self, view, ledger)
    }
}
