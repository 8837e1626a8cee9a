//! Leases: what a worker holds, holding on to it, and giving it back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{BatchId, DatasetId, LeaseToken, ProjectId, TaskId, UserId},
    raw::RawJson,
    work::TaskStatus,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{LEASE_LIVES, Lease, Task, lost};
use crate::{Error, Labelling, Refusal, Result, task_state::lease_ended};

/// A task that somebody holds, as `tasks_held_v2` gives it.
pub(super) struct Held {
    pub task_id: i64,
    pub project_id: Uuid,
    pub dataset_id: Uuid,
    pub batch_id: i64,
    pub labeling_version: i32,
    pub payload: Json<RawJson>,
    pub token: i64,
    pub expires_at: DateTime<Utc>,
    pub reward_points: i32,
}

impl From<Held> for Task {
    fn from(h: Held) -> Self {
        Self {
            id: TaskId(h.task_id),
            project: ProjectId(h.project_id),
            dataset: DatasetId(h.dataset_id),
            batch: BatchId(h.batch_id),
            status: TaskStatus::Locked,
            labeling_version: h.labeling_version,
            payload: h.payload.0,
            lease: Some(Lease {
                token: LeaseToken(h.token),
                expires_at: h.expires_at,
                reward_points: h.reward_points,
            }),
            prefill: BTreeMap::new(),
        }
    }
}

/// What this worker holds, of one project when one is named, oldest lease first.
pub(super) async fn held(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
) -> Result<Vec<Task>> {
    let rows = sqlx::query_as!(
        Held,
        "select task_id as \"task_id!\", project_id as \"project_id!\", dataset_id as \"dataset_id!\", batch_id as \"batch_id!\",
                labeling_version as \"labeling_version!\", payload as \"payload!: Json<RawJson>\", token as \"token!\",
                expires_at as \"expires_at!\", reward_points as \"reward_points!\"
         from tasks_held_v2($1, $2) order by token",
        user.0,
        project.map(|p| p.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Task::from).collect())
}

impl Labelling {
    /// Tasks this worker holds, oldest lease first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tasks_held(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Task>> {
        let mut conn = self.calls.acquire().await?;
        let tasks = held(&mut conn, user, None).await?;
        drop(conn);
        self.prefilled(user, tasks, now).await
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
        .fetch_optional(&self.calls)
        .await?;
        let Some(row) = row else {
            if let Some(lease) = self.gold_heartbeat(user, task, token, now).await? {
                return Ok(lease);
            }
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
        let mut tx = self.begin().await?;
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
            if self
                .gold_give_back(&mut tx, user, task, token, skip)
                .await?
            {
                tx.commit().await?;
                return Ok(());
            }
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
        lease_ended(&mut tx, task, &user.to_string(), now).await?;
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
        let mut conn = self.calls.acquire().await?;
        let held = held(&mut conn, user, Some(project)).await?;
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
