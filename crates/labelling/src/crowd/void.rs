//! Taking back everything that one worker answered in a project.
//!
//! An answer that waits is taken back for nothing. An approved one was paid for and may have been exported: its charge
//! and its points stay, and the place that opens again is charged anew. Only an ADMIN who calls it fraud charges
//! nothing and takes the points back.

mod batch;
mod begin;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{ProjectId, TenantId, UserId};

use self::begin::Begun;
use crate::{Labelling, Result};

/// How long a void may be silent before somebody else carries it on, in seconds.
const ABANDONED_SECONDS: i64 = 60;

/// Whose answers are taken back, by whom and why.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
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
        .fetch_all(&self.calls)
        .await?;
        for void in left {
            self.void_go_on(void.id, now).await?;
        }
        Ok(())
    }

    /// Batch after batch to the end, or until somebody else has ended it.
    async fn void_go_on(&self, id: i64, now: DateTime<Utc>) -> Result<Voided> {
        while self.void_batch(id, now).await? {}
        let row = sqlx::query!(
            "select answers, charged, uncharged, points from voids where id = $1",
            id
        )
        .fetch_one(&self.calls)
        .await?;
        Ok(Voided {
            answers: row.answers,
            charged: row.charged,
            credited: row.uncharged,
            points: row.points,
        })
    }
}
