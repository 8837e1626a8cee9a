//! An exporting run: the gate that lets it begin, the parts it writes, its end.

use super::{waiting_for, workers_key};
use crate::{
    Begun, Labelling, Refusal, Result, debt, events,
    projects::from_column,
    runs::{begin_run, known_run, require_hold, run_ends},
};
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ExportId, ResourceUid, RunId, TenantId},
    internal::ExportState,
    run::{CompleteRun, RunOutcome},
};

/// How long a finished file is kept.
const KEEP_DAYS: i64 = 30;

impl Labelling {
    /// May attempt `attempt` of this export begin?
    ///
    /// # Errors
    /// `not_found`, `tombstoned`, `export_not_due`, `debt_owed`; or the database failed.
    pub async fn export_run_begin(
        &self,
        id: ExportId,
        uid: ResourceUid,
        attempt: i32,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.begin().await?;
        let e = sqlx::query!(
            "select bound_uid, state, tenant_id, watermark from exports where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if e.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if let ExportState::Ready | ExportState::Expired = from_column("export state", &e.state)? {
            return Ok(Begun::Completed);
        }
        if let Some(waiting_for) = waiting_for(&mut tx, id).await? {
            return Err(Refusal::ExportNotDue { waiting_for }.into());
        }
        let known = known_run(&mut tx, id, uid, attempt).await?;
        // What has begun is finished, by as many attempts as it takes; its download is closed all the same.
        if known.is_none() && e.watermark.is_none() {
            debt::refuse(&mut tx, self.billing, TenantId(e.tenant_id)).await?;
        }
        let (run, open) = begin_run(&mut tx, "export", id, (uid, attempt), 0, now).await?;
        if open {
            sqlx::query!("update exports set state = 'running', updated_at = $2 where id = $1 and state in ('pending', 'failed')", id.0, now).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Begun::Run(run))
    }

    /// Remembers the multipart upload that this epoch writes to, and where its object goes.
    ///
    /// # Errors
    /// `fenced`; or the database failed.
    pub async fn export_multipart(
        &self,
        run: RunId,
        export: ExportId,
        epoch: i64,
        multipart: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        // The export before its hold, as whoever deletes it.
        sqlx::query!("select id from exports where id = $1 for update", export.0)
            .fetch_optional(&mut *tx)
            .await?;
        require_hold(&mut tx, export, run, epoch, now).await?;
        sqlx::query!(
            "update exports set multipart_id = $2 where id = $1",
            export.0,
            multipart
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Key and multipart upload of a run that this caller holds.
    ///
    /// # Errors
    /// `fenced`; or the database failed.
    pub async fn export_parts(
        &self,
        run: RunId,
        export: ExportId,
        epoch: i64,
        now: DateTime<Utc>,
    ) -> Result<(String, String)> {
        let mut tx = self.begin().await?;
        require_hold(&mut tx, export, run, epoch, now).await?;
        let row = sqlx::query!(
            "select object_key, multipart_id from exports where id = $1",
            export.0
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        row.object_key
            .zip(row.multipart_id)
            .ok_or_else(|| Refusal::Fenced.into())
    }

    /// Where a run that this caller holds writes what it tells of each worker.
    ///
    /// # Errors
    /// `not_found` for an export whose tasks get no label, `fenced`; or the database failed.
    pub async fn export_workers_key(
        &self,
        run: RunId,
        export: ExportId,
        epoch: i64,
        now: DateTime<Utc>,
    ) -> Result<String> {
        if !self.export_get(None, export).await?.has_workers {
            return Err(Refusal::NotFound.into());
        }
        let (object_key, _) = self.export_parts(run, export, epoch, now).await?;
        workers_key(&object_key).ok_or_else(|| Refusal::NotFound.into())
    }

    /// An exporting run ends. The same call again changes nothing.
    ///
    /// # Errors
    /// `fenced`, `tombstoned`; or the database failed.
    pub async fn export_complete(
        &self,
        run: RunId,
        end: &CompleteRun,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let Some(export) = run_ends(&mut tx, run, "export", end, now).await? else {
            return Ok(());
        };
        let export: ExportId = export.into();
        let state = match end.outcome {
            RunOutcome::Succeeded => ExportState::Ready,
            RunOutcome::Failed => ExportState::Failed,
        };
        sqlx::query!(
            "update exports set state = $2, rows = $3, size_bytes = $4, sha256 = $5, completed_at = $6, expires_at = $7, multipart_id = null, updated_at = $6 where id = $1",
            export.0,
            state.column(),
            end.rows,
            end.size_bytes,
            end.sha256,
            now,
            now + TimeDelta::days(KEEP_DAYS)
        )
        .execute(&mut *tx)
        .await?;
        events::record(
            &mut tx,
            "export.ended",
            &export.to_string(),
            "runner",
            serde_json::json!({"state": state.column(), "rows": end.rows}),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
