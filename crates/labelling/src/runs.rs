//! Runs: the gate that lets an attempt begin, the hold that lets one pod write, the end.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    WireEnum,
    chunk::Checkpoint,
    ids::{DatasetId, ExportId, ProjectId, ResourceUid, RunId},
    internal::RunView,
    labeling::Labeling,
    names::RUN_HOLDER_ALIVE_SECONDS,
    run::{CompleteRun, RunOutcome, RunReason, SourceFound},
    source::SourceFormat,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Labelling, Refusal, Result, datasets::checkpoint, events,
    projects::from_column, transition,
};

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// A run, new or from an earlier call with the same attempt.
    Run(RunId),
    /// Nothing is left to do.
    Completed,
}

/// Whose run it is: the API server compares the namespace with the pod's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCaller {
    /// Namespace of the run's resource.
    pub namespace: String,
    /// The dataset, for a generating run.
    pub dataset: Option<DatasetId>,
    /// The export, for an exporting run.
    pub export: Option<ExportId>,
}

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
    pub format: SourceFormat,
    pub batch_size: i32,
    pub max_invalid_rows: i64,
    pub required_columns: Vec<String>,
    pub checkpoint: Checkpoint,
}

impl Labelling {
    /// May attempt `attempt` of this dataset begin? The same call again returns the same run.
    ///
    /// # Errors
    /// `not_found`, `tombstoned`, `project_not_active`, `payment_required`; or the database failed.
    pub async fn dataset_run_begin(
        &self,
        id: DatasetId,
        uid: ResourceUid,
        attempt: i32,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.pool.begin().await?;
        let d = sqlx::query!(
            "select d.bound_uid, d.state, d.project_id, d.tasks_created, d.checkpoint, p.state as project_state, p.labeling_version,
                    p.answers_per_task, p.task_quota, p.tasks_used
             from datasets d join projects p on p.id = d.project_id where d.id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if d.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if matches!(d.state.as_str(), "ready" | "completed") {
            return Ok(Begun::Completed);
        }
        let known = sqlx::query!(
            "select id from runs where target_id = $1 and uid = $2 and attempt = $3",
            id.0,
            uid.0,
            attempt
        )
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(known) = known {
            return Ok(Begun::Run(RunId(known.id)));
        }
        if d.labeling_version == 0 || !matches!(d.project_state.as_str(), "active" | "completed") {
            let state = if d.labeling_version == 0 {
                "not accepted yet"
            } else {
                from_column::<datacrowd_protocol::internal::ProjectState>(
                    "project state",
                    &d.project_state,
                )?
                .upper()
            };
            return Err(Refusal::ProjectNotActive { state }.into());
        }
        self.gate(d.task_quota, d.tasks_used, d.answers_per_task)?;
        let run = Uuid::now_v7();
        let rows_before = d.tasks_created + checkpoint(d.checkpoint)?.rejected;
        sqlx::query!(
            "insert into runs (id, kind, target_id, uid, attempt, rows_before, created_at) values ($1, 'generate', $2, $3, $4, $5, $6)",
            run,
            id.0,
            uid.0,
            attempt,
            rows_before,
            now
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update projects set slots_frozen = true where id = $1",
            d.project_id
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("update datasets set state = 'generating', started_at = coalesce(started_at, $2), updated_at = $2 where id = $1", id.0, now)
            .execute(&mut *tx)
            .await?;
        events::record(
            &mut tx,
            "dataset.generating",
            &id.to_string(),
            "gate",
            serde_json::json!({"attempt": attempt, "run": run}),
        )
        .await?;
        tx.commit().await?;
        Ok(Begun::Run(RunId(run)))
    }

    fn gate(&self, quota: i64, used: i64, answers_per_task: i32) -> Result<()> {
        let (remaining, needed) = (quota - used, i64::from(answers_per_task));
        if self.billing.gates() && remaining < needed {
            return Err(Refusal::PaymentRequired {
                remaining: remaining.max(0),
                needed,
            }
            .into());
        }
        Ok(())
    }

    /// Whose run this is.
    ///
    /// # Errors
    /// `tombstoned` when it is gone; or the database failed.
    pub async fn run_caller(&self, run: RunId) -> Result<RunCaller> {
        let row = sqlx::query!(
            "select r.kind, r.target_id, coalesce(d.namespace, e.namespace) as namespace
             from runs r left join datasets d on d.id = r.target_id left join exports e on e.id = r.target_id where r.id = $1",
            run.0
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        let generate = row.kind == "generate";
        Ok(RunCaller {
            namespace: row.namespace.ok_or(Refusal::Tombstoned)?,
            dataset: generate.then_some(DatasetId(row.target_id)),
            export: (!generate).then_some(ExportId(row.target_id)),
        })
    }

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
        let r = sqlx::query!(
            "select r.target_id, r.uid, r.outcome, d.bound_uid, d.project_id, d.source_path, d.source_format, d.own_credentials, d.batch_size,
                    d.max_invalid_rows, d.checkpoint, d.source_etag, d.source_size, d.tasks_created, d.state, l.labeling
             from runs r join datasets d on d.id = r.target_id join projects p on p.id = d.project_id
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where r.id = $1 and r.kind = 'generate' for update of d",
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
        let required_columns = labeling
            .display
            .iter()
            .map(|d| d.column.clone())
            .chain(labeling.external_id_column)
            .collect();
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
            format: from_column("source format", &r.source_format)?,
            batch_size: r.batch_size,
            max_invalid_rows: r.max_invalid_rows,
            required_columns,
            checkpoint,
        })
    }

    /// Pins the source that the holder of this epoch is about to read, while no row of it is loaded.
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
        let target = sqlx::query!("select target_id from runs where id = $1", run.0)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Refusal::Tombstoned)?
            .target_id;
        require_hold(&mut tx, target, run, epoch, now).await?;
        sqlx::query!(
            "update datasets set source_etag = $2, source_size = $3 where id = $1 and (checkpoint->>'nextRow')::bigint <= 1",
            target,
            found.etag,
            found.size_bytes
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The holder is still here.
    ///
    /// # Errors
    /// `fenced` when it no longer holds the run; or the database failed.
    pub async fn run_heartbeat(&self, run: RunId, epoch: i64, now: DateTime<Utc>) -> Result<()> {
        let seen = sqlx::query!(
            "update run_holds set seen_at = $3 where run_id = $1 and epoch = $2",
            run.0,
            epoch,
            now
        )
        .execute(&self.pool)
        .await?;
        if seen.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Refusal::Fenced.into())
        }
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
        let r = sqlx::query!(
            "select r.target_id, r.outcome, d.project_id from runs r join datasets d on d.id = r.target_id
             where r.id = $1 and r.kind = 'generate' for update",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        if r.outcome.is_some() {
            return Ok(());
        }
        require_hold(&mut tx, r.target_id, run, end.epoch, now).await?;
        end_run(
            &mut tx,
            run,
            end.outcome,
            end.reason,
            end.message.as_deref(),
            now,
        )
        .await?;
        match end.outcome {
            RunOutcome::Succeeded => {
                transition::dataset_loaded(&mut tx, r.target_id, end.rows, now).await?
            }
            RunOutcome::Failed => dataset_stopped(&mut tx, r.target_id, end.reason, now).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// A Job ended without a report: what the operator saw becomes the outcome, unless the runner's is known.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn run_failed(
        &self,
        target: Uuid,
        uid: ResourceUid,
        attempt: i32,
        reason: RunReason,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let r = sqlx::query!("select id, kind, outcome from runs where target_id = $1 and uid = $2 and attempt = $3 for update", target, uid.0, attempt)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Refusal::NotFound)?;
        if r.outcome.is_none() {
            end_run(
                &mut tx,
                RunId(r.id),
                RunOutcome::Failed,
                Some(reason),
                Some(message),
                now,
            )
            .await?;
            sqlx::query!(
                "update run_holds set epoch = epoch + 1, seen_at = 'epoch' where target_id = $1",
                target
            )
            .execute(&mut *tx)
            .await?;
            if r.kind == "generate" {
                dataset_stopped(&mut tx, target, Some(reason), now).await?;
            } else {
                sqlx::query!(
                    "update exports set state = 'failed', updated_at = $2 where id = $1",
                    target,
                    now
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A run that waits for quota is still generating; every other end without success is a failure.
async fn dataset_stopped(
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

/// Writes a run's end.
pub(crate) async fn end_run(
    conn: &mut PgConnection,
    run: RunId,
    outcome: RunOutcome,
    reason: Option<RunReason>,
    message: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update runs set outcome = $2, reason = $3, message = $4, ended_at = $5 where id = $1",
        run.0,
        outcome.column(),
        reason.map(WireEnum::column),
        message.map(|m| m.chars().take(1000).collect::<String>()),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a target to a pod under a new epoch; the same pod takes over at once, another one waits for silence.
pub(crate) async fn hold(
    conn: &mut PgConnection,
    target: Uuid,
    run: RunId,
    pod: &str,
    now: DateTime<Utc>,
) -> Result<i64> {
    let silent = now - TimeDelta::seconds(RUN_HOLDER_ALIVE_SECONDS);
    let held = sqlx::query!(
        "insert into run_holds as h (target_id, epoch, run_id, pod_uid, seen_at) values ($1, 1, $2, $3, $4)
         on conflict (target_id) do update set epoch = h.epoch + 1, run_id = $2, pod_uid = $3, seen_at = $4
         where h.pod_uid = $3 or h.seen_at < $5
         returning epoch",
        target,
        run.0,
        pod,
        now,
        silent
    )
    .fetch_optional(&mut *conn)
    .await?;
    match held {
        Some(held) => Ok(held.epoch),
        None => {
            let holder = sqlx::query!("select seen_at from run_holds where target_id = $1", target)
                .fetch_one(conn)
                .await?;
            let seconds = (holder.seen_at + TimeDelta::seconds(RUN_HOLDER_ALIVE_SECONDS) - now)
                .num_seconds()
                .max(0)
                + 1;
            Err(Refusal::RunHeld { seconds }.into())
        }
    }
}

/// Locks the hold for this transaction, and refuses everybody but its holder.
pub(crate) async fn require_hold(
    conn: &mut PgConnection,
    target: Uuid,
    run: RunId,
    epoch: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let held = sqlx::query!(
        "update run_holds set seen_at = $4 where target_id = $1 and run_id = $2 and epoch = $3",
        target,
        run.0,
        epoch,
        now
    )
    .execute(conn)
    .await?;
    if held.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Refusal::Fenced.into())
    }
}

/// The latest run of a target, and whether it got further than its predecessor.
pub(crate) async fn latest_run(
    conn: &mut PgConnection,
    target: Uuid,
    rows_now: i64,
) -> Result<Option<RunView>> {
    let row = sqlx::query!("select id, uid, attempt, outcome, reason, message, rows_before from runs where target_id = $1 order by created_at desc, attempt desc limit 1", target)
        .fetch_optional(conn)
        .await?;
    row.map(|r| {
        Ok(RunView {
            id: RunId(r.id),
            uid: r.uid,
            attempt: r.attempt,
            outcome: r
                .outcome
                .as_deref()
                .map(|o| from_column("outcome", o))
                .transpose()?,
            reason: r
                .reason
                .as_deref()
                .map(|o| from_column("reason", o))
                .transpose()?,
            message: r.message,
            progressed: rows_now > r.rows_before,
        })
    })
    .transpose()
}
