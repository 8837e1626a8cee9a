//! Which tasks people disagree on: an index that follows the approvals, and is carried on by whoever asks.
//!
//! Disagreement is a property of a task, so that the hardest of a large project are found without reading all of its
//! answers for each page. Nothing is added to what a submit or an approval does.

use datacrowd_protocol::ids::ProjectId;

use crate::{Labelling, Result, approvals::take_watermark};

/// Most approvals and revocations that one request carries the index on by.
const WINDOW: i64 = 50_000;

impl Labelling {
    /// Carries the index of a field on. False when approvals are left for the next call.
    pub(super) async fn agreement_follow(&self, project: ProjectId, field: &str) -> Result<bool> {
        let read = sqlx::query!(
            "select coalesce((select seq from task_agreement_read where project_id = $1 and field = $2), 0) as \"seq!\"",
            project.0,
            field
        )
        .fetch_one(&self.calls)
        .await?
        .seq;
        let news = sqlx::query!(
            "select exists (select from approval_events where project_id = $1 and seq > $2) as \"any!\"",
            project.0,
            read
        )
        .fetch_one(&self.calls)
        .await?;
        if !news.any {
            return Ok(true);
        }
        // An approval with a smaller number may still be under way: nothing is read beyond what has settled. In a
        // transaction of its own, as approvals wait for it.
        let mut tx = self.begin().await?;
        let settled = take_watermark(&mut tx, project).await?;
        tx.commit().await?;
        self.agreement_read(project, field, settled).await
    }

    async fn agreement_read(&self, project: ProjectId, field: &str, settled: i64) -> Result<bool> {
        let mut tx = self.begin().await?;
        // Two who ask at once go one after the other; the second finds it done.
        let from = sqlx::query!(
            "insert into task_agreement_read as r (project_id, field) values ($1, $2)
             on conflict (project_id, field) do update set seq = r.seq returning seq",
            project.0,
            field
        )
        .fetch_one(&mut *tx)
        .await?
        .seq;
        let read = sqlx::query!(
            "with news as materialized (
                 select seq, task_id from approval_events where project_id = $1 and seq > $3 and seq <= $4 order by seq limit $5),
             said as materialized (
                 select t.task_id, s.answers, s.equal from (select distinct task_id from news) t cross join lateral (
                     select coalesce(sum(c.n), 0)::int as answers, sum(c.n * (c.n - 1))::float8 as equal from (
                         select count(*) as n from answers a
                         where a.task_id = t.task_id and a.status = 'approved' and jsonb_typeof(a.answer->$2::text) <> 'null'
                         group by a.answer->$2::text) c offset 0) s),
             stored as (
                 insert into task_agreement as g (project_id, field, task_id, answers, agreement)
                 select $1, $2, s.task_id, s.answers, s.equal / (s.answers::float8 * (s.answers - 1)) from said s where s.answers > 1
                 on conflict (task_id, field) do update set answers = excluded.answers, agreement = excluded.agreement),
             gone as (
                 delete from task_agreement g using said s where g.task_id = s.task_id and g.field = $2 and s.answers < 2)
             select max(seq) as seq, count(*) as \"count!\" from news",
            project.0,
            field,
            from,
            settled,
            WINDOW
        )
        .fetch_one(&mut *tx)
        .await?;
        let is_whole = read.count < WINDOW;
        sqlx::query!(
            "update task_agreement_read set seq = $3 where project_id = $1 and field = $2",
            project.0,
            field,
            if is_whole {
                settled.max(from)
            } else {
                read.seq.unwrap_or(from)
            }
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(is_whole)
    }
}
