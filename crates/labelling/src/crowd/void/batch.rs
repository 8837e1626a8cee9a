//! One step of a void: the answers of one batch, and the end when none is left.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, ProjectId, TaskId, UserId},
    work::AnswerStatus,
};
use serde_json::json;
use sqlx::PgConnection;

use super::Voided;
use crate::{
    Labelling, Result, approvals,
    projects::from_column,
    task_state::{Cause, TaskEvent, apply},
};

/// Most answers voided in one transaction.
const VOID_BATCH: i64 = 200;

impl Labelling {
    /// Answers of one batch only: whoever holds several batches at once could wait for somebody who waits for
    /// their dataset. False when the void has ended.
    pub(super) async fn void_batch(&self, id: i64, now: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.begin().await?;
        let void = sqlx::query_as!(
            Open,
            "select id, project_id, user_id, actor, fraud, up_to, charges, reserved from voids where id = $1 and ended_at is null for update",
            id
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(void) = void else { return Ok(false) };
        let Some(answers) = take_back(&mut tx, &void, now).await? else {
            end(&mut tx, &void, now).await?;
            tx.commit().await?;
            return Ok(false);
        };
        let mut voided = Voided::default();
        for answer in answers {
            let (points, reopened) = void_one(&mut tx, &void, &answer, now).await?;
            voided.answers += 1;
            voided.points += i64::from(points);
            let paid = answer.was_approved;
            voided.charged += i64::from(void.charges && reopened && paid);
            voided.credited += i64::from(void.fraud && self.billing.gates() && !reopened && paid);
        }
        sqlx::query!(
            "update voids set answers = answers + $2, charged = charged + $3, reserved = reserved - $3, points = points + $4, uncharged = uncharged + $5
             where id = $1",
            void.id,
            voided.answers,
            voided.charged,
            voided.points,
            voided.credited
        )
        .execute(&mut *tx)
        .await?;
        if voided.credited > 0 {
            sqlx::query!(
                "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1",
                void.project_id.0,
                voided.credited
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// A void that has not ended.
struct Open {
    id: i64,
    project_id: ProjectId,
    user_id: UserId,
    actor: UserId,
    fraud: bool,
    up_to: i64,
    charges: bool,
    reserved: i64,
}

/// An answer that was just voided.
struct TakenBack {
    id: AnswerId,
    task: TaskId,
    /// It was approved, and did not wait.
    was_approved: bool,
}

/// What voiding one answer does besides: the points it takes back, and whether its place opens again.
async fn void_one(
    conn: &mut PgConnection,
    void: &Open,
    answer: &TakenBack,
    now: DateTime<Utc>,
) -> Result<(i32, bool)> {
    let approved = answer.was_approved;
    let points = if approved {
        approvals::revoke(conn, void.project_id, answer.id, void.fraud, now).await?
    } else {
        0
    };
    let from = match approved {
        true => AnswerStatus::Approved,
        false => AnswerStatus::InReview,
    };
    let cause = Cause {
        kind: "answer.voided",
        subject: answer.id.to_string(),
        actor: &void.actor.to_string(),
        data: json!({"from": from.column(), "fraud": void.fraud}),
    };
    let event = TaskEvent::Voided { approved };
    let changed = apply(conn, answer.task, event, &cause, now).await?;
    Ok((points, changed.places_opened > 0))
}

/// Voids the answers of one batch; none when there is no batch left. No more approved
/// ones than something was set aside for.
async fn take_back(
    conn: &mut PgConnection,
    void: &Open,
    now: DateTime<Utc>,
) -> Result<Option<Vec<TakenBack>>> {
    let approved = if void.charges {
        void.reserved.min(VOID_BATCH)
    } else {
        VOID_BATCH
    };
    let tasks = lock_tasks(conn, void, approved > 0).await?;
    if tasks.is_empty() {
        return Ok(None);
    }
    // With the tasks locked, nobody decides, withdraws or voids these answers any more.
    let answers = sqlx::query!(
        "with chosen as (
             select a.id, a.status, row_number() over (partition by a.status order by a.id) as nth
             from answers a where a.task_id = any($1) and a.user_id = $2 and a.id <= $4 and a.status in ('in_review', 'approved'))
         update answers a set status = 'voided', decided_at = $3 from chosen c
         where c.id = a.id and (c.status = 'in_review' or c.nth <= $5)
         returning a.id, a.task_id, c.status",
        &tasks,
        void.user_id.0,
        now,
        void.up_to,
        approved
    )
    .fetch_all(conn)
    .await?;
    let answers = answers.into_iter().map(|a| {
        Ok(TakenBack {
            id: AnswerId(a.id),
            task: TaskId(a.task_id),
            was_approved: from_column::<AnswerStatus>("answer status", &a.status)?
                == AnswerStatus::Approved,
        })
    });
    Ok(Some(answers.collect::<Result<_>>()?))
}

/// Locks the tasks of the batch that has the oldest answer to take back.
async fn lock_tasks(conn: &mut PgConnection, void: &Open, approved_too: bool) -> Result<Vec<i64>> {
    let tasks = sqlx::query!(
        "select t.id from tasks t where t.id in (
             select a.task_id from answers a join tasks b on b.id = a.task_id
             where a.project_id = $1 and a.user_id = $2 and a.id <= $4 and (a.status = 'in_review' or a.status = 'approved' and $5) and b.batch_id = (
                 select f.batch_id from answers o join tasks f on f.id = o.task_id
                 where o.project_id = $1 and o.user_id = $2 and o.id <= $4 and (o.status = 'in_review' or o.status = 'approved' and $5) order by o.id limit 1)
             order by a.task_id limit $3)
         order by t.id for update",
        void.project_id.0,
        void.user_id.0,
        VOID_BATCH,
        void.up_to,
        approved_too
    )
    .fetch_all(conn)
    .await?;
    Ok(tasks.into_iter().map(|t| t.id).collect())
}

/// Ends a void; what was set aside and not used, since a decision was undone meanwhile, is free again.
async fn end(conn: &mut PgConnection, void: &Open, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update voids set ended_at = $2, reserved = 0 where id = $1",
        void.id,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update projects set tasks_used = greatest(tasks_used - $2::bigint, 0) where id = $1",
        void.project_id.0,
        void.reserved
    )
    .execute(conn)
    .await?;
    Ok(())
}
