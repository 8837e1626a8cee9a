//! One act of taking at a time per worker: how much they hold, and what they were shown, is only then theirs to tell.

use datacrowd_protocol::ids::{TaskId, UserId};
use sqlx::PgConnection;

use crate::{Refusal, Result};

/// Most tasks that one worker may hold at once.
pub(crate) const MAX_LEASES: i64 = 20;

/// Waits until nobody else acts for this worker, until this transaction ends. Whoever leases them a task or shows
/// them an answer begins with it, before any row is locked, and counts and looks afterwards: neither is a task
/// leased to whom an answer of it is just shown, nor the reverse, and many claims at once hold no more than one.
pub(crate) async fn take_turn(conn: &mut PgConnection, worker: UserId) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 4))",
        worker.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What somebody is told whose lease is gone: why, when the project's owner ended it.
pub(crate) async fn lost(conn: &mut PgConnection, worker: UserId, task: TaskId) -> Result<Refusal> {
    let row = sqlx::query!(
        "select exists (select from tasks t join project_workers w on w.project_id = t.project_id
                        where t.id = $1 and w.user_id = $2 and w.standing = 'blocked')
             or exists (select from gold_draws g join project_workers w on w.project_id = g.project_id and w.user_id = g.user_id
                        where g.id = $1 and g.user_id = $2 and w.standing = 'blocked') as \"blocked!\"",
        task.0,
        worker.0
    )
    .fetch_one(conn)
    .await?;
    Ok(if row.blocked {
        Refusal::Blocked
    } else {
        Refusal::LeaseLost
    })
}
