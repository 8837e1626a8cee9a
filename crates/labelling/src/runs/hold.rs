//! The hold: one pod at a time writes to a target, under an epoch that rises with every pod that takes it.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{ids::RunId, names::RUN_HOLDER_ALIVE_SECONDS};
use sqlx::PgConnection;

use super::TargetId;
use crate::{Refusal, Result};

/// Whoever holds the target writes no more, and the next pod may take it at once.
pub(crate) async fn release(conn: &mut PgConnection, target: impl Into<TargetId>) -> Result<()> {
    let target: TargetId = target.into();
    sqlx::query!(
        "update run_holds set epoch = epoch + 1, seen_at = 'epoch' where target_id = $1",
        target.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a target to a pod under a new epoch; the same pod takes over at once, another one waits for silence.
pub(crate) async fn hold(
    conn: &mut PgConnection,
    target: impl Into<TargetId>,
    run: RunId,
    pod: &str,
    now: DateTime<Utc>,
) -> Result<i64> {
    let target: TargetId = target.into();
    let silent = now - TimeDelta::seconds(RUN_HOLDER_ALIVE_SECONDS);
    let held = sqlx::query!(
        "insert into run_holds as h (target_id, epoch, run_id, pod_uid, seen_at) values ($1, 1, $2, $3, $4)
         on conflict (target_id) do update set epoch = h.epoch + 1, run_id = $2, pod_uid = $3, seen_at = $4
         where h.pod_uid = $3 or h.seen_at < $5
         returning epoch",
        target.0,
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
            let holder = sqlx::query!(
                "select seen_at from run_holds where target_id = $1",
                target.0
            )
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
    target: impl Into<TargetId>,
    run: RunId,
    epoch: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let target: TargetId = target.into();
    let held = sqlx::query!(
        "update run_holds set seen_at = $4 where target_id = $1 and run_id = $2 and epoch = $3",
        target.0,
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
