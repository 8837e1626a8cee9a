//! Forgets what is over, in steps: none of its statements takes long, holds many rows, or many of them back.

use chrono::{DateTime, Months, Utc};

use crate::{Notifications, Result};

/// Rows of one statement.
const STEP: i64 = 1000;

/// Runs a statement, whose last argument is the number of rows that it may change, until it finds fewer.
macro_rules! in_steps {
    ($pool:expr, $sql:literal, $argument:expr) => {
        loop {
            let step = sqlx::query!($sql, $argument, STEP).execute($pool).await?;
            if step.rows_affected() < STEP.unsigned_abs() {
                break;
            }
        }
    };
}

impl Notifications {
    /// Makes room for the events of the next month, and drops what happened before that time, by whole months; how
    /// many of them.
    ///
    /// # Errors
    /// The database failed; the next call goes on.
    pub async fn retain(&self, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<i32> {
        let next = now.checked_add_months(Months::new(1)).unwrap_or(now);
        sqlx::query!("select events_partitions_v1($1, $2)", now, next)
            .fetch_one(&self.pool)
            .await?;
        // History goes before the events that it is of.
        self.forget_queues(before).await?;
        in_steps!(
            &self.pool,
            "delete from messages where id = any(array(select id from messages where event_at < $1 order by event_at limit $2))",
            before
        );
        in_steps!(
            &self.pool,
            "delete from notices where id = any(array(select id from notices where event_at < $1 order by event_at limit $2))",
            before
        );
        // Nobody sends by a way that is not there any more.
        in_steps!(
            &self.pool,
            "update messages set state = 'failed', ended_at = $1, failure = 'The platform sends nothing this way any more.'
             where id = any(array(select id from messages where state = 'pending'
                 and channel not in (select name from channels where seen_at > $1::timestamptz - interval '3 days') limit $2))",
            now
        );
        let dropped = sqlx::query_scalar!(r#"select events_forget_v1($1) as "dropped!""#, before)
            .fetch_one(&self.pool)
            .await?;
        Ok(dropped)
    }

    /// What is on its way, or was. Ids follow time, so everything before the first row that is younger goes; no index knows the times.
    async fn forget_queues(&self, before: DateTime<Utc>) -> Result<()> {
        let first = sqlx::query!(
            r#"select coalesce((select id from deliveries where event_at >= $1 order by id limit 1), 9223372036854775807) as "delivery!",
                      coalesce((select id from sink_queue where event_at >= $1 order by id limit 1), 9223372036854775807) as "queued!""#,
            before
        )
        .fetch_one(&self.pool)
        .await?;
        in_steps!(
            &self.pool,
            "delete from deliveries where id = any(array(select id from deliveries where id < $1 order by id limit $2))",
            first.delivery
        );
        in_steps!(
            &self.pool,
            "delete from sink_queue where id = any(array(select id from sink_queue where id < $1 order by id limit $2))",
            first.queued
        );
        Ok(())
    }
}
