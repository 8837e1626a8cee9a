//! Tasks that run on a schedule: one run at a time, and what the latest one came to.
//!
//! It knows their names and not their work, which may be in other contexts.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum as _, run::TaskOutcome};
use sqlx::PgConnection;

use crate::{Labelling, Result};

/// A task that runs on a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduledTask {
    /// Removes uploads that nobody finished.
    ForgottenUploads,
    /// Removes sessions, links and idempotency keys that are over.
    Retention,
    /// Seals second steps under the current key and gives addresses their form.
    AccountUpkeep,
    /// Compares payments with the ledger.
    LedgerDrift,
    /// Finds what the cluster lost.
    LostResources,
    /// Fits how often each worker is right.
    Consensus,
    /// Compares Stripe's sessions with the payments.
    ReconcilePayments,
}

impl ScheduledTask {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ForgottenUploads,
        Self::Retention,
        Self::AccountUpkeep,
        Self::LedgerDrift,
        Self::LostResources,
        Self::Consensus,
        Self::ReconcilePayments,
    ];

    /// Its name in commands, rows, metrics and objects of the cluster.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ForgottenUploads => "forgotten-uploads",
            Self::Retention => "retention",
            Self::AccountUpkeep => "account-upkeep",
            Self::LedgerDrift => "ledger-drift",
            Self::LostResources => "lost-resources",
            Self::Consensus => "consensus",
            Self::ReconcilePayments => "reconcile-payments",
        }
    }

    /// The task of this name, if this release has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

/// What is known of a task's runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRuns {
    /// Which task.
    pub task: ScheduledTask,
    /// When a run last succeeded.
    pub last_success: Option<DateTime<Utc>>,
    /// Since when a server has waited for the first success.
    pub awaited_since: Option<DateTime<Utc>>,
    /// What that run left for a person to look at.
    pub found: i64,
    /// How the latest run stands.
    pub outcome: Option<TaskOutcome>,
    /// When the latest run began.
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Why it failed.
    pub error: Option<String>,
}

/// A run that has begun. While it lives, no other run of its task begins.
#[derive(Debug)]
pub struct ScheduledRun {
    task: ScheduledTask,
    /// Holds the lock for as long as it is open.
    connection: PgConnection,
}

impl Labelling {
    /// Begins a run, or says `None` while another run of the task goes on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn scheduled_run_begin(
        &self,
        task: ScheduledTask,
        now: DateTime<Utc>,
    ) -> Result<Option<ScheduledRun>> {
        // Not the pool's any more: the lock is the session's, and ends with it however the process ends.
        let mut connection = self.pool.acquire().await?.detach();
        // A node that vanished says no goodbye; within a minute the server notices and lets its lock go.
        sqlx::query!(
            "select set_config('tcp_keepalives_idle', '30', false) as idle, set_config('tcp_keepalives_interval', '10', false) as interval,
                    set_config('tcp_keepalives_count', '3', false) as count"
        )
        .fetch_one(&mut connection)
        .await?;
        let locked = sqlx::query_scalar!(
            "select pg_try_advisory_lock(hashtextextended($1, 5)) as \"locked!\"",
            task.name()
        )
        .fetch_one(&mut connection)
        .await?;
        if !locked {
            return Ok(None);
        }
        sqlx::query!(
            "insert into scheduled_runs (task, started_at, outcome) values ($1, $2, 'running')
             on conflict (task) do update set started_at = $2, outcome = 'running', ended_at = null, error = null",
            task.name(),
            now
        )
        .execute(&mut connection)
        .await?;
        Ok(Some(ScheduledRun { task, connection }))
    }

    /// What is known of every task of this release that has run or is awaited.
    ///
    /// # Errors
    /// The database failed.
    pub async fn scheduled_runs(&self) -> Result<Vec<TaskRuns>> {
        let rows = sqlx::query!(
            "select task, last_success_at, awaited_since, found, started_at, ended_at, error,
                    -- whoever runs it holds its lock
                    case when outcome = 'running' and not exists (
                        select from pg_locks where locktype = 'advisory' and granted
                        and database = (select oid from pg_database where datname = current_database())
                        and (classid::bigint << 32 | objid::bigint) = hashtextextended(task, 5)) then 'lost' else outcome end as outcome
             from scheduled_runs order by task"
        )
        .fetch_all(&self.calls)
        .await?;
        let known = rows.into_iter().filter_map(|row| {
            Some(TaskRuns {
                task: ScheduledTask::named(&row.task)?,
                last_success: row.last_success_at,
                awaited_since: row.awaited_since,
                found: row.found,
                outcome: row.outcome.as_deref().and_then(TaskOutcome::from_column),
                started: row.started_at,
                ended: row.ended_at,
                error: row.error,
            })
        });
        Ok(known.collect())
    }

    /// Notes that a first success of the task is awaited from now on, unless it already was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn scheduled_run_await(&self, task: ScheduledTask, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "insert into scheduled_runs as r (task, awaited_since) values ($1, $2)
             on conflict (task) do update set awaited_since = $2 where r.awaited_since is null",
            task.name(),
            now
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }
}

impl ScheduledRun {
    /// Ends the run well, with what it leaves for a person to look at.
    ///
    /// # Errors
    /// The database failed, or closed the connection that held the lock: then another run may have gone on beside this one.
    pub async fn succeed(mut self, found: u32, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "update scheduled_runs set ended_at = $2, last_success_at = $2, outcome = 'succeeded', found = $3 where task = $1",
            self.task.name(),
            now,
            i64::from(found)
        )
        .execute(&mut self.connection)
        .await?;
        self.close().await
    }

    /// Ends the run with the reason why it failed.
    ///
    /// # Errors
    /// As [`Self::succeed`].
    pub async fn fail(mut self, error: &str, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "update scheduled_runs set ended_at = $2, outcome = 'failed', error = left($3, 2000) where task = $1",
            self.task.name(),
            now,
            error
        )
        .execute(&mut self.connection)
        .await?;
        self.close().await
    }

    /// Waits until the lock is gone, so that the next run may begin at once.
    async fn close(mut self) -> Result<()> {
        sqlx::query!(
            "select pg_advisory_unlock(hashtextextended($1, 5))",
            self.task.name()
        )
        .fetch_one(&mut self.connection)
        .await?;
        Ok(())
    }
}
