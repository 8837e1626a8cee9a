//! Answers to gold go with a worker's others when they are taken back.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{ProjectId, UserId};
use sqlx::PgConnection;

use crate::Result;

/// What was taken back of gold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct VoidedGold {
    /// Answers that no longer count.
    pub answers: i64,
    /// Judgements given back: of those that waited, and of all when it was fraud.
    pub credited: i64,
    /// Points that their author no longer has.
    pub points: i64,
}

/// Voids a worker's answers to gold. The caller has locked the project. What was approved keeps its charge and its points, unless it
/// was fraud, which also undoes those of answers that were voided before.
pub(crate) async fn void(
    conn: &mut PgConnection,
    project: ProjectId,
    worker: UserId,
    fraud: bool,
    now: DateTime<Utc>,
) -> Result<VoidedGold> {
    let voided = sqlx::query!(
        "with chosen as (
             select id, draw_id, status from gold_answers
             where project_id = $1 and user_id = $2 and status in ('in_review', 'approved') order by id for update),
         gone as (update gold_answers a set status = 'voided', decided_at = $3 from chosen c where a.id = c.id),
         freed as (
             update gold_draws g set charge = 'none' from chosen c where g.id = c.draw_id and c.status = 'in_review' and g.charge <> 'none'
             returning (select charge from gold_draws o where o.id = g.id) as before)
         select (select count(*) from chosen) as \"answers!\", (select count(*) from freed where before = 'paid') as \"credited!\"",
        project.0,
        worker.0,
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    let mut all = VoidedGold {
        answers: voided.answers,
        credited: voided.credited,
        points: 0,
    };
    if fraud {
        let undone = undo(conn, project, worker, now).await?;
        all.credited += undone.credited;
        all.points += undone.points;
    }
    sqlx::query!(
        "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1 and $2::bigint > 0",
        project.0,
        all.credited
    )
    .execute(conn)
    .await?;
    Ok(all)
}

/// Takes back what voided answers brought and cost.
async fn undo(
    conn: &mut PgConnection,
    project: ProjectId,
    worker: UserId,
    now: DateTime<Utc>,
) -> Result<VoidedGold> {
    let credited = sqlx::query!(
        "update gold_draws g set charge = 'none' from gold_answers a
         where a.draw_id = g.id and a.project_id = $1 and a.user_id = $2 and a.status = 'voided' and g.charge = 'paid'",
        project.0,
        worker.0
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let taken = sqlx::query!(
        "with taken as (
             insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
             select l.user_id, l.project_id, l.answer_id, nextval('approval_events_seq_seq'), -l.points, $3
             from (select l.user_id, l.project_id, l.answer_id, sum(l.points)::int as points
                   from gold_answers a join points_ledger l on l.answer_id = a.id and l.user_id = a.user_id
                   where a.project_id = $1 and a.user_id = $2 and a.status = 'voided' group by 1, 2, 3) l
             where l.points > 0
             returning points)
         select coalesce(-sum(points), 0)::bigint as \"points!\" from taken",
        project.0,
        worker.0,
        now
    )
    .fetch_one(conn)
    .await?;
    Ok(VoidedGold {
        answers: 0,
        credited: i64::try_from(credited).unwrap_or(i64::MAX),
        points: taken.points,
    })
}
