//! The beginning of a void: what it charges is set aside, with the row that says so.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{ProjectId, TenantId},
    internal::ProjectState,
};
use serde_json::json;
use sqlx::PgConnection;

use super::{Void, Voided};
use crate::{
    Labelling, Refusal, Result, audit,
    gold::{self, VoidedGold},
    projects::{find, from_column},
};

/// What the beginning of a void came to.
pub(super) enum Begun {
    /// There was no answer to take back; what an earlier void had left may have been.
    Nothing(Voided),
    /// This one goes on, after this much of what an earlier one had left.
    New(i64, Voided),
    /// Another one is on its way, and comes first.
    Other(i64),
}

impl Labelling {
    /// Sets aside what the void charges, with the row that says so.
    pub(super) async fn void_begin(
        &self,
        tenant: Option<TenantId>,
        void: &Void,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.begin().await?;
        find(&mut tx, tenant, void.project).await?.live()?;
        let p = sqlx::query!(
            "select state, task_quota, tasks_used from projects where id = $1 for update",
            void.project.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if let Some(other) = at_work(&mut tx, void).await? {
            return Ok(Begun::Other(other));
        }
        let found = found(&mut tx, void).await?;
        let before = match void.fraud {
            true => make_good(&mut tx, void, now).await?,
            false => Voided::default(),
        };
        let gold = gold::void(&mut tx, void.project, void.worker, void.fraud, now).await?;
        if found.up_to.is_none() && before == Voided::default() && gold == VoidedGold::default() {
            return Ok(Begun::Nothing(before));
        }
        let before = Voided {
            credited: before.credited + gold.credited,
            points: before.points + gold.points,
            ..before
        };
        let state: ProjectState = from_column("project state", &p.state)?;
        // In a closed project no place opens again; where nothing is gated, nothing is charged.
        let charges = self.billing.gates() && !void.fraud && state != ProjectState::Closed;
        let reserved = if charges { found.approved } else { 0 };
        set_aside(&mut tx, void.project, p.task_quota - p.tasks_used, reserved).await?;
        let details = json!({
            "project": void.project, "reason": void.reason, "fraud": void.fraud,
            "answers": found.answers, "approved": found.approved, "charged": reserved, "credited": before.credited,
        });
        let subject = void.worker.to_string();
        audit::record(&mut tx, void.actor, "worker.voided", &subject, details).await?;
        let begun = match found.up_to {
            None => Begun::Nothing(before),
            Some(up_to) => Begun::New(
                insert(&mut tx, void, (up_to, charges, reserved), now).await?,
                before,
            ),
        };
        tx.commit().await?;
        Ok(begun)
    }
}

/// Sets judgements aside; refuses when fewer are left.
async fn set_aside(
    conn: &mut PgConnection,
    project: ProjectId,
    left: i64,
    needed: i64,
) -> Result<()> {
    // Beyond its quota a project has nothing left, and what charges nothing needs nothing.
    let remaining = left.max(0);
    if needed > remaining {
        return Err(Refusal::PaymentRequired { remaining, needed }.into());
    }
    sqlx::query!(
        "update projects set tasks_used = tasks_used + $2 where id = $1",
        project.0,
        needed
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A void of the same worker that has not ended.
async fn at_work(conn: &mut PgConnection, void: &Void) -> Result<Option<i64>> {
    let row = sqlx::query!(
        "select id from voids where project_id = $1 and user_id = $2 and ended_at is null",
        void.project.0,
        void.worker.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| r.id))
}

/// What there is to take back.
struct Found {
    answers: i64,
    approved: i64,
    /// The last of them; none when there is none.
    up_to: Option<i64>,
}

async fn found(conn: &mut PgConnection, void: &Void) -> Result<Found> {
    let found = sqlx::query_as!(
        Found,
        "select count(*) as \"answers!\", count(*) filter (where status = 'approved') as \"approved!\", max(id) as up_to
         from answers where project_id = $1 and user_id = $2 and status in ('in_review', 'approved')",
        void.project.0,
        void.worker.0
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

async fn insert(
    conn: &mut PgConnection,
    void: &Void,
    (up_to, charges, reserved): (i64, bool, i64),
    now: DateTime<Utc>,
) -> Result<i64> {
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
    .fetch_one(conn)
    .await?;
    Ok(row.id)
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
