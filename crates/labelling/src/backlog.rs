//! How much waits, and since when: what monitoring asks every now and then.

use chrono::{DateTime, Utc};

use crate::{Labelling, Result};

/// One look at all projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Tasks in the queues of projects that can be worked on.
    pub ready: i64,
    /// When the oldest of the tasks at the heads of these queues began to be loaded. One that came back
    /// into the queue is as old as its dataset.
    pub ready_since: Option<DateTime<Utc>>,
    /// Tasks that workers hold.
    pub leases: i64,
    /// Answers that wait for a reviewer.
    pub in_review: i64,
    /// Tasks whose label is less sure than their project wants it, and that wait for quota to ask one worker more.
    pub below_confidence: i64,
    /// Workers who are right too rarely for their project, by what is done about them: `warn`, `review`, `block`.
    pub below_skill: [(&'static str, i64); 3],
    /// Rows of the outbox that nobody has acted on.
    pub outbox: i64,
    /// When the oldest of them was written.
    pub outbox_since: Option<DateTime<Utc>>,
    /// Resources that the latest pass missed in the cluster.
    pub lost: i64,
    /// Whether those were too many to let go of any.
    pub lost_stopped: bool,
}

impl Labelling {
    /// What waits now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self, now: DateTime<Utc>) -> Result<Backlog> {
        // The same projects as those where a worker looks for a task.
        let queues = sqlx::query!(
            "select coalesce(sum((select count(*) from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null)), 0)::bigint as \"ready!\",
                    min((select coalesce(d.started_at, d.created_at) from tasks t join datasets d on d.id = t.dataset_id
                         where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null order by t.queue_pos limit 1)) as since
             from projects p where p.state in ('active', 'completed') and p.bound_uid is not null and p.labeling_version > 0"
        )
        .fetch_one(&self.calls)
        .await?;
        let rest = sqlx::query!(
            "select (select count(*) from leases where expires_at > $1) as \"leases!\",
                    (select count(*) from answers where status = 'in_review') as \"in_review!\",
                    (select count(*) from tasks where below_confidence) as \"below_confidence!\",
                    count(*) as \"outbox!\", min(created_at) as since
             from outbox where done_at is null",
            now
        )
        .fetch_one(&self.calls)
        .await?;
        let skill = sqlx::query!(
            "select count(*) filter (where action = 'warn') as \"warn!\", count(*) filter (where action = 'review') as \"review!\",
                    count(*) filter (where action = 'block') as \"block!\"
             from worker_qualifications where not lifted"
        )
        .fetch_one(&self.calls)
        .await?;
        let lost = sqlx::query!("select missing, stopped from lost_passes")
            .fetch_optional(&self.calls)
            .await?;
        Ok(Backlog {
            lost: lost.as_ref().map_or(0, |pass| pass.missing),
            lost_stopped: lost.is_some_and(|pass| pass.stopped),
            ready: queues.ready,
            ready_since: queues.since,
            leases: rest.leases,
            in_review: rest.in_review,
            below_confidence: rest.below_confidence,
            below_skill: [
                ("warn", skill.warn),
                ("review", skill.review),
                ("block", skill.block),
            ],
            outbox: rest.outbox,
            outbox_since: rest.since,
        })
    }
}
