//! People behind an inbox: whose word is asked for, once, and what they say.
//!
//! One function of the database decides and opens, whoever calls it: what took the item, what took a model's word, or the sweep.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    WireEnum as _,
    ids::TaskId,
    raw::RawJson,
    source::{InboxCrowd, InboxRule, ItemCrowdState},
    work::TaskStatus,
};
use sqlx::types::Json;

use crate::{Labelling, Result, projects::from_column};

/// Most items per pass of one replica.
const STEP: i64 = 200;

/// What people have to do with an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemCrowd {
    /// How far they are.
    pub state: ItemCrowdState,
    /// Their approved answers.
    pub answers: i64,
    /// So many are asked for; 0 while nobody is asked.
    pub wanted: i64,
    /// What their answers come to, for each field that a model of the project answers: what the owner decided, else what most of them
    /// say; where none leads, the field is left out. Of numbers, the median.
    pub answer: BTreeMap<String, RawJson>,
}

/// When a new item is looked at first.
pub(super) fn first_look(rule: InboxRule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match rule.crowd {
        InboxCrowd::Never => None,
        InboxCrowd::Always => Some(now),
        InboxCrowd::Uncertain => {
            let hold = rule.hold_seconds.unwrap_or_default();
            Some(now + TimeDelta::seconds(hold.into()))
        }
    }
}

impl Labelling {
    /// Opens an item to people if it is time for that. What fails here is done by a sweep.
    pub(super) async fn ask_people(&self, task: TaskId, now: DateTime<Utc>) {
        if let Err(error) = self.try_ask(task, now).await {
            tracing::warn!(error.cause = %error, task.id = task.0, "nobody is asked about an item yet; a sweep tries again");
        }
    }

    async fn try_ask(&self, task: TaskId, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "select inbox_ask_v1($1, $2, $3)",
            task.0,
            self.billing.gates(),
            now
        )
        .fetch_one(&self.calls)
        .await?;
        Ok(())
    }

    /// Looks at items that waited for long enough, and at those that quota covers now, the oldest first; those that are left are for
    /// the next pass.
    pub(crate) async fn sweep_inboxes(&self, now: DateTime<Utc>) -> Result<()> {
        let due = sqlx::query_scalar!(
            "select i.task_id from inbox_items i
             cross join lateral (select o.dataset_id, o.project_id from tasks o where o.id = i.task_id offset 0) t
             join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id
             where i.look_at <= $1 and d.bound_uid is not null and p.bound_uid is not null
               and p.state in ('active', 'completed') and p.labeling_version > 0
               and (not $2 or p.task_quota - p.tasks_used >= p.answers_per_task)
             order by i.look_at, i.task_id limit $3",
            now,
            self.billing.gates(),
            STEP
        )
        .fetch_all(&self.calls)
        .await?;
        for task in due {
            self.try_ask(TaskId(task), now).await?;
        }
        Ok(())
    }

    /// What people have to do with an item; nothing where they never are asked.
    pub(super) async fn item_crowd(
        &self,
        task: TaskId,
        now: DateTime<Utc>,
    ) -> Result<Option<ItemCrowd>> {
        let t = sqlx::query!(
            "select t.charged, t.status, t.slots, t.approved, d.inbox->>'crowd' as \"crowd!\", inbox_asks_v1(t.id, $2) as asks,
                    exists (select from decisions o where o.task_id = t.id) as \"is_decided!\",
                    $3 and p.task_quota - p.tasks_used < p.answers_per_task as \"is_short!\"
             from tasks t join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id where t.id = $1",
            task.0,
            now,
            self.billing.gates()
        )
        .fetch_one(&self.calls)
        .await?;
        let status: TaskStatus = from_column("task status", &t.status)?;
        let state = match (t.charged, status, t.asks) {
            (true, TaskStatus::Approved, _) => ItemCrowdState::Answered,
            (true, TaskStatus::Rejected, _) => ItemCrowdState::Ended,
            (true, _, _) => ItemCrowdState::Asked,
            (false, _, _) if t.crowd == InboxCrowd::Never.camel() => return Ok(None),
            (false, _, Some(false)) => ItemCrowdState::NotNeeded,
            (false, _, Some(true)) if t.is_short => ItemCrowdState::AwaitingQuota,
            (false, _, _) => ItemCrowdState::Pending,
        };
        Ok(Some(ItemCrowd {
            state,
            answers: t.approved.into(),
            wanted: match t.charged {
                true => t.slots.into(),
                false => 0,
            },
            // Most items are seen before anybody has said anything of them.
            answer: match t.approved > 0 || t.is_decided {
                true => self.item_answer(task).await?,
                false => BTreeMap::new(),
            },
        }))
    }

    /// What people's answers come to, by the rule of `accuracy`.
    async fn item_answer(&self, task: TaskId) -> Result<BTreeMap<String, RawJson>> {
        let rows = sqlx::query!(
            "with wanted as (
                 select distinct m.output->>'field' as field, m.output->'labels' is null as is_number from models m join tasks t on t.project_id = m.project_id
                 where t.id = $1 and m.bound_uid is not null),
             said as (
                 select w.field, a.answer->w.field as label, count(*) as answers from wanted w, answers a
                 where a.task_id = $1 and a.status = 'approved' and a.answer ? w.field and not w.is_number group by 1, 2),
             crowd as (
                 select field, label from (
                     select field, label, rank() over (partition by field order by answers desc) as place,
                            count(*) over (partition by field, answers) as alike from said) ranked
                 where place = 1 and alike = 1
                 union all
                 select s.field, to_jsonb(trim_scale((percentile_disc(0.5) within group (order by s.number) + percentile_disc(0.500001) within group (order by s.number)) / 2))
                 from (select w.field, as_number_v1(a.answer->w.field) as number from wanted w, answers a
                       where a.task_id = $1 and a.status = 'approved' and w.is_number) s
                 where s.number is not null group by 1),
             decided as (
                 select distinct on (d.field) d.field, d.value from decisions d join wanted w on w.field = d.field
                 where d.task_id = $1 order by d.field, d.seq desc),
             given as (
                 select field, coalesce(d.value, c.label) as label from crowd c full join decided d using (field))
             select field as \"field!\", label as \"label!: Json<RawJson>\" from given where label is not null",
            task.0
        )
        .fetch_all(&self.calls)
        .await?;
        let given = rows.into_iter();
        Ok(given
            .map(|row| (row.field, row.label.0.compact()))
            .collect())
    }
}
