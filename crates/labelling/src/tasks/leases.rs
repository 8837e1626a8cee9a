//! Leases: what a worker holds, holding on to it, and giving it back.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{BatchId, DatasetId, LeaseToken, ProjectId, TaskId, UserId};
use sqlx::PgConnection;

use super::{Freed, LEASE_LIVES, Lease, Task, lost, return_slot};
use crate::{Error, Labelling, Refusal, Result};

impl Labelling {
    /// Tasks this worker holds, oldest lease first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tasks_held(&self, user: UserId) -> Result<Vec<Task>> {
        let mut conn = self.pool.acquire().await?;
        Ok(self.held(&mut conn, user, None).await?.0)
    }

    /// What this worker holds, of one project when one is named, and how many tasks that are in all.
    pub(super) async fn held(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        project: Option<ProjectId>,
    ) -> Result<(Vec<Task>, i64)> {
        let rows = sqlx::query!(
            "select t.id, t.project_id, t.dataset_id, t.batch_id, coalesce(l.labeling_version, t.labeling_version, 1) as \"labeling_version!\",
                    case when $2::uuid is null or l.project_id = $2 then t.payload end as \"payload?: sqlx::types::Json<datacrowd_protocol::raw::RawJson>\",
                    l.token, l.expires_at, coalesce(l.reward_points, p.reward_points) as \"reward_points!\", 'locked' as \"status!\"
             from leases l join tasks t on t.id = l.task_id join projects p on p.id = l.project_id
             where l.user_id = $1 order by l.token",
            user.0,
            project.map(|p| p.0)
        )
        .fetch_all(conn)
        .await?;
        let all = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let held = rows.into_iter().filter_map(|r| {
            let lease = Lease {
                token: LeaseToken(r.token),
                expires_at: r.expires_at,
                reward_points: r.reward_points,
            };
            let payload = r.payload?.0;
            Some(Task {
                id: TaskId(r.id),
                project: ProjectId(r.project_id),
                dataset: DatasetId(r.dataset_id),
                batch: BatchId(r.batch_id),
                status: r.status,
                labeling_version: r.labeling_version,
                payload,
                lease: Some(lease),
            })
        });
        Ok((held.collect(), all))
    }

    /// The worker is still at it: the lease lasts another `lockSeconds`, but never beyond its end. Whoever renews it
    /// then is told that end.
    ///
    /// # Errors
    /// `lease_lost`; or the database failed.
    pub async fn task_heartbeat(
        &self,
        user: UserId,
        task: TaskId,
        token: LeaseToken,
        now: DateTime<Utc>,
    ) -> Result<Lease> {
        let row = sqlx::query!(
            "update leases l set expires_at = greatest(l.expires_at, least($4::timestamptz + p.lock_seconds * interval '1 second',
                                                                           coalesce(l.ends_at, l.locked_at + $5 * p.lock_seconds * interval '1 second')))
             from projects p
             where l.task_id = $1 and l.user_id = $2 and l.token = $3 and p.id = l.project_id
             returning l.expires_at, coalesce(l.reward_points, p.reward_points) as \"reward_points!\"",
            task.0,
            user.0,
            token.0,
            now,
            LEASE_LIVES
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            let mut conn = self.pool.acquire().await?;
            return Err(lost(&mut conn, user, task).await?.into());
        };
        Ok(Lease {
            token,
            expires_at: row.expires_at,
            reward_points: row.reward_points,
        })
    }

    /// Gives a task back; this worker may be offered it again.
    ///
    /// # Errors
    /// `lease_lost`; or the database failed.
    pub async fn task_unlock(
        &self,
        user: UserId,
        task: TaskId,
        token: LeaseToken,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.give_back(user, task, token, None, now).await
    }

    /// Gives a task back for good: this worker is never offered it again.
    ///
    /// # Errors
    /// `lease_lost`; or the database failed.
    pub async fn task_skip(
        &self,
        user: UserId,
        task: TaskId,
        token: LeaseToken,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.give_back(user, task, token, Some(reason), now).await
    }

    async fn give_back(
        &self,
        user: UserId,
        task: TaskId,
        token: LeaseToken,
        skip: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!("select id from tasks where id = $1 for update", task.0)
            .fetch_optional(&mut *tx)
            .await?;
        let gone = sqlx::query!(
            "delete from leases where task_id = $1 and user_id = $2 and token = $3",
            task.0,
            user.0,
            token.0
        )
        .execute(&mut *tx)
        .await?;
        if gone.rows_affected() == 0 {
            return Err(lost(&mut tx, user, task).await?.into());
        }
        if let Some(reason) = skip {
            sqlx::query!(
                "insert into skips (task_id, user_id, project_id, reason, created_at)
                 select t.id, $2, t.project_id, $3, $4 from tasks t where t.id = $1 on conflict do nothing",
                task.0,
                user.0,
                reason,
                now
            )
            .execute(&mut *tx)
            .await?;
        }
        return_slot(&mut tx, task.0, Freed::Lease, &user.to_string(), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every lease that a worker holds in a project; a submit that is under way comes first.
    pub(crate) async fn leases_end(
        &self,
        user: UserId,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        let (held, _) = self.held(&mut conn, user, Some(project)).await?;
        drop(conn);
        for task in held {
            let Some(lease) = task.lease else { continue };
            match self.give_back(user, task.id, lease.token, None, now).await {
                Ok(()) | Err(Error::Refused(Refusal::LeaseLost | Refusal::Blocked)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
