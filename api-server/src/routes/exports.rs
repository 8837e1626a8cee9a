//! Exports: a resource asks for the file, a Job writes it, a presigned link hands it out.

pub mod create;
pub mod download;
pub mod get;
pub mod list;
pub mod manifest;
pub mod workers;

use chrono::{DateTime, Utc};
use datacrowd_labelling::Export;
use datacrowd_protocol::{
    Upper,
    export::{ExportFormat, ExportTrigger, RowPer},
    internal::ExportState,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::routes::condition::ConditionBody;

/// An export.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportBody {
    id: Uuid,
    project_id: Uuid,
    name: String,
    namespace: String,
    #[schema(value_type = String, example = "READY")]
    state: Upper<ExportState>,
    #[schema(value_type = String)]
    format: Upper<ExportFormat>,
    #[schema(value_type = String)]
    trigger: Upper<ExportTrigger>,
    #[schema(value_type = String)]
    row_per: Upper<RowPer>,
    watermark: Option<i64>,
    rows: Option<i64>,
    size_bytes: Option<i64>,
    sha256: Option<String>,
    /// Whether a second file tells of each worker: `/exports/{id}/workers`.
    has_workers: bool,
    expires_at: Option<DateTime<Utc>>,
    /// Why it failed, or does not go on.
    message: Option<String>,
    created_at: DateTime<Utc>,
    /// Of the resource. Absent in lists and answers to changes, and where the cluster does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Vec<ConditionBody>>,
}

impl From<Export> for ExportBody {
    fn from(e: Export) -> Self {
        Self {
            id: e.id.0,
            project_id: e.project.0,
            name: e.name,
            namespace: e.namespace,
            state: Upper(e.state),
            format: Upper(e.format),
            trigger: Upper(e.trigger),
            row_per: Upper(e.row_per),
            watermark: e.watermark,
            rows: e.rows,
            size_bytes: e.size_bytes,
            sha256: e.sha256,
            has_workers: e.has_workers,
            expires_at: e.expires_at,
            message: e.message,
            created_at: e.created_at,
            conditions: None,
        }
    }
}
