//! An Export's status from the platform's view. Pure; every field is written every time.

use datacrowd_crds::{Export, ExportStatus};
use datacrowd_protocol::internal::ExportView;

use crate::{managed::time, work::AttemptState};

pub(super) fn status(export: &Export, view: &ExportView, attempts: &AttemptState) -> ExportStatus {
    let old = export.status.clone().unwrap_or_default();
    ExportStatus {
        id: Some(view.id.to_string()),
        state: Some(view.state),
        deletion_policy: attempts.deletion_policy,
        attempt: attempts.attempt,
        observed_retry_at: attempts.observed_retry_at.clone(),
        job_ref: attempts.job_ref.clone(),
        rows: view.rows,
        size_bytes: view.size_bytes,
        sha256: view.sha256.clone(),
        uri: view.uri.clone(),
        watermark: view.watermark,
        expires_at: view.expires_at.and_then(time),
        completion_time: view.completed_at.and_then(time),
        // Set when it is written.
        observed_generation: old.observed_generation,
        conditions: old.conditions,
    }
}
