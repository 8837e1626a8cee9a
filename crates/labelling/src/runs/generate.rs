//! A generating run: opened by a pod, pinned to its source, and its end.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    chunk::Checkpoint,
    ids::{DatasetId, ProjectId, RunId},
    labeling::Labeling,
    run::{CompleteRun, RunOutcome, RunReason, SourceFound},
    source::{Delimiter, Encoding, SourceFormat},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{hold, require_hold, run_ends};
use crate::{
    Error, Labelling, Refusal, Result, batches,
    datasets::{REPLACED, checkpoint},
    events,
    projects::from_column,
};

/// What a generating runner gets; the API server adds the presigned URL.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "protocol::run::GenerateOpened documents them")]
pub struct GenerateRun {
    pub epoch: i64,
    pub completed: bool,
    pub dataset: DatasetId,
    pub project: ProjectId,
    pub source_uri: String,
    pub own_credentials: bool,
    pub etag: Option<String>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub format: SourceFormat,
    pub batch_size: i32,
    pub max_invalid_rows: i64,
    pub required_columns: Vec<String>,
    pub main_column: Option<String>,
    pub delimiter: Delimiter,
    pub encoding: Encoding,
    pub multiline: bool,
    pub checkpoint: Checkpoint,
}

impl GenerateRun {
    /// Whether the run may take the object that lies there now: nothing was accepted, and nothing read.
    #[must_use]
    pub fn takes_what_is_there(&self) -> bool {
        let accepted = self.sha256.is_some() && self.etag.is_some();
        !accepted && self.checkpoint.next_row <= 1
    }
}

impl Labelling {
    /// A pod takes a generating run over: the epoch rises, so that whoever held it writes no more.
    ///
    /// # Errors
    /// `run_held` while another pod is alive, `tombstoned` when the dataset is gone; or the database failed.
    pub async fn generate_open(
        &self,
        run: RunId,
        pod: &str,
        source: Option<&SourceFound>,
        now: DateTime<Utc>,
    ) -> Result<GenerateRun> {
        let mut tx = self.pool.begin().await?;
        // Locked first, read afterwards: what a join read before it waited is old, such as the run's outcome.
        sqlx::query!(
            "select d.id from runs r join datasets d on d.id = r.target_id where r.id = $1 and r.kind = 'generate' for update of d",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let r = sqlx::query!(
            "select r.target_id, r.uid, r.outcome, d.bound_uid, d.project_id, d.source_path, d.source_format, d.own_credentials, d.batch_size,
                    d.max_invalid_rows, d.delimiter, d.encoding, d.multiline, d.checkpoint, d.source_etag, d.source_size, d.sha256, d.tasks_created, d.state, l.labeling
             from runs r join datasets d on d.id = r.target_id join projects p on p.id = d.project_id
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where r.id = $1 and r.kind = 'generate'",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        if r.bound_uid != Some(r.uid) {
            return Err(Refusal::Tombstoned.into());
        }
        let checkpoint = checkpoint(r.checkpoint)?;
        let completed = r.outcome.is_some() || matches!(r.state.as_str(), "ready" | "completed");
        let epoch = if completed {
            0
        } else {
            hold(&mut tx, r.target_id, run, pod, now).await?
        };
        let pinned = checkpoint.next_row > 1;
        let (mut etag, mut size) = (r.source_etag, r.source_size);
        if let Some(found) = source
            && !completed
            && !(pinned && etag.is_some())
        {
            (etag, size) = (Some(found.etag.clone()), Some(found.size_bytes));
            sqlx::query!(
                "update datasets set source_etag = $2, source_size = $3 where id = $1",
                r.target_id,
                found.etag,
                found.size_bytes
            )
            .execute(&mut *tx)
            .await?;
        }
        let labeling: Labeling =
            serde_json::from_value(r.labeling).map_err(|_| Error::Corrupt { what: "labeling" })?;
        tx.commit().await?;
        Ok(GenerateRun {
            epoch,
            completed,
            dataset: DatasetId(r.target_id),
            project: ProjectId(r.project_id),
            source_uri: r.source_path,
            own_credentials: r.own_credentials,
            etag,
            size_bytes: size,
            sha256: r.sha256,
            format: from_column("source format", &r.source_format)?,
            batch_size: r.batch_size,
            max_invalid_rows: r.max_invalid_rows,
            required_columns: labeling.required_columns(),
            main_column: labeling.main_column().map(str::to_owned),
            delimiter: from_column("delimiter", &r.delimiter)?,
            encoding: from_column("encoding", &r.encoding)?,
            multiline: r.multiline,
            checkpoint,
        })
    }

    /// Pins the source that the holder of this epoch is about to read, while no row of it is loaded. What was accepted
    /// at upload is pinned already.
    ///
    /// # Errors
    /// `fenced`; or the database failed.
    pub async fn source_pin(
        &self,
        run: RunId,
        epoch: i64,
        found: &SourceFound,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        // The dataset before its hold, as whoever fences or deletes it.
        let target = sqlx::query!(
            "select r.target_id from runs r join datasets d on d.id = r.target_id where r.id = $1 for update of d",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?
        .target_id;
        require_hold(&mut tx, target, run, epoch, now).await?;
        sqlx::query!(
            "update datasets set source_etag = $2, source_size = $3
             where id = $1 and (checkpoint->>'nextRow')::bigint <= 1 and (sha256 is null or source_etag is null)",
            target,
            found.etag,
            found.size_bytes
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// A generating run ends. The same call again changes nothing.
    ///
    /// # Errors
    /// `fenced`, `tombstoned`; or the database failed.
    pub async fn generate_complete(
        &self,
        run: RunId,
        end: &CompleteRun,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        // As whoever seals a batch: see `window_lock`.
        sqlx::query!(
            "select pg_advisory_xact_lock(hashtextextended(target_id::text, 3)) from runs where id = $1",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let end = &without_tasks_is_failed(&mut tx, run, end).await?;
        let Some(dataset) = run_ends(&mut tx, run, "generate", end, now).await? else {
            return Ok(());
        };
        sqlx::query!(
            "update datasets set checkpoint = jsonb_set(checkpoint, '{blank}', to_jsonb(greatest($2::bigint, coalesce((checkpoint->>'blank')::bigint, 0))))
             where id = $1 and $2::bigint > 0",
            dataset,
            end.blank
        )
        .execute(&mut *tx)
        .await?;
        match end.outcome {
            RunOutcome::Succeeded => {
                let read = end.sha256.as_deref().filter(|sha256| is_sha256(sha256));
                sqlx::query!(
                    "update datasets set sha256 = coalesce(sha256, $2) where id = $1",
                    dataset,
                    read
                )
                .execute(&mut *tx)
                .await?;
                batches::dataset_loaded(&mut tx, DatasetId(dataset), end.rows, now).await?
            }
            RunOutcome::Failed => {
                if end.reason == Some(RunReason::SourceChanged) {
                    spoil(&mut tx, dataset).await?;
                }
                dataset_stopped(&mut tx, dataset, end.reason, now).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Rows were loaded of an object that is not the accepted one: no later attempt may add to them.
async fn spoil(conn: &mut PgConnection, dataset: Uuid) -> Result<()> {
    sqlx::query!(
        "update datasets set source_etag = $2
         where id = $1 and sha256 is not null and (checkpoint->>'nextRow')::bigint > 1",
        dataset,
        REPLACED
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whatever a runner says: a source that gave no task was not understood.
async fn without_tasks_is_failed(
    conn: &mut PgConnection,
    run: RunId,
    end: &CompleteRun,
) -> Result<CompleteRun> {
    // Locks the dataset before its run, as `run_ends` does.
    let d = sqlx::query!(
        "select d.tasks_created from datasets d join runs r on r.target_id = d.id where r.id = $1 for update of d",
        run.0
    )
    .fetch_optional(conn)
    .await?;
    let has_tasks = d.is_none_or(|d| d.tasks_created > 0);
    if end.outcome == RunOutcome::Failed || has_tasks {
        return Ok(end.clone());
    }
    Ok(CompleteRun {
        outcome: RunOutcome::Failed,
        reason: Some(RunReason::BadInput),
        message: Some("No row of the file became a task; correct the file.".to_owned()),
        ..end.clone()
    })
}

/// A run that waits for quota is still generating; every other end without success is a failure.
pub(super) async fn dataset_stopped(
    conn: &mut PgConnection,
    dataset: Uuid,
    reason: Option<RunReason>,
    now: DateTime<Utc>,
) -> Result<()> {
    let state = if reason == Some(RunReason::QuotaExceeded) {
        "generating"
    } else {
        "failed"
    };
    sqlx::query!(
        "update datasets set state = $2, updated_at = $3 where id = $1 and state = 'generating'",
        dataset,
        state,
        now
    )
    .execute(&mut *conn)
    .await?;
    events::record(
        conn,
        "dataset.stopped",
        &dataset.to_string(),
        "runner",
        serde_json::json!({"reason": reason.map(WireEnum::camel)}),
    )
    .await
}
