//! A generating run: pinned to its source, and its end.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, RunId},
    internal::DatasetState,
    run::{CompleteRun, RunOutcome, RunReason, SourceFound},
};
use sqlx::PgConnection;

use super::{require_hold, run_ends};
use crate::{Labelling, Refusal, Result, batches, datasets::REPLACED, events};

impl Labelling {
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
        let mut tx = self.begin().await?;
        // The dataset before its hold, as whoever fences or deletes it.
        let target = sqlx::query!(
            "select r.target_id from runs r join datasets d on d.id = r.target_id where r.id = $1 for update of d",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?
        .target_id;
        let target = DatasetId(target);
        require_hold(&mut tx, target, run, epoch, now).await?;
        sqlx::query!(
            "update datasets set source_etag = $2, source_size = $3
             where id = $1 and (checkpoint->>'nextRow')::bigint <= 1 and (sha256 is null or source_etag is null)",
            target.0,
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
        let mut tx = self.begin().await?;
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
        let dataset: DatasetId = dataset.into();
        sqlx::query!(
            "update datasets set checkpoint = jsonb_set(checkpoint, '{blank}', to_jsonb(greatest($2::bigint, coalesce((checkpoint->>'blank')::bigint, 0))))
             where id = $1 and $2::bigint > 0",
            dataset.0,
            end.blank
        )
        .execute(&mut *tx)
        .await?;
        match end.outcome {
            RunOutcome::Succeeded => {
                let read = end.sha256.as_deref().filter(|sha256| is_sha256(sha256));
                sqlx::query!(
                    "update datasets set sha256 = coalesce(sha256, $2) where id = $1",
                    dataset.0,
                    read
                )
                .execute(&mut *tx)
                .await?;
                batches::dataset_loaded(&mut tx, dataset, end.rows, now).await?;
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
async fn spoil(conn: &mut PgConnection, dataset: DatasetId) -> Result<()> {
    sqlx::query!(
        "update datasets set source_etag = $2
         where id = $1 and sha256 is not null and (checkpoint->>'nextRow')::bigint > 1",
        dataset.0,
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
        "select d.tasks_created + d.gold_items as \"rows!\" from datasets d join runs r on r.target_id = d.id where r.id = $1 for update of d",
        run.0
    )
    .fetch_optional(conn)
    .await?;
    let has_tasks = d.is_none_or(|d| d.rows > 0);
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
    dataset: DatasetId,
    reason: Option<RunReason>,
    now: DateTime<Utc>,
) -> Result<()> {
    let state = if reason == Some(RunReason::QuotaExceeded) {
        DatasetState::Generating
    } else {
        DatasetState::Failed
    };
    sqlx::query!(
        "update datasets set state = $2, updated_at = $3 where id = $1 and state = 'generating'",
        dataset.0,
        state.column(),
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
