//! Runs: the gate that lets an attempt begin, the hold that lets one pod write, the end.

mod chunk;
mod gate;
mod generate;
mod hold;
mod open;
mod spend;
mod target;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ExportId, ModelId, PredictionId, ResourceUid, RunId},
    internal::RunView,
    run::{CompleteRun, RunOutcome, RunReason},
};
use sqlx::PgConnection;
use uuid::Uuid;

pub use chunk::Chunk;
pub(crate) use hold::{hold, release, require_hold};
pub use open::GenerateRun;
pub(crate) use spend::spend;
pub(crate) use target::TargetId;

use self::{generate::dataset_stopped, target::lock_target};
use crate::{Error, Labelling, Refusal, Result, projects::from_column};

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// A run, new or from an earlier call with the same attempt.
    Run(RunId),
    /// Nothing is left to do.
    Completed,
}

/// What a run writes to, by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunTarget {
    /// It makes tasks of this dataset.
    Generate(DatasetId),
    /// It writes this export.
    Export(ExportId),
    /// It looks at this model.
    Inspect(ModelId),
    /// It makes this prediction.
    Predict(PredictionId),
}

/// Whose run it is: the API server compares the namespace with the pod's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCaller {
    /// Namespace of the run's resource.
    pub namespace: String,
    /// What it writes to.
    pub target: RunTarget,
}

impl RunTarget {
    /// The target of a run of this kind.
    fn of(kind: &str, id: Uuid) -> Result<Self> {
        Ok(match kind {
            "generate" => Self::Generate(DatasetId(id)),
            "export" => Self::Export(ExportId(id)),
            "inspect" => Self::Inspect(ModelId(id)),
            "predict" => Self::Predict(PredictionId(id)),
            _ => {
                return Err(Error::Corrupt {
                    what: "kind of run",
                });
            }
        })
    }
}

impl RunCaller {
    /// The dataset, for a generating run.
    #[must_use]
    pub fn dataset(&self) -> Option<DatasetId> {
        match self.target {
            RunTarget::Generate(id) => Some(id),
            _ => None,
        }
    }

    /// The export, for an exporting run.
    #[must_use]
    pub fn export(&self) -> Option<ExportId> {
        match self.target {
            RunTarget::Export(id) => Some(id),
            _ => None,
        }
    }
}

impl Labelling {
    /// Whose run this is.
    ///
    /// # Errors
    /// `not_found` when nobody's, as for who may not know of it; or the database failed.
    pub async fn run_caller(&self, run: RunId) -> Result<RunCaller> {
        let row = sqlx::query!(
            "select r.kind, r.target_id, coalesce(d.namespace, e.namespace, m.namespace, p.namespace) as namespace
             from runs r left join datasets d on d.id = r.target_id left join exports e on e.id = r.target_id
             left join models m on m.id = r.target_id left join prediction_jobs p on p.id = r.target_id where r.id = $1",
            run.0
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        Ok(RunCaller {
            namespace: row.namespace.ok_or(Refusal::NotFound)?,
            target: RunTarget::of(&row.kind, row.target_id)?,
        })
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
        .execute(&self.calls)
        .await?;
        if seen.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Refusal::Fenced.into())
        }
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
        let target = TargetId(target);
        let mut tx = self.begin().await?;
        lock_target(&mut tx, target).await?;
        let r = sqlx::query!("select id, kind, outcome from runs where target_id = $1 and uid = $2 and attempt = $3 for update", target.0, uid.0, attempt)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Refusal::NotFound)?;
        if r.outcome.is_none() {
            end_run(
                &mut tx,
                target,
                RunId(r.id),
                RunOutcome::Failed,
                Some(reason),
                Some(message),
                now,
            )
            .await?;
            let target = RunTarget::of(&r.kind, target.0)?;
            stopped(&mut tx, target, reason, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What a run wrote to has failed.
async fn stopped(
    conn: &mut PgConnection,
    target: RunTarget,
    reason: RunReason,
    now: DateTime<Utc>,
) -> Result<()> {
    macro_rules! failed {
        ($sql:literal, $id:expr) => {
            sqlx::query!($sql, $id.0, now).execute(conn).await?
        };
    }
    match target {
        RunTarget::Generate(id) => return dataset_stopped(conn, id, Some(reason), now).await,
        RunTarget::Export(id) => failed!(
            "update exports set state = 'failed', updated_at = $2 where id = $1",
            id
        ),
        RunTarget::Inspect(id) => failed!(
            "update models set state = 'failed', updated_at = $2 where id = $1",
            id
        ),
        RunTarget::Predict(id) => failed!(
            "update prediction_jobs set state = 'failed', updated_at = $2 where id = $1",
            id
        ),
    };
    Ok(())
}

/// The run of this attempt, which the same call again finds; and whether it may still go on.
pub(crate) async fn begin_run(
    conn: &mut PgConnection,
    kind: &str,
    target: impl Into<TargetId>,
    (uid, attempt): (ResourceUid, i32),
    rows_before: i64,
    now: DateTime<Utc>,
) -> Result<(RunId, bool)> {
    let target: TargetId = target.into();
    let run = sqlx::query!(
        "insert into runs (id, kind, target_id, uid, attempt, rows_before, created_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint runs_attempt do update set attempt = excluded.attempt returning id, outcome",
        Uuid::now_v7(),
        kind,
        target.0,
        uid.0,
        attempt,
        rows_before,
        now
    )
    .fetch_one(conn)
    .await?;
    Ok((RunId(run.id), run.outcome.is_none()))
}

/// The run that an earlier call with this attempt began.
pub(crate) async fn known_run(
    conn: &mut PgConnection,
    target: impl Into<TargetId>,
    uid: ResourceUid,
    attempt: i32,
) -> Result<Option<RunId>> {
    let target: TargetId = target.into();
    let known = sqlx::query!(
        "select id from runs where target_id = $1 and uid = $2 and attempt = $3",
        target.0,
        uid.0,
        attempt
    )
    .fetch_optional(conn)
    .await?;
    Ok(known.map(|run| RunId(run.id)))
}

/// A run that its holder ends: the target, or nothing when it had ended before.
///
/// # Errors
/// `fenced`, `tombstoned`; or the database failed.
pub(crate) async fn run_ends(
    conn: &mut PgConnection,
    run: RunId,
    kind: &str,
    end: &CompleteRun,
    now: DateTime<Utc>,
) -> Result<Option<TargetId>> {
    let target = sqlx::query!(
        "select target_id from runs where id = $1 and kind = $2",
        run.0,
        kind
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::Tombstoned)?
    .target_id;
    let target = TargetId(target);
    if !lock_target(conn, target).await? {
        return Err(Refusal::Tombstoned.into());
    }
    let r = sqlx::query!("select outcome from runs where id = $1 for update", run.0)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Refusal::Tombstoned)?;
    if r.outcome.is_some() {
        return Ok(None);
    }
    require_hold(conn, target, run, end.epoch, now).await?;
    let message = end.message.as_deref();
    end_run(conn, target, run, end.outcome, end.reason, message, now).await?;
    Ok(Some(target))
}

/// Writes a run's end, and lets go of its target: the next attempt's pod need not wait for silence.
async fn end_run(
    conn: &mut PgConnection,
    target: TargetId,
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
    .execute(&mut *conn)
    .await?;
    release(conn, target).await
}

/// The latest run of a target, and whether it got further than its predecessor.
pub(crate) async fn latest_run(
    conn: &mut PgConnection,
    target: impl Into<TargetId>,
    rows_now: i64,
) -> Result<Option<RunView>> {
    let target: TargetId = target.into();
    let row = sqlx::query!("select id, uid, attempt, outcome, reason, message, rows_before from runs where target_id = $1 order by created_at desc, attempt desc limit 1", target.0)
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
