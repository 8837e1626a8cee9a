//! Datasets: read, generate, retry, delete.

pub mod create;
pub mod delete;
pub mod generate;
pub mod get;
pub mod list;
pub mod manifest;
pub mod preview;
pub mod restore;
pub mod retry;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_labelling::{Dataset, Refusal};
use datacrowd_protocol::{
    Upper, WireEnum,
    chunk::RejectedRow,
    files::Companions,
    internal::DatasetState,
    labeling::Purpose,
    source::{Delimiter, Encoding, InboxCrowd, InboxRule, SourceFormat},
    variants,
};
use datacrowd_records::Head;
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};
use uuid::Uuid;

use crate::{error::ApiError, routes::condition::ConditionBody};

/// A row that became no task.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedRowBody {
    line: i64,
    reason: String,
}

/// Which items of an inbox people are asked about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"crowd": "UNCERTAIN", "askBelow": 0.9, "holdSeconds": 300}))]
pub struct InboxBody {
    /// NEVER, UNCERTAIN (by the two numbers beside it) or ALWAYS.
    #[schema(schema_with = crowds)]
    crowd: Upper<InboxCrowd>,
    /// The probability of a model's label below which they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    ask_below: Option<f64>,
    /// How long an item waits for its models before they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_seconds: Option<i32>,
}

fn crowds() -> RefOr<Schema> {
    let names: Vec<_> = InboxCrowd::ALL.iter().copied().map(Upper).collect();
    variants(&names)
}

impl From<InboxRule> for InboxBody {
    fn from(rule: InboxRule) -> Self {
        Self {
            crowd: Upper(rule.crowd),
            ask_below: rule.ask_below,
            hold_seconds: rule.hold_seconds,
        }
    }
}

/// A dataset.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetBody {
    id: Uuid,
    name: String,
    namespace: String,
    project_id: Uuid,
    #[schema(value_type = String, example = "UPLOADED")]
    state: Upper<DatasetState>,
    #[schema(value_type = String, example = "CSV")]
    format: Upper<SourceFormat>,
    source_uri: String,
    batch_size: i32,
    size_bytes: Option<i64>,
    sha256: Option<String>,
    columns: Option<Vec<String>>,
    /// What separates a CSV's cells: what was asked for, or what was found.
    #[schema(value_type = Option<String>, example = "COMMA")]
    delimiter: Option<Upper<Delimiter>>,
    /// How characters are written.
    #[schema(value_type = String, example = "UTF8")]
    encoding: Upper<Encoding>,
    /// Quoted cells may span any number of lines.
    multiline: bool,
    /// Of a folder: only files that one of these patterns matches; all when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<Vec<String>>,
    /// Of a folder: no file that one of these patterns matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude: Option<Vec<String>>,
    /// Of a folder: SAME_STEM where the `.json` and the `.txt` beside a file are columns of its task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "SAME_STEM")]
    companions: Option<Upper<Companions>>,
    /// What to know of the file though nothing was refused.
    notices: Vec<String>,
    total_rows: Option<i64>,
    tasks_created: i64,
    /// What the rows become: WORK or GOLD.
    #[schema(value_type = String, example = "WORK")]
    purpose: Upper<Purpose>,
    /// Of gold: the column with the right answer of each field.
    #[serde(skip_serializing_if = "Option::is_none")]
    gold_columns: Option<BTreeMap<String, String>>,
    /// Of gold: the column that says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    explain_column: Option<String>,
    /// Of an inbox: which of its items people are asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox: Option<InboxBody>,
    /// Rows that became gold, which are no tasks.
    gold_items: i64,
    rows_rejected: i64,
    /// Rows of empty cells, which are neither tasks nor refused.
    rows_blank: i64,
    rejected_rows: Vec<RejectedRowBody>,
    /// Part of the source that was read, 0 to 1; absent before its size is known.
    progress: Option<f64>,
    /// Why the latest run ended, when it failed; how to bring the dataset back, when it was deleted.
    message: Option<String>,
    created_at: DateTime<Utc>,
    /// Of the resource. Absent in lists and answers to changes, and where the cluster does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Vec<ConditionBody>>,
}

/// How much of its file is read, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a fraction for people")]
fn progress(d: &Dataset) -> Option<f64> {
    match (d.total_rows, d.size_bytes) {
        (Some(_), _) => Some(1.0),
        (None, Some(size)) if size > 0 => Some((d.checkpoint.offset as f64 / size as f64).min(1.0)),
        _ => None,
    }
}

impl From<RejectedRow> for RejectedRowBody {
    fn from(r: RejectedRow) -> Self {
        Self {
            line: r.line,
            reason: r.reason,
        }
    }
}

impl From<Dataset> for DatasetBody {
    fn from(d: Dataset) -> Self {
        let deleted = d.deleted().map(|way_back| way_back.message());
        let progress = progress(&d);
        let found = d.checkpoint.dialect;
        let delimiter = found.and_then(|found| found.delimiter);
        let asked = Some(d.delimiter).filter(|_| d.format == SourceFormat::Csv);
        let (include, exclude, companions) = d.selection.map_or((None, None, None), |of| {
            let companions = of.companions.map(Upper);
            (Some(of.include), Some(of.exclude), companions)
        });
        let (gold_columns, explain_column) = d
            .gold
            .map_or((None, None), |gold| (Some(gold.columns), gold.explain));
        let appeared = Some(d.checkpoint.columns).filter(|columns| !columns.is_empty());
        Self {
            id: d.id.0,
            name: d.name,
            namespace: d.namespace,
            project_id: d.project.0,
            state: Upper(d.state),
            format: Upper(d.format),
            source_uri: d.source_uri,
            batch_size: d.batch_size,
            size_bytes: d.size_bytes,
            sha256: d.sha256,
            columns: d.checkpoint.header.or(appeared),
            delimiter: delimiter.or(asked).map(Upper),
            encoding: Upper(found.map_or(d.encoding, |found| found.encoding)),
            multiline: d.multiline,
            include,
            exclude,
            companions,
            notices: d.checkpoint.notices,
            total_rows: d.total_rows,
            tasks_created: d.tasks_created,
            purpose: Upper(match gold_columns {
                Some(_) => Purpose::Gold,
                None => Purpose::Work,
            }),
            gold_columns,
            explain_column,
            inbox: d.inbox.map(InboxBody::from),
            gold_items: d.gold_items,
            rows_rejected: d.checkpoint.rejected,
            rows_blank: d.checkpoint.blank,
            rejected_rows: d
                .checkpoint
                .rejected_rows
                .into_iter()
                .map(Into::into)
                .collect(),
            progress,
            message: deleted.or(d.message),
            created_at: d.created_at,
            conditions: None,
        }
    }
}

impl DatasetBody {
    /// Shows what the upload saw, before a run has read it.
    pub fn with_head(mut self, head: Option<Head>) -> Self {
        let Some(head) = head else { return self };
        self.columns = self.columns.or(head.header);
        if self.notices.is_empty() {
            self.notices = head.notices;
        }
        if let Some(found) = head.dialect.delimiter {
            self.delimiter = Some(Upper(found));
        }
        self
    }
}

/// What is said to whoever wants more of a deleted dataset.
fn gone(dataset: &Dataset) -> ApiError {
    dataset.deleted().unwrap_or(Refusal::NotFound).into()
}
