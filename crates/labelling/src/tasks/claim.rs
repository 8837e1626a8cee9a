//! Taking work: the next open tasks behind a worker's own last position, or one that they name.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{BatchId, DatasetId, ProjectId, TaskId, UserId};
use sqlx::PgConnection;

use super::{MAX_LEASES, Task, Workplace, lease_tasks, take_turn, task, workplaces};
use crate::{Labelling, Refusal, Result, crowd::standing::admit};

/// The queue's tasks that are new to this worker, with the columns before it and the end of the statement.
///
/// Who decided on an answer before `shown_tasks` was kept has a review only. That is asked row by row (`offset 0`):
/// joined, all reviews that this worker ever gave could be read for one task.
macro_rules! queued {
    ($what:literal, $end:literal, $place:expr, $from:expr, $user:expr, $more:expr) => {
        sqlx::query!(
            "select " + $what + " from tasks t
             where t.project_id = $1 and t.lane = 0 and t.queue_pos > $2
               and not exists (select from answers a where a.task_id = t.id and a.user_id = $3 and a.status not in ('withdrawn', 'voided'))
               and not exists (select from skips s where s.task_id = t.id and s.user_id = $3)
               and not exists (select from leases l where l.task_id = t.id and l.user_id = $3)
               and not exists (select from shown_tasks v where v.task_id = t.id and v.user_id = $3)
               and not exists (select from answers o join reviews r on r.answer_id = o.id where o.task_id = t.id and r.user_id = $3 offset 0)
             order by t.queue_pos" + $end,
            $place.id,
            $from,
            $user.0,
            $more
        )
    };
}

impl Labelling {
    /// A task this worker could take; nothing is held.
    ///
    /// # Errors
    /// `no_task_available`; or the database failed.
    pub async fn task_next(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        now: DateTime<Utc>,
    ) -> Result<Task> {
        let mut conn = self.pool.acquire().await?;
        for place in workplaces(&mut conn, user, project).await? {
            for from in [place.cursor.unwrap_or(place.queue_floor), 0] {
                let next = queued!(
                    "t.id, t.project_id, t.dataset_id, t.batch_id, t.status as \"status!\", t.payload,
                     case when t.leased + t.in_review + t.approved + t.rejections = 0 then $4 else coalesce(t.labeling_version, $4) end as \"labeling_version!\"",
                    " limit 1",
                    place,
                    from,
                    user,
                    place.labeling_version
                );
                if let Some(r) = next.fetch_optional(&mut *conn).await? {
                    return Ok(task!(r, None));
                }
            }
        }
        Err(self.nothing(&mut conn, user, project, now).await?.into())
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
        take_turn(&mut tx, user).await?;
        let (mut tasks, all) = self.held(&mut tx, user, project).await?;
        let holds = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
        if holds >= count {
            tasks.truncate(usize::try_from(count).unwrap_or(1));
            return Ok(tasks);
        }
        let mut wanted = (count - holds).min(MAX_LEASES - all);
        if wanted <= 0 {
            return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
        }
        for place in workplaces(&mut tx, user, project).await? {
            let start = place.cursor.unwrap_or(place.queue_floor);
            let mut picked = pick(&mut tx, user, &place, start, wanted).await?;
            if picked.is_empty() && start > 0 {
                // A later chunk can become visible before an earlier one: look once from the beginning.
                picked = pick(&mut tx, user, &place, 0, wanted).await?;
            }
            if picked.is_empty() {
                // Whoever holds the last ones may not want them, or just have been refused.
                picked = pick_waiting(&mut tx, user, &place).await?;
            }
            let taken = take(&mut tx, user, &place, &picked, now).await?;
            wanted -= i64::try_from(taken.len()).unwrap_or(i64::MAX);
            tasks.extend(taken);
            if wanted <= 0 {
                break;
            }
        }
        if tasks.is_empty() {
            return Err(self.nothing(&mut tx, user, project, now).await?.into());
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
        take_turn(&mut tx, user).await?;
        let t = sqlx::query!(
            "select project_id, slots_free, queue_pos from tasks where id = $1 for update",
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let (held, all) = self.held(&mut tx, user, None).await?;
        if let Some(held) = held.into_iter().find(|h| h.id == task) {
            return Ok(held);
        }
        admit(&mut tx, t.project_id, user).await?;
        let place = workplaces(&mut tx, user, Some(ProjectId(t.project_id)))
            .await?
            .pop()
            .ok_or(Refusal::NotFound)?;
        if t.slots_free == 0 || t.queue_pos.is_none() {
            return Err(Refusal::TaskLocked.into());
        }
        let done = sqlx::query!(
            "select exists (select from answers a where a.task_id = $1 and a.user_id = $2 and a.status not in ('withdrawn', 'voided'))
                 or exists (select from skips s where s.task_id = $1 and s.user_id = $2)
                 or exists (select from shown_tasks v where v.task_id = $1 and v.user_id = $2)
                 or exists (select from answers o join reviews r on r.answer_id = o.id where o.task_id = $1 and r.user_id = $2) as \"done!\"",
            task.0,
            user.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if done.done {
            return Err(Refusal::NotFound.into());
        }
        if all >= MAX_LEASES {
            return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
        }
        let mut taken = lease_tasks(&mut tx, user, &place, &[task.0], now).await?;
        tx.commit().await?;
        taken.pop().ok_or_else(|| Refusal::TaskLocked.into())
    }
}

/// The next tasks behind `from`, leaving out what others are just taking: id and position.
async fn pick(
    conn: &mut PgConnection,
    user: UserId,
    place: &Workplace,
    from: i64,
    count: i64,
) -> Result<Vec<(i64, i64)>> {
    let next = queued!(
        "t.id, t.queue_pos as \"queue_pos!\"",
        " limit $4 for update of t skip locked",
        place,
        from,
        user,
        count
    );
    Ok(next.map(|r| (r.id, r.queue_pos)).fetch_all(conn).await?)
}

/// The first task that is still there when whoever holds it has let go.
async fn pick_waiting(
    conn: &mut PgConnection,
    user: UserId,
    place: &Workplace,
) -> Result<Vec<(i64, i64)>> {
    let first = queued!(
        "t.id, t.queue_pos as \"queue_pos!\"",
        " limit $4 for update of t",
        place,
        0,
        user,
        1
    );
    Ok(first.map(|r| (r.id, r.queue_pos)).fetch_all(conn).await?)
}

/// Leases what was picked.
async fn take(
    conn: &mut PgConnection,
    user: UserId,
    place: &Workplace,
    picked: &[(i64, i64)],
    now: DateTime<Utc>,
) -> Result<Vec<Task>> {
    let Some(last) = picked.iter().map(|(_, position)| *position).max() else {
        return Ok(Vec::new());
    };
    let ids: Vec<_> = picked.iter().map(|(id, _)| *id).collect();
    // The lock of `admit`, without a call of its own; whether this worker is blocked is asked with the lease.
    sqlx::query!(
        "insert into worker_cursors (user_id, project_id, queue_pos, claimed_at)
         select $1, $2, $3, $4 from (select pg_advisory_xact_lock_shared(hashtextextended($2::uuid::text || $1::uuid::text, 2))) admitted
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
