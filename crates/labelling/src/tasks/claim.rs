//! Taking work: the next open tasks behind a worker's own last position, or one that they name.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{BatchId, DatasetId, ProjectId, TaskId, UserId},
    raw::RawJson,
};
use sqlx::{Postgres, Transaction, types::Json};

use super::{
    LEASE_LIVES, MAX_LEASES, Task,
    leases::{Held, held},
    take_turn,
};
use crate::{
    Error, Labelling, Refusal, Result, crowd::membership::admit_to_work, gold,
    projects::from_column, task_state::TaskEvent,
};

/// What a call to claim came to.
enum Claimed {
    /// What the worker holds now.
    Tasks(Vec<Task>),
    /// No task that is free this instant.
    Nothing,
    /// The task that was waited for was gone; there may be another.
    Again,
    /// The worker holds as many as anybody may, and fewer of these than asked for.
    TooMany,
}

impl Labelling {
    /// A task this worker could take; nothing is held. Asked again it is the same, unless somebody else took it.
    ///
    /// # Errors
    /// `no_task_available`; or the database failed.
    pub async fn task_next(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        now: DateTime<Utc>,
    ) -> Result<Task> {
        let next = sqlx::query!(
            "select task_id as \"task_id!\", project_id as \"project_id!\", dataset_id as \"dataset_id!\", batch_id as \"batch_id!\", status as \"status!\",
                    labeling_version as \"labeling_version!\", payload as \"payload!: Json<RawJson>\"
             from task_next_v2($1, $2, $3, $4)",
            user.0,
            project.map(|p| p.0),
            self.billing.gates(),
            now
        )
        .fetch_optional(&self.calls)
        .await?;
        let Some(t) = next else {
            return Err(self.no_task(user, project, now).await?.into());
        };
        Ok(Task {
            id: TaskId(t.task_id),
            project: ProjectId(t.project_id),
            dataset: DatasetId(t.dataset_id),
            batch: BatchId(t.batch_id),
            status: from_column("task status", &t.status)?,
            labeling_version: t.labeling_version,
            payload: t.payload.0,
            lease: None,
            prefill: BTreeMap::new(),
        })
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
        let mut claimed = self.claim(user, project, count, false, now).await?;
        // Whoever holds the last ones may not want them, or just have been refused. Each turn that finds a task gone is
        // one in which somebody else got on.
        while matches!(claimed, Claimed::Nothing | Claimed::Again) {
            claimed = match self.claim(user, project, 1, true, now).await? {
                Claimed::Nothing => return Err(self.no_task(user, project, now).await?.into()),
                claimed => claimed,
            };
        }
        match claimed {
            Claimed::Tasks(tasks) => self.prefilled(user, tasks, now).await,
            _ => Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into()),
        }
    }

    /// One call; `waits` for the first task that others are just taking, and holds no other meanwhile.
    async fn claim(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        count: i64,
        waits: bool,
        now: DateTime<Utc>,
    ) -> Result<Claimed> {
        let leased = TaskEvent::Leased.delta();
        let rows = sqlx::query!(
            "select task_id, project_id, dataset_id, batch_id, labeling_version, payload as \"payload: Json<RawJson>\", token, expires_at, reward_points
             from tasks_claim_v3($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            user.0,
            project.map(|p| p.0),
            i32::try_from(count).unwrap_or(i32::MAX),
            i32::try_from(MAX_LEASES).unwrap_or(i32::MAX),
            leased.leased,
            leased.places,
            LEASE_LIVES,
            waits,
            self.billing.gates(),
            now
        )
        .fetch_all(&self.calls)
        .await?;
        match rows.first() {
            None => return Ok(Claimed::Nothing),
            Some(row) if row.task_id.is_none() => {
                return Ok(match row.project_id {
                    Some(_) => Claimed::Again,
                    None => Claimed::TooMany,
                });
            }
            Some(_) => {}
        }
        let tasks = rows.into_iter().map(|r| {
            Some(Task::from(Held {
                task_id: r.task_id?,
                project_id: r.project_id?,
                dataset_id: r.dataset_id?,
                batch_id: r.batch_id?,
                labeling_version: r.labeling_version?,
                payload: r.payload?,
                token: r.token?,
                expires_at: r.expires_at?,
                reward_points: r.reward_points?,
            }))
        });
        let tasks = tasks.collect::<Option<_>>();
        Ok(Claimed::Tasks(
            tasks.ok_or(Error::Corrupt { what: "claim" })?,
        ))
    }

    /// Takes one named task.
    ///
    /// # Errors
    /// `not_found` when this worker may not take it, `task_locked`, `too_many_leases`; or the database failed.
    pub async fn task_lock(&self, user: UserId, task: TaskId, now: DateTime<Utc>) -> Result<Task> {
        let locked = self.lock(user, task, now).await?;
        let mut prefilled = self.prefilled(user, vec![locked], now).await?;
        prefilled.pop().ok_or_else(|| Refusal::TaskLocked.into())
    }

    async fn lock(&self, user: UserId, task: TaskId, now: DateTime<Utc>) -> Result<Task> {
        let mut tx = self.begin().await?;
        take_turn(&mut tx, user).await?;
        let t = sqlx::query!(
            "select project_id, slots_free, queue_pos from tasks where id = $1 for update",
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let holds = held(&mut tx, user, None).await?;
        let full = i64::try_from(holds.len()).unwrap_or(i64::MAX) >= MAX_LEASES;
        if let Some(already) = holds.into_iter().find(|h| h.id == task) {
            return Ok(already);
        }
        let Some(t) = t else {
            self.gold_lock(&mut tx, user, task, full, now).await?;
            return taken(tx, user, task).await;
        };
        admit_to_work(&mut tx, t.project_id, user).await?;
        if t.slots_free == 0 || t.queue_pos.is_none() {
            return Err(Refusal::TaskLocked.into());
        }
        let done = sqlx::query!(
            "select exists (select from answers a where a.task_id = $1 and a.user_id = $2 and a.status not in ('withdrawn', 'voided'))
                 or exists (select from skips s where s.task_id = $1 and s.user_id = $2)
                 or exists (select from shown_tasks v where v.task_id = $1 and v.user_id = $2) as \"done!\"",
            task.0,
            user.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if done.done {
            return Err(Refusal::NotFound.into());
        }
        if full {
            return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
        }
        let leased = TaskEvent::Leased.delta();
        sqlx::query!(
            "select tasks_lease_v1($1, $2, $3, $4, $5, $6, $7)",
            user.0,
            t.project_id,
            &[task.0],
            leased.leased,
            leased.places,
            LEASE_LIVES,
            now
        )
        .fetch_one(&mut *tx)
        .await?;
        gold::count(&mut tx, user, t.project_id).await?;
        taken(tx, user, task).await
    }
}

/// Commits that a task was taken.
async fn taken(mut tx: Transaction<'_, Postgres>, user: UserId, task: TaskId) -> Result<Task> {
    let mut held = held(&mut tx, user, None).await?;
    held.retain(|h| h.id == task);
    tx.commit().await?;
    held.pop().ok_or_else(|| Refusal::TaskLocked.into())
}
