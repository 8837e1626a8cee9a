//! What a worker does with gold that they take: as with a task, but no row is locked that anybody else wants.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{LeaseToken, TaskId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Labelling, Lease, Refusal, Result, crowd::membership::admit_to_work, events, tasks::LEASE_LIVES,
};

/// Counts one more task that a worker takes in a project, where gold is mixed in.
pub(crate) async fn count(conn: &mut PgConnection, user: UserId, project: Uuid) -> Result<()> {
    sqlx::query!("select gold_count_v1($1, $2)", user.0, project)
        .fetch_one(conn)
        .await?;
    Ok(())
}

impl Labelling {
    /// Takes gold that stands in the worker's queue, in the caller's turn.
    ///
    /// # Errors
    /// `not_found` when there is none of this id, `blocked`, `task_locked`; or the database failed.
    pub(crate) async fn gold_lock(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        task: TaskId,
        full: bool,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let gold = sqlx::query!(
            "select project_id, queue_pos from gold_draws where id = $1 and user_id = $2 and skipped is null and not answered",
            task.0,
            user.0
        )
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Refusal::NotFound)?;
        admit_to_work(conn, gold.project_id, user).await?;
        if gold.queue_pos.is_none() {
            return Err(Refusal::TaskLocked.into());
        }
        if full {
            return Err(Refusal::TooManyLeases {
                limit: crate::tasks::MAX_LEASES,
            }
            .into());
        }
        sqlx::query!(
            "select gold_lease_v1($1, $2, $3, $4, $5)",
            user.0,
            gold.project_id,
            task.0,
            LEASE_LIVES,
            now
        )
        .fetch_one(&mut *conn)
        .await?;
        count(conn, user, gold.project_id).await
    }

    /// As `task_heartbeat`; none when nothing is held under this token.
    pub(crate) async fn gold_heartbeat(
        &self,
        user: UserId,
        task: TaskId,
        token: LeaseToken,
        now: DateTime<Utc>,
    ) -> Result<Option<Lease>> {
        let row = sqlx::query!(
            "update gold_draws g set expires_at = greatest(g.expires_at, least($4::timestamptz + p.lock_seconds * interval '1 second', g.ends_at))
             from projects p where g.id = $1 and g.user_id = $2 and g.token = $3 and p.id = g.project_id
             returning g.expires_at as \"expires_at!\", g.reward_points as \"reward_points!\"",
            task.0,
            user.0,
            token.0,
            now
        )
        .fetch_optional(&self.calls)
        .await?;
        Ok(row.map(|row| Lease {
            token,
            expires_at: row.expires_at,
            reward_points: row.reward_points,
        }))
    }

    /// As whoever gives a task back: for good with a reason, else to the end of the queue. False when nothing is held under
    /// this token.
    pub(crate) async fn gold_give_back(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        task: TaskId,
        token: LeaseToken,
        skip: Option<&str>,
    ) -> Result<bool> {
        let gone = sqlx::query!(
            "update gold_draws set token = null, locked_at = null, expires_at = null, ends_at = null, skipped = $4,
                    queue_pos = case when $4::text is null then nextval('task_queue_pos') end
             where id = $1 and user_id = $2 and token = $3",
            task.0,
            user.0,
            token.0,
            skip
        )
        .execute(&mut *conn)
        .await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        let kind = match skip {
            Some(_) => "gold.skipped",
            None => "gold.returned",
        };
        let (subject, actor) = (task.to_string(), user.to_string());
        events::record(conn, kind, &subject, &actor, serde_json::json!({})).await?;
        Ok(true)
    }

    /// Ends leases whose time is over: what was held goes to the end of its worker's queue.
    pub(crate) async fn sweep_gold_leases(&self, now: DateTime<Utc>) -> Result<u64> {
        let ended = sqlx::query!(
            "with ended as (
                 update gold_draws set token = null, locked_at = null, expires_at = null, ends_at = null, queue_pos = nextval('task_queue_pos')
                 where id = any(array(select id from gold_draws where token is not null and expires_at < $1 order by expires_at limit 500 for update skip locked))
                 returning id)
             insert into events (kind, subject, actor, data) select 'gold.returned', id::text, 'sweeper', '{}' from ended",
            now
        )
        .execute(&self.calls)
        .await?;
        Ok(ended.rows_affected())
    }
}
