//! What time does to answers of gold: they are decided when others are, and cost one judgement each.

use chrono::{DateTime, Utc};

use crate::{Labelling, Result};

/// Most answers per statement.
const STEP: i64 = 500;

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GoldSettled {
    /// Leases that ended.
    pub leases: u64,
    /// Answers that were decided.
    pub decided: u64,
    /// Judgements that were charged.
    pub charged: i64,
}

impl Labelling {
    /// One pass. Any number of replicas may make it at once.
    pub(crate) async fn sweep_gold(&self, now: DateTime<Utc>) -> Result<GoldSettled> {
        let leases = self.sweep_gold_leases(now).await?;
        self.gold_plan(now).await?;
        let decided = self.gold_decide(now).await?;
        let charged = match self.billing.gates() {
            true => self.gold_charge().await?,
            false => 0,
        };
        Ok(GoldSettled {
            leases,
            decided,
            charged,
        })
    }

    /// Plans when each waiting answer is decided: after as long as one of the project's last hundred reviewed answers waited, which
    /// one is a matter of its id. A delay that is the same for all would tell them apart; a project without reviews so far
    /// leaves gold in review, too.
    async fn gold_plan(&self, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "with planned as (
                 select g.id, greatest(g.submitted_at + s.delay, $1) as due_at, s.before
                 from (select id, project_id, submitted_at, reviewers_needed from gold_answers
                       where status = 'in_review' and due_at is null order by id limit $2 for update skip locked) g
                 cross join lateral (
                     select r.decided_at - r.submitted_at as delay,
                            (select array_agg(r.decided_at - v.created_at order by v.id) from reviews v
                             where v.answer_id = r.id and v.decision = 'approved') as before
                     from (select a.id, a.submitted_at, a.decided_at
                           from (select ev.answer_id from approval_events ev
                                 where ev.project_id = g.project_id and ev.kind = 'approved' order by ev.seq desc limit 100) last
                           join answers a on a.id = last.answer_id
                           where a.status = 'approved' and a.approvals > 0 and a.reviewers_needed = g.reviewers_needed
                             and a.decided_at >= a.submitted_at) r
                     order by hashint8extended(r.id, g.id) limit 1) s)
             update gold_answers g set due_at = p.due_at,
                    reviewed_at = (select coalesce(array_agg(greatest(p.due_at - b, g.submitted_at) order by p.due_at - b), '{}') from unnest(p.before) b)
             from planned p where g.id = p.id",
            now,
            STEP
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    /// Approves what is due, as of then, with its points.
    async fn gold_decide(&self, now: DateTime<Utc>) -> Result<u64> {
        let decided = sqlx::query!(
            "with decided as (
                 update gold_answers set status = 'approved', decided_at = due_at
                 where id = any(array(select id from gold_answers where status = 'in_review' and due_at <= $1 order by due_at limit $2 for update skip locked))
                 returning id, user_id, project_id, reward_points, decided_at),
             paid as (
                 insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
                 select d.user_id, d.project_id, d.id, nextval('approval_events_seq_seq'), d.reward_points, d.decided_at
                 from decided d where d.reward_points > 0 returning 1),
             told as (
                 insert into events (kind, subject, actor, data) select 'gold.decided', id::text, 'sweeper', '{}' from decided returning 1)
             select count(*) as \"decided!\" from decided",
            now,
            STEP
        )
        .fetch_one(&self.calls)
        .await?;
        Ok(decided.decided.unsigned_abs())
    }

    /// Charges answers that nobody was charged for as far as quota goes, the oldest first, and gives back what was charged for
    /// gold that was taken back and never answered. Submitting locks no project for it.
    async fn gold_charge(&self) -> Result<i64> {
        let owing = sqlx::query_scalar!(
            "select distinct project_id from gold_draws where (charge = 'due' and answered) or (charge = 'paid' and not answered and token is null)"
        )
        .fetch_all(&self.calls)
        .await?;
        let mut charged = 0;
        for project in owing {
            let row = sqlx::query!(
                "select gold_charge_v1($1, $2) as \"charged!\"",
                project,
                STEP
            )
            .fetch_one(&self.calls)
            .await?;
            charged += row.charged;
        }
        Ok(charged)
    }
}
