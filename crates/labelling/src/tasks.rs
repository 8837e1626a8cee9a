//! Work for people: what to do next, leases, and giving back.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{BatchId, DatasetId, LeaseToken, ProjectId, TaskId, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Labelling, Refusal, Result, events,
    transition::{TaskChange, task_changed},
};

/// Most tasks that one worker may hold at once.
const MAX_LEASES: i64 = 20;
/// When a worker without work is told to come back, in seconds.
const LOOK_AGAIN_SECONDS: i64 = 15;

/// A lease: fenced by its token, ended by the sweeper.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct Lease {
    pub token: LeaseToken,
    pub expires_at: DateTime<Utc>,
}

/// A task as a worker sees it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct Task {
    pub id: TaskId,
    pub project: ProjectId,
    pub dataset: DatasetId,
    pub batch: BatchId,
    pub status: String,
    pub labeling_version: i32,
    pub payload: Value,
    pub lease: Option<Lease>,
}

/// The part of a project that a claim needs.
struct Workplace {
    id: Uuid,
    labeling_version: i32,
    lock_seconds: i32,
    queue_floor: i64,
    cursor: Option<i64>,
}

macro_rules! task {
    ($r:expr, $lease:expr) => {
        Task {
            id: TaskId($r.id),
            project: ProjectId($r.project_id),
            dataset: DatasetId($r.dataset_id),
            batch: BatchId($r.batch_id),
            status: $r.status,
            labeling_version: $r.labeling_version,
            payload: $r.payload,
            lease: $lease,
        }
    };
}

impl Labelling {
    /// A task this worker could take; nothing is held.
    ///
    /// # Errors
    /// `no_task_available`; or the database failed.
    pub async fn task_next(&self, user: UserId, project: Option<ProjectId>) -> Result<Task> {
        let mut conn = self.pool.acquire().await?;
        for place in workplaces(&mut conn, user, project).await? {
            for from in [place.cursor.unwrap_or(place.queue_floor), 0] {
                let found = sqlx::query!(
                    "select t.id, t.project_id, t.dataset_id, t.batch_id, t.status as \"status!\", coalesce(t.labeling_version, $4) as \"labeling_version!\", t.payload
                     from tasks t
                     where t.project_id = $1 and t.lane = 0 and t.queue_pos > $2
                       and not exists (select from answers a where a.task_id = t.id and a.user_id = $3 and a.status not in ('withdrawn', 'voided'))
                       and not exists (select from skips s where s.task_id = t.id and s.user_id = $3)
                       and not exists (select from leases l where l.task_id = t.id and l.user_id = $3)
                     order by t.queue_pos limit 1",
                    place.id,
                    from,
                    user.0,
                    place.labeling_version
                )
                .fetch_optional(&mut *conn)
                .await?;
                if let Some(r) = found {
                    return Ok(task!(r, None));
                }
            }
        }
        Err(self.nothing(&mut conn, project).await?.into())
    }

    /// Takes up to `count` tasks: first those this worker holds already, then the next ones.
    ///
    /// # Errors
    /// `no_task_available`, `too_many_leases`; or the database failed.
    pub async fn task_claim(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        count: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Task>> {
        let mut tx = self.pool.begin().await?;
        let mut tasks = self.held(&mut tx, user, project).await?;
        let holds = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
        if holds >= count {
            tasks.truncate(usize::try_from(count).unwrap_or(1));
            return Ok(tasks);
        }
        if project.is_some() {
            let all = sqlx::query!(
                "select count(*) as \"n!\" from leases where user_id = $1",
                user.0
            )
            .fetch_one(&mut *tx)
            .await?;
            if all.n >= MAX_LEASES {
                return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
            }
        }
        let mut wanted = count - holds;
        for place in workplaces(&mut tx, user, project).await? {
            let start = place.cursor.unwrap_or(place.queue_floor);
            let mut taken = take(&mut tx, user, &place, start, wanted, now).await?;
            if taken.is_empty() && start > 0 {
                // A later chunk can become visible before an earlier one: look once from the beginning.
                taken = take(&mut tx, user, &place, 0, wanted, now).await?;
            }
            wanted -= i64::try_from(taken.len()).unwrap_or(i64::MAX);
            tasks.extend(taken);
            if wanted <= 0 {
                break;
            }
        }
        if tasks.is_empty() {
            return Err(self.nothing(&mut tx, project).await?.into());
        }
        tx.commit().await?;
        Ok(tasks)
    }

    /// Takes one named task.
    ///
    /// # Errors
    /// `not_found` when this worker may not take it, `task_locked`, `too_many_leases`; or the database failed.
    pub async fn task_lock(&self, user: UserId, task: TaskId, now: DateTime<Utc>) -> Result<Task> {
        let mut tx = self.pool.begin().await?;
        let t = sqlx::query!(
            "select project_id, slots_free, queue_pos from tasks where id = $1 for update",
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if let Some(held) = self
            .held(&mut tx, user, None)
            .await?
            .into_iter()
            .find(|h| h.id == task)
        {
            return Ok(held);
        }
        let place = workplaces(&mut tx, user, Some(ProjectId(t.project_id)))
            .await?
            .pop()
            .ok_or(Refusal::NotFound)?;
        if t.slots_free == 0 || t.queue_pos.is_none() {
            return Err(Refusal::TaskLocked.into());
        }
        let done = sqlx::query!(
            "select exists (select from answers a where a.task_id = $1 and a.user_id = $2 and a.status not in ('withdrawn', 'voided'))
                 or exists (select from skips s where s.task_id = $1 and s.user_id = $2) as \"done!\",
                    (select count(*) from leases where user_id = $2) as \"holds!\"",
            task.0,
            user.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if done.done {
            return Err(Refusal::NotFound.into());
        }
        if done.holds >= MAX_LEASES {
            return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
        }
        let mut taken = lease_tasks(&mut tx, user, &place, &[task.0], now).await?;
        tx.commit().await?;
        taken.pop().ok_or_else(|| Refusal::TaskLocked.into())
    }

    /// Tasks this worker holds, oldest lease first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tasks_held(&self, user: UserId) -> Result<Vec<Task>> {
        let mut conn = self.pool.acquire().await?;
        self.held(&mut conn, user, None).await
    }

    async fn held(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        project: Option<ProjectId>,
    ) -> Result<Vec<Task>> {
        let rows = sqlx::query!(
            "select t.id, t.project_id, t.dataset_id, t.batch_id, coalesce(t.labeling_version, 1) as \"labeling_version!\", t.payload, l.token, l.expires_at,
                    'locked' as \"status!\"
             from leases l join tasks t on t.id = l.task_id
             where l.user_id = $1 and ($2::uuid is null or l.project_id = $2) order by l.token",
            user.0,
            project.map(|p| p.0)
        )
        .fetch_all(conn)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                task!(
                    r,
                    Some(Lease {
                        token: LeaseToken(r.token),
                        expires_at: r.expires_at
                    })
                )
            })
            .collect())
    }

    /// The worker is still at it: the lease lasts another `lockSeconds`.
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
            "update leases l set expires_at = $4::timestamptz + p.lock_seconds * interval '1 second' from projects p
             where l.task_id = $1 and l.user_id = $2 and l.token = $3 and p.id = l.project_id returning l.expires_at",
            task.0,
            user.0,
            token.0,
            now
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Refusal::LeaseLost)?;
        Ok(Lease {
            token,
            expires_at: row.expires_at,
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
            return Err(Refusal::LeaseLost.into());
        }
        if let Some(reason) = skip {
            sqlx::query!("insert into skips (task_id, user_id, reason, created_at) values ($1, $2, $3, $4) on conflict do nothing", task.0, user.0, reason, now)
                .execute(&mut *tx)
                .await?;
        }
        return_slot(&mut tx, task.0, &user.to_string(), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Why there is nothing, and when to look again.
    async fn nothing(
        &self,
        conn: &mut PgConnection,
        project: Option<ProjectId>,
    ) -> Result<Refusal> {
        let Some(project) = project else {
            return Ok(Refusal::NoTaskAvailable {
                reason: "No project has a task for you now; come back later.",
                retry_after: LOOK_AGAIN_SECONDS,
                leased_until: None,
            });
        };
        let row = sqlx::query!(
            "select p.state, p.bound_uid is not null as \"bound!\", (select min(expires_at) from leases l where l.project_id = p.id) as leased_until,
                    exists (select from datasets d where d.project_id = p.id and d.state = 'generating') as \"generating!\",
                    exists (select from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null) as \"open!\"
             from projects p where p.id = $1",
            project.0
        )
        .fetch_optional(conn)
        .await?;
        let Some(row) = row.filter(|r| r.bound) else {
            return Ok(Refusal::NotFound);
        };
        let reason = match (
            row.state.as_str(),
            row.open,
            row.leased_until,
            row.generating,
        ) {
            ("paused", ..) => "The project is paused; come back when its owner resumes it.",
            ("closed" | "deleting", ..) => "The project has ended; choose another one.",
            (_, true, ..) => {
                "You have seen every open task of this project; choose another one, or come back later."
            }
            (_, _, Some(_), _) => {
                "Every open task is with another worker; come back when a lease has ended."
            }
            (_, _, _, true) => "Tasks are still being generated; come back in a moment.",
            _ => "Every task of this project is done; choose another one.",
        };
        Ok(Refusal::NoTaskAvailable {
            reason,
            retry_after: LOOK_AGAIN_SECONDS,
            leased_until: row.leased_until,
        })
    }
}

/// Projects where this worker may work, the one they were in longest ago first.
async fn workplaces(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
) -> Result<Vec<Workplace>> {
    let rows = sqlx::query!(
        "select p.id, p.labeling_version, p.lock_seconds, p.queue_floor, c.queue_pos as \"cursor?\"
         from projects p
         left join worker_cursors c on c.project_id = p.id and c.user_id = $1
         left join project_workers w on w.project_id = p.id and w.user_id = $1
         where ($2::uuid is null or p.id = $2) and p.state in ('active', 'completed') and p.bound_uid is not null and p.labeling_version > 0
           and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
           and ($2 is not null or exists (select from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null))
         order by c.claimed_at nulls first limit 50",
        user.0,
        project.map(|p| p.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Workplace {
            id: r.id,
            labeling_version: r.labeling_version,
            lock_seconds: r.lock_seconds,
            queue_floor: r.queue_floor,
            cursor: r.cursor,
        })
        .collect())
}

/// Picks the next tasks behind `from`, leaving out what others are just taking, and leases them.
async fn take(
    conn: &mut PgConnection,
    user: UserId,
    place: &Workplace,
    from: i64,
    count: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Task>> {
    let picked = sqlx::query!(
        "select t.id, t.queue_pos as \"queue_pos!\" from tasks t
         where t.project_id = $1 and t.lane = 0 and t.queue_pos > $2
           and not exists (select from answers a where a.task_id = t.id and a.user_id = $3 and a.status not in ('withdrawn', 'voided'))
           and not exists (select from skips s where s.task_id = t.id and s.user_id = $3)
           and not exists (select from leases l where l.task_id = t.id and l.user_id = $3)
         order by t.queue_pos limit $4 for update of t skip locked",
        place.id,
        from,
        user.0,
        count
    )
    .fetch_all(&mut *conn)
    .await?;
    let Some(last) = picked.iter().map(|p| p.queue_pos).max() else {
        return Ok(Vec::new());
    };
    let ids: Vec<_> = picked.iter().map(|p| p.id).collect();
    sqlx::query!(
        "insert into worker_cursors (user_id, project_id, queue_pos, claimed_at) values ($1, $2, $3, $4)
         on conflict (user_id, project_id) do update set queue_pos = excluded.queue_pos, claimed_at = excluded.claimed_at",
        user.0,
        place.id,
        last,
        now
    )
    .execute(&mut *conn)
    .await?;
    lease_tasks(conn, user, place, &ids, now).await
}

/// Leases tasks whose rows this transaction has locked.
async fn lease_tasks(
    conn: &mut PgConnection,
    user: UserId,
    place: &Workplace,
    ids: &[i64],
    now: DateTime<Utc>,
) -> Result<Vec<Task>> {
    let expires_at = now + TimeDelta::seconds(place.lock_seconds.into());
    let rows = sqlx::query!(
        "with taken as (
             update tasks set slots_free = slots_free - 1, leased = leased + 1, labeling_version = coalesce(labeling_version, $3),
                    queue_pos = case when slots_free = 1 then null else queue_pos end
             where id = any($1) and slots_free > 0
             returning id, project_id, dataset_id, batch_id, status, labeling_version, payload),
         leased as (
             insert into leases (task_id, user_id, project_id, locked_at, expires_at) select id, $2, project_id, $4, $5 from taken order by id
             returning task_id, token),
         begun as (
             update task_batches set status = 'in_progress' where id in (select batch_id from taken) and status = 'ready'),
         noted as (
             insert into events (kind, subject, actor) select 'task.locked', task_id::text, $2::uuid::text from leased)
         select t.id, t.project_id, t.dataset_id, t.batch_id, t.status as \"status!\", t.labeling_version as \"labeling_version!\", t.payload, l.token
         from taken t join leased l on l.task_id = t.id order by l.token",
        ids,
        user.0,
        place.labeling_version,
        now,
        expires_at
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Task {
            status: "locked".into(),
            ..task!(
                r,
                Some(Lease {
                    token: LeaseToken(r.token),
                    expires_at
                })
            )
        })
        .collect())
}

/// A leased place becomes free again, under a new position, so that no cursor hides it.
pub(crate) async fn return_slot(
    conn: &mut PgConnection,
    task: i64,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = sqlx::query!(
        "with old as (select id, status from tasks where id = $1 for update)
         update tasks t set leased = leased - 1,
                slots_free = slots_free + case when p.state = 'closed' then 0 else 1 end,
                queue_pos = case when p.state = 'closed' or d.bound_uid is null then t.queue_pos else nextval('task_queue_pos') end
         from old, projects p, datasets d where t.id = old.id and p.id = t.project_id and d.id = t.dataset_id
         returning t.batch_id, old.status as \"before!\", t.status as \"after!\"",
        task
    )
    .fetch_one(&mut *conn)
    .await?;
    events::record(conn, "task.returned", &task.to_string(), actor, json!({})).await?;
    let change = TaskChange {
        task,
        batch: row.batch_id,
        before: row.before,
        after: row.after,
    };
    task_changed(conn, &change, actor, now).await
}
