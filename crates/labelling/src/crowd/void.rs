//! Taking back everything that one worker answered in a project.
//!
//! An answer that waits is taken back for nothing. An approved one was paid for and may have been exported: its charge
//! and its points stay, and the place that opens again is charged anew. Only an ADMIN who calls it fraud charges
//! nothing and takes the points back.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{ProjectId, TenantId, UserId};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Labelling, Refusal, Result, audit, events, points,
    projects::find,
    tasks::{Freed, return_slot},
};

/// Most answers voided in one transaction.
const VOID_BATCH: i64 = 200;
/// How long a void may be silent before somebody else carries it on, in seconds.
const ABANDONED_SECONDS: i64 = 60;

/// Whose answers are taken back, by whom and why.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named after the contract")]
pub struct Void {
    pub project: ProjectId,
    pub worker: UserId,
    pub actor: UserId,
    /// Never empty.
    pub reason: String,
    /// An ADMIN's verdict: nothing is charged, and the points are taken back.
    pub fraud: bool,
}

/// What was taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Voided {
    /// Answers that no longer count.
    pub answers: i64,
    /// Judgements charged for places that opened again.
    pub charged: i64,
    /// Judgements given back now that it was fraud: what an earlier void had charged, and what was paid for places
    /// that a closed project opens no more.
    pub credited: i64,
    /// Points that their author no longer has.
    pub points: i64,
}

/// What the beginning of a void came to.
enum Begun {
    /// There was no answer to take back; what an earlier void had left may have been.
    Nothing(Voided),
    /// This one goes on, after this much of what an earlier one had left.
    New(i64, Voided),
    /// Another one is on its way, and comes first.
    Other(i64),
}

impl Labelling {
    /// Voids a worker's answers that wait or were approved: their places open again, and exports from now on leave
    /// them out. Fraud also undoes the charge and the points of answers that were voided before. What is approved while this runs is left alone where nothing was set aside for it.
    ///
    /// # Errors
    /// `not_found`; `project_deleted`; `payment_required` when quota does not cover every place that would open again, and nothing is
    /// voided then; or the database failed, and the sweeper carries on.
    pub async fn worker_void(
        &self,
        tenant: Option<TenantId>,
        void: &Void,
        now: DateTime<Utc>,
    ) -> Result<Voided> {
        loop {
            match self.void_begin(tenant, void, now).await? {
                Begun::Nothing(before) => return Ok(before),
                Begun::New(id, before) => {
                    let voided = self.void_go_on(id, now).await?;
                    return Ok(Voided {
                        points: voided.points + before.points,
                        credited: voided.credited + before.credited,
                        ..voided
                    });
                }
                Begun::Other(id) => self.void_go_on(id, now).await?,
            };
        }
    }

    /// Carries on what a crash interrupted.
    pub(crate) async fn sweep_voids(&self, now: DateTime<Utc>) -> Result<()> {
        let left = sqlx::query!(
            "select id from voids where ended_at is null and created_at < $1 order by id limit 10",
            now - TimeDelta::seconds(ABANDONED_SECONDS)
        )
        .fetch_all(&self.pool)
        .await?;
        for void in left {
            self.void_go_on(void.id, now).await?;
        }
        Ok(())
    }

    /// Sets aside what the void charges, with the row that says so.
    async fn void_begin(
        &self,
        tenant: Option<TenantId>,
        void: &Void,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.pool.begin().await?;
        find(&mut tx, tenant, void.project).await?.live()?;
        let p = sqlx::query!(
            "select state, task_quota, tasks_used from projects where id = $1 for update",
            void.project.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let at_work = sqlx::query!(
            "select id from voids where project_id = $1 and user_id = $2 and ended_at is null",
            void.project.0,
            void.worker.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(other) = at_work {
            return Ok(Begun::Other(other.id));
        }
        let found = sqlx::query!(
            "select count(*) as \"answers!\", count(*) filter (where status = 'approved') as \"approved!\", max(id) as up_to
             from answers where project_id = $1 and user_id = $2 and status in ('in_review', 'approved')",
            void.project.0,
            void.worker.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let before = if void.fraud {
            make_good(&mut tx, void, now).await?
        } else {
            Voided::default()
        };
        if found.up_to.is_none() && before == Voided::default() {
            return Ok(Begun::Nothing(before));
        }
        // In a closed project no place opens again; where nothing is gated, nothing is charged.
        let charges = self.billing.gates() && !void.fraud && p.state != "closed";
        let reserved = if charges { found.approved } else { 0 };
        // Beyond its quota a project has nothing left, and what charges nothing needs nothing.
        let remaining = (p.task_quota - p.tasks_used).max(0);
        if reserved > remaining {
            return Err(Refusal::PaymentRequired {
                remaining,
                needed: reserved,
            }
            .into());
        }
        sqlx::query!(
            "update projects set tasks_used = tasks_used + $2 where id = $1",
            void.project.0,
            reserved
        )
        .execute(&mut *tx)
        .await?;
        let details = json!({
            "project": void.project, "reason": void.reason, "fraud": void.fraud,
            "answers": found.answers, "approved": found.approved, "charged": reserved, "credited": before.credited,
        });
        let subject = void.worker.to_string();
        audit::record(&mut tx, void.actor, "worker.voided", &subject, details).await?;
        let Some(up_to) = found.up_to else {
            tx.commit().await?;
            return Ok(Begun::Nothing(before));
        };
        let row = sqlx::query!(
            "insert into voids (project_id, user_id, actor, reason, fraud, up_to, charges, reserved, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
            void.project.0,
            void.worker.0,
            void.actor.0,
            void.reason,
            void.fraud,
            up_to,
            charges,
            reserved,
            now
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Begun::New(row.id, before))
    }

    /// Batch after batch to the end, or until somebody else has ended it.
    async fn void_go_on(&self, id: i64, now: DateTime<Utc>) -> Result<Voided> {
        while self.void_batch(id, now).await? {}
        let row = sqlx::query!(
            "select answers, charged, uncharged, points from voids where id = $1",
            id
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Voided {
            answers: row.answers,
            charged: row.charged,
            credited: row.uncharged,
            points: row.points,
        })
    }

    /// Answers of one batch only: whoever holds several batches at once could wait for somebody who waits for
    /// their dataset. False when the void has ended.
    async fn void_batch(&self, id: i64, now: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
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
        let by = void.actor.to_string();
        for (answer, task, was) in answers {
            let freed = if was == "approved" {
                let taken = points::revoke(&mut tx, void.project_id, answer, void.fraud, now);
                voided.points += i64::from(taken.await?);
                Freed::Approved
            } else {
                Freed::InReview
            };
            voided.answers += 1;
            let data = json!({"from": was, "fraud": void.fraud});
            events::record(&mut tx, "answer.voided", &answer.to_string(), &by, data).await?;
            let reopened = return_slot(&mut tx, task, freed, &by, now).await?.reopened;
            let approved = freed == Freed::Approved;
            voided.charged += i64::from(void.charges && reopened && approved);
            voided.credited +=
                i64::from(void.fraud && self.billing.gates() && !reopened && approved);
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
                void.project_id,
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
    project_id: Uuid,
    user_id: Uuid,
    actor: Uuid,
    fraud: bool,
    up_to: i64,
    charges: bool,
    reserved: i64,
}

/// Voids the answers of one batch: id, task, and the status it had; none when there is no batch left. No more approved
/// ones than something was set aside for.
async fn take_back(
    conn: &mut PgConnection,
    void: &Open,
    now: DateTime<Utc>,
) -> Result<Option<Vec<(i64, i64, String)>>> {
    let approved = if void.charges {
        void.reserved.min(VOID_BATCH)
    } else {
        VOID_BATCH
    };
    let tasks = sqlx::query!(
        "select t.id from tasks t where t.id in (
             select a.task_id from answers a join tasks b on b.id = a.task_id
             where a.project_id = $1 and a.user_id = $2 and a.id <= $4 and (a.status = 'in_review' or a.status = 'approved' and $5) and b.batch_id = (
                 select f.batch_id from answers o join tasks f on f.id = o.task_id
                 where o.project_id = $1 and o.user_id = $2 and o.id <= $4 and (o.status = 'in_review' or o.status = 'approved' and $5) order by o.id limit 1)
             order by a.task_id limit $3)
         order by t.id for update",
        void.project_id,
        void.user_id,
        VOID_BATCH,
        void.up_to,
        approved > 0
    )
    .fetch_all(&mut *conn)
    .await?;
    if tasks.is_empty() {
        return Ok(None);
    }
    let ids: Vec<_> = tasks.iter().map(|t| t.id).collect();
    // With the tasks locked, nobody decides, withdraws or voids these answers any more.
    let answers = sqlx::query!(
        "with chosen as (
             select a.id, a.status, row_number() over (partition by a.status order by a.id) as nth
             from answers a where a.task_id = any($1) and a.user_id = $2 and a.id <= $4 and a.status in ('in_review', 'approved'))
         update answers a set status = 'voided', decided_at = $3 from chosen c
         where c.id = a.id and (c.status = 'in_review' or c.nth <= $5)
         returning a.id, a.task_id, c.status",
        &ids,
        void.user_id,
        now,
        void.up_to,
        approved
    )
    .fetch_all(conn)
    .await?;
    let answers = answers.into_iter().map(|a| (a.id, a.task_id, a.status));
    Ok(Some(answers.collect()))
}

/// What an earlier void had charged and let the worker keep: given back and taken back, once.
async fn make_good(conn: &mut PgConnection, void: &Void, now: DateTime<Utc>) -> Result<Voided> {
    let credit = sqlx::query!(
        "with owed as (
             select id, charged - credited as judgements from voids
             where project_id = $1 and user_id = $2 and ended_at is not null and charged > credited),
         marked as (update voids v set credited = v.charged from owed o where v.id = o.id)
         update projects p set tasks_used = greatest(p.tasks_used - c.judgements, 0)
         from (select coalesce(sum(judgements), 0)::bigint as judgements from owed) c
         where p.id = $1 returning c.judgements as \"judgements!\"",
        void.project.0,
        void.worker.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let taken = sqlx::query!(
        "with taken as (
             insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
             select l.user_id, l.project_id, l.answer_id, r.seq, -l.points, $3
             from answers a join approval_events r on r.answer_id = a.id and r.kind = 'revoked'
             join points_ledger l on l.approval_seq = r.revokes
             where a.project_id = $1 and a.user_id = $2 and a.status = 'voided'
               and not exists (select from points_ledger t where t.approval_seq = r.seq)
             returning points)
         select coalesce(-sum(points), 0)::bigint as \"points!\" from taken",
        void.project.0,
        void.worker.0,
        now
    )
    .fetch_one(conn)
    .await?;
    Ok(Voided {
        credited: credit.judgements,
        points: taken.points,
        ..Voided::default()
    })
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
        void.project_id,
        void.reserved
    )
    .execute(conn)
    .await?;
    Ok(())
}
