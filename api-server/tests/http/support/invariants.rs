//! What holds at any time, whatever a test did.

use super::Platform;

/// Each row names a promise that is broken, and how often.
const INVARIANTS: &str = "
    with counted as (
        select t.id, t.slots, t.slots_free, t.leased, t.in_review, t.approved, t.queue_pos, t.status, t.batch_id,
               (select count(*) from leases l where l.task_id = t.id) as leases,
               (select count(*) from answers a where a.task_id = t.id and a.status = 'in_review') as waiting,
               (select count(*) from answers a where a.task_id = t.id and a.status = 'approved') as accepted,
               d.bound_uid is not null and b.sealed and t.charged and (d.requeue_from is null or t.row_no < d.requeue_from) as queued,
               d.bound_uid is null and d.left_at is not null and d.leave_from is null as gone
        from tasks t join datasets d on d.id = t.dataset_id join task_batches b on b.id = t.batch_id),
    balance as (
        select a.id, a.status, coalesce(sum(case v.kind when 'approved' then 1 when 'revoked' then -1 end), 0) as approvals,
               coalesce(sum(l.points), 0) as points, coalesce(a.reward_points, p.reward_points) as reward_points
        from answers a join projects p on p.id = a.project_id left join approval_events v on v.answer_id = a.id
        left join points_ledger l on l.approval_seq = v.seq group by a.id, a.status, p.reward_points),
    broken(promise, times) as (
        select 'leased counts leases', count(*) from counted where leased <> leases
        union all select 'in_review counts answers', count(*) from counted where in_review <> waiting
        union all select 'approved counts answers', count(*) from counted where approved <> accepted
        union all select 'never more than asked for', count(*) from counted where accepted + waiting + leases > slots
        union all select 'no task grows beyond its project''s limit', count(*) from tasks t join projects p on p.id = t.project_id
                  where t.slots > coalesce(p.answers_most, p.answers_per_task)
        union all select 'of several places one at least is no model''s', count(*) from tasks t where t.slots > 1 and t.slots <= (
                  select count(*) from answers a join model_workers o on o.model_id = a.user_id where a.task_id = t.id and a.status in ('in_review', 'approved'))
        union all select 'a free place is in the queue', count(*) from counted where queued and (queue_pos is null) <> (slots_free = 0)
        union all select 'nothing of a deleted dataset is queued, held or waits', count(*) from counted
                  where gone and (queue_pos is not null or leases + waiting > 0)
        union all select 'an approved answer was approved once more than revoked', count(*) from balance
                  where approvals <> case status when 'approved' then 1 else 0 end
        union all select 'points follow approvals', count(*) from balance
                  where points <> case status when 'approved' then reward_points else 0 end and not (status = 'voided' and points = reward_points)
        union all select 'votes are reviews', count(*) from answers a
                  where a.approvals + a.rejections <> (select count(*) from reviews r where r.answer_id = a.id)
        union all select 'nobody reviews their own task', count(*) from reviews r join answers a on a.id = r.answer_id
                  join answers o on o.task_id = a.task_id and o.user_id = r.user_id
        union all select 'nobody holds or answered a task of which they were shown an answer', count(*) from shown_tasks v
                  where exists (select from leases l where l.task_id = v.task_id and l.user_id = v.user_id)
                     or exists (select from answers a where a.task_id = v.task_id and a.user_id = v.user_id)
        union all select 'who reviewed was shown the task', count(*) from reviews r join answers a on a.id = r.answer_id
                  where not exists (select from shown_tasks v where v.task_id = a.task_id and v.user_id = r.user_id)
        union all select 'nobody holds more than twenty tasks', count(*) from (select from leases group by user_id having count(*) > 20) many
        union all select 'a lease ends in time', count(*) from leases where expires_at > ends_at
        union all select 'who holds a task has its form', count(*) from leases l join tasks t on t.id = l.task_id
                  where l.labeling_version <> t.labeling_version
        union all select 'what a void sets aside is used or free again', count(*) from voids where ended_at is null or reserved <> 0
        union all select 'a batch counts its open tasks', count(*) from task_batches b
                  where b.open_tasks <> (select count(*) from tasks t where t.batch_id = b.id and t.status not in ('approved', 'rejected'))
        union all select 'a dataset counts its open batches', count(*) from datasets d
                  where d.open_batches <> (select count(*) from task_batches b where b.dataset_id = d.id and b.sealed and b.open_tasks > 0)
        union all select 'a dataset is completed with its last batch', count(*) from datasets d
                  where d.gold is null and d.inbox is null and d.state in ('ready', 'completed') and (d.state = 'completed') <> (d.open_batches = 0)
        union all select 'of an inbox only what people are asked about is queued or charged, and none is completed', count(*)
                  from datasets d join tasks t on t.dataset_id = d.id join task_batches b on b.id = t.batch_id
                  where d.inbox is not null and ((t.queue_pos is not null and not t.charged) or (t.charged and not b.sealed) or d.state <> 'ready')
        union all select 'a batch counts its tasks', count(*) from task_batches b join datasets d on d.id = b.dataset_id
                  where d.inbox is not null and b.size <> (select count(*) from tasks t where t.batch_id = b.id)
        union all select 'a dataset of gold has neither tasks nor batches, and is never completed', count(*) from datasets d
                  where d.gold is not null and (d.state = 'completed' or d.tasks_created + d.batches + d.open_batches > 0)
        union all select 'no id is a task''s and gold''s', count(*) from gold_draws g join tasks t on t.id = g.id
        union all select 'gold is given to a worker once', count(*) from (
                  select from gold_draws group by user_id, item_id having count(*) > 1) twice
        union all select 'answered gold has one answer that stands', count(*) from gold_draws g
                  where g.answered <> exists (select from gold_answers a where a.draw_id = g.id and a.status <> 'withdrawn')
        union all select 'points follow approved gold', count(*) from (
                  select a.id from gold_answers a left join points_ledger l on l.answer_id = a.id group by a.id
                  having coalesce(sum(l.points), 0) <> case a.status when 'approved' then a.reward_points else 0 end
                     and not (a.status = 'voided' and sum(l.points) = a.reward_points)) unpaid)
    select promise, times from broken where times > 0";

impl Platform {
    /// What must hold whatever happened: counters say what the rows say, nothing counts twice.
    pub async fn assert_consistent(&self) {
        let broken = sqlx::query_as::<_, (String, i64)>(INVARIANTS)
            .fetch_all(&self.rows)
            .await
            .unwrap();
        assert!(broken.is_empty(), "{broken:?}");
    }
}
