//! One attempt of the runner: how it opens, reports and ends.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chunk::Checkpoint,
    export::{ExportColumns, ExportConsensus, ExportFormat, RowPer},
    files::FolderOpened,
    ids::RunId,
    source::{Delimiter, Encoding, SourceFormat},
    wire_enum,
};

wire_enum! {
    /// How a run ended.
    pub enum RunOutcome {
        /// Everything was written.
        Succeeded = "SUCCEEDED" / "succeeded",
        /// It cannot succeed without a change.
        Failed = "FAILED" / "failed",
    }
}

wire_enum! {
    /// How the latest run of a scheduled task stands.
    pub enum TaskOutcome {
        /// It goes on.
        Running = "RUNNING" / "running",
        /// Its process ended without a word.
        Lost = "LOST" / "lost",
        /// It did its work.
        Succeeded = "SUCCEEDED" / "succeeded",
        /// It did not.
        Failed = "FAILED" / "failed",
    }
}

wire_enum! {
    /// Why a run failed or waits. The operator shows it as the condition's reason of the same name.
    pub enum RunReason {
        /// The file is not what its format says.
        BadInput = "BAD_INPUT" / "bad_input",
        /// More rows were refused than `maxInvalidRows` allows.
        TooManyInvalidRows = "TOO_MANY_INVALID_ROWS" / "too_many_invalid_rows",
        /// The bucket or object does not exist.
        SourceNotFound = "SOURCE_NOT_FOUND" / "source_not_found",
        /// The object is no longer the one the run began with.
        SourceChanged = "SOURCE_CHANGED" / "source_changed",
        /// The object may not be read.
        SourceForbidden = "SOURCE_FORBIDDEN" / "source_forbidden",
        /// The credentials in `source.credentialsSecretRef` were refused.
        CredentialsRejected = "CREDENTIALS_REJECTED" / "credentials_rejected",
        /// The file of a model cannot be used.
        InvalidModel = "INVALID_MODEL" / "invalid_model",
        /// The project's quota ended before the file did.
        QuotaExceeded = "QUOTA_EXCEEDED" / "quota_exceeded",
        /// The runner's own settings are unusable.
        Misconfigured = "MISCONFIGURED" / "misconfigured",
        /// The Job ran into its deadline.
        DeadlineExceeded = "DEADLINE_EXCEEDED" / "deadline_exceeded",
        /// The Job's pods died without progress.
        BackoffLimitExceeded = "BACKOFF_LIMIT_EXCEEDED" / "backoff_limit_exceeded",
        /// The pod was killed for using too much memory.
        OutOfMemory = "OUT_OF_MEMORY" / "out_of_memory",
        /// The Job vanished.
        JobLost = "JOB_LOST" / "job_lost",
    }
}

/// `POST /internal/{datasets,exports}/{id}/runs`: may this attempt begin?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeginRun {
    /// Uid of the resource that asks.
    pub uid: uuid::Uuid,
    /// Number of the attempt, from 1.
    #[serde(deserialize_with = "crate::range::small_ordinal")]
    pub attempt: i32,
}

/// The gate's answer when nothing refuses: 201 with a run, or 200 when there is nothing left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunBegun {
    /// The run, when one was created or already existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// True when the outcome is already known to be success.
    #[serde(default)]
    pub completed: bool,
}

/// `POST /internal/runs/{id}/open`: a pod takes the run over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenRun {
    /// Uid of the pod that opens.
    pub pod_uid: String,
    /// The source as the pod found it, for a tenant's own bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFound>,
}

/// A source object, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceFound {
    /// The object's ETag, with its quotes.
    pub etag: String,
    /// The object's size in bytes.
    #[serde(deserialize_with = "crate::range::count")]
    pub size_bytes: i64,
}

/// What a generating runner needs. `completed` true means: nothing to do, exit 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenerateOpened {
    /// Fences this opener's calls: one more than the last opener's.
    pub epoch: i64,
    /// True when the run has ended.
    #[serde(default)]
    pub completed: bool,
    /// The dataset that chunks are sent to.
    pub dataset_id: crate::ids::DatasetId,
    /// Presigned GET of the source; absent for a tenant's own bucket, which the runner reads itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    /// `s3://bucket/key`, for messages and for a tenant's own bucket.
    pub source_uri: String,
    /// ETag that every ranged GET sends as `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Size of the source in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// SHA-256 of the source in hexadecimal, where it is known: compared with what was read from its beginning to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How the source separates rows.
    pub format: SourceFormat,
    /// Tasks per batch.
    pub batch_size: i32,
    /// Refused rows that are tolerated.
    pub max_invalid_rows: i64,
    /// Columns that the project's display and external id need; a header without them is bad input.
    #[serde(default)]
    pub required_columns: Vec<String>,
    /// The column that workers see first; a row without anything in it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_column: Option<String>,
    /// What separates cells; comma when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// How characters are written; UTF-8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Quoted cells may span any number of lines.
    #[serde(default)]
    pub multiline: bool,
    /// What a folder's files are read for; absent when the source is one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderOpened>,
    /// Where to go on.
    pub checkpoint: Checkpoint,
}

/// What an exporting runner needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportOpened {
    /// Fences this opener's calls.
    pub epoch: i64,
    /// True when the run has ended.
    #[serde(default)]
    pub completed: bool,
    /// The export whose answers are read.
    pub export_id: crate::ids::ExportId,
    /// How the file is written.
    pub format: ExportFormat,
    /// What one record is.
    pub row_per: RowPer,
    /// Leave CSV cells unprotected against formulas.
    pub raw_cells: bool,
    /// Begin a CSV with a byte order mark.
    #[serde(default)]
    pub bom: bool,
    /// Largest approval sequence that the export contains.
    pub watermark: i64,
    /// CSV columns, fixed at the watermark.
    pub columns: ExportColumns,
    /// How each task gets one label, where its records are tasks and the project says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<ExportConsensus>,
}

/// `POST /internal/runs/{id}/source-url`: fresh URLs, because signed ones expire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceUrl {
    /// Presigned GET of the source.
    pub source_url: String,
}

/// `POST /internal/runs/{id}/heartbeat` and `…/source-url`: I am still here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EpochOnly {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
}

/// `POST /internal/runs/{id}/parts`: where does this part of the export go?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartRequest {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// Number of the part, from 1 to 10,000.
    #[serde(deserialize_with = "crate::range::small_ordinal")]
    pub part_number: i32,
}

/// A presigned PUT for one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartUrl {
    /// Where to PUT the part's bytes.
    pub url: String,
}

/// A part that the object store took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UploadedPart {
    /// Number of the part, from 1.
    #[serde(deserialize_with = "crate::range::small_ordinal")]
    pub part_number: i32,
    /// ETag that the object store returned, with its quotes.
    pub etag: String,
}

/// `POST /internal/runs/{id}/complete`: the run's end, failures too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompleteRun {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RunReason>,
    /// A sentence for the client, with the remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Records read (generate) or written (export).
    #[serde(deserialize_with = "crate::range::count")]
    pub rows: i64,
    /// Rows refused (generate).
    #[serde(default, deserialize_with = "crate::range::count")]
    pub rejected: i64,
    /// Rows of empty cells (generate).
    #[serde(
        default,
        skip_serializing_if = "crate::chunk::is_zero",
        deserialize_with = "crate::range::count"
    )]
    pub blank: i64,
    /// SHA-256 in hexadecimal: of the export, or of a source that this pod read from its beginning to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Size of the export in bytes.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::range::count_if_known"
    )]
    pub size_bytes: Option<i64>,
    /// The export's parts, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<UploadedPart>,
}

/// What the runner leaves in its termination message (at most 4 KiB): a fallback when the platform could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminationMessage {
    /// How it ended, when the runner knew.
    pub outcome: RunOutcome,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RunReason>,
    /// A sentence for the client, with the remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Records read or written.
    pub rows: i64,
    /// Rows refused.
    pub rejected: i64,
}
