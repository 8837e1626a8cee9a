//! What time does: leases end, uploads are given up, exports expire, hints are refreshed.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::TaskId;

use crate::{
    GoldSettled, Labelling, Result, exports::delete_files, reviews::REVIEW_LEASE_SECONDS,
    task_state::lease_ended,
};

/// Most leases ended in one transaction.
const SWEEP_BATCH: i64 = 200;

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Leases that ended.
    pub leases: u64,
    /// Exports whose file is to be removed.
    pub exports: u64,
    /// What became of gold.
    pub gold: GoldSettled,
}

impl Labelling {
    /// One pass. Any number of replicas may sweep at once; a lease is ended by exactly one of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<Swept> {
        let mut leases = 0;
        loop {
            let ended = self.sweep_leases(now).await?;
            leases += ended;
            if ended < SWEEP_BATCH.unsigned_abs() {
                break;
            }
        }
        // Until then its reviewer stands back for others.
        let stood_back = now - TimeDelta::seconds(REVIEW_LEASE_SECONDS);
        sqlx::query!(
            "delete from review_leases where expires_at < $1",
            stood_back
        )
        .execute(&self.calls)
        .await?;
        let exports = self.sweep_exports(now).await?;
        self.sweep_requeue().await?;
        self.sweep_unsure(now).await?;
        self.sweep_inboxes(now).await?;
        let gold = self.sweep_gold(now).await?;
        leases += gold.leases;
        while self.sweep_skips().await? {}
        self.sweep_voids(now).await?;
        sqlx::query!(
            "update projects p set queue_floor = f.floor from (
                 select id, coalesce((select t.queue_pos - 1 from tasks t where t.project_id = projects.id and t.lane = 0 and t.queue_pos is not null
                                      order by t.queue_pos limit 1), queue_floor) as floor
                 from projects where state = 'active') f
             where p.id = f.id and p.queue_floor <> f.floor"
        )
        .execute(&self.calls)
        .await?;
        Ok(Swept {
            leases,
            exports,
            gold,
        })
    }

    async fn sweep_leases(&self, now: DateTime<Utc>) -> Result<u64> {
        let mut expired = sqlx::query!(
            "select task_id, user_id, token from leases where expires_at < $1 order by expires_at limit $2",
            now,
            SWEEP_BATCH
        )
        .fetch_all(&self.calls)
        .await?;
        if expired.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        // Tasks before leases, as everywhere; a task that somebody is working on this instant is left for the next pass.
        let tasks: Vec<i64> = expired.iter().map(|lease| lease.task_id).collect();
        let locked = sqlx::query_scalar!(
            "select id from tasks where id = any($1) for update skip locked",
            &tasks
        )
        .fetch_all(&mut *tx)
        .await?;
        expired.retain(|lease| locked.contains(&lease.task_id));
        let mut ended = 0;
        for lease in expired {
            let gone = sqlx::query!(
                "delete from leases where task_id = $1 and user_id = $2 and token = $3 and expires_at < $4",
                lease.task_id,
                lease.user_id,
                lease.token,
                now
            )
            .execute(&mut *tx)
            .await?;
            if gone.rows_affected() == 1 {
                lease_ended(&mut tx, TaskId(lease.task_id), "sweeper", now).await?;
                ended += 1;
            }
        }
        tx.commit().await?;
        Ok(ended)
    }

    async fn sweep_exports(&self, now: DateTime<Utc>) -> Result<u64> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query!(
            "update exports set state = 'expired', updated_at = $1 where state = 'ready' and expires_at < $1 returning id, object_key, coalesce((consensus->>'workers')::boolean, false) as \"has_workers!\"",
            now
        )
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            if let Some(key) = &row.object_key {
                delete_files(&mut tx, key, row.has_workers).await?;
            }
            crate::events::record(
                &mut tx,
                "export.expired",
                &row.id.to_string(),
                "sweeper",
                serde_json::json!({}),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }
}
