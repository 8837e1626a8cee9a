//! What monitoring is told of the tasks that run on a schedule. Each server reads the same rows.

use std::str::FromStr;

use datacrowd_labelling::{Result, ScheduledTask, TaskRuns};

use crate::{metrics::server, state::App};

/// A task that a schedule runs, and when it is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwaitedTask {
    /// Which task.
    pub task: ScheduledTask,
    /// Seconds without a success after which it is late.
    pub late_after_seconds: u32,
}

impl FromStr for AwaitedTask {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || format!("\"{text}\" is no task and seconds such as retention=10800");
        let (name, seconds) = text.split_once('=').ok_or_else(wrong)?;
        Ok(Self {
            task: ScheduledTask::named(name).ok_or_else(wrong)?,
            late_after_seconds: seconds.parse().map_err(|_| wrong())?,
        })
    }
}

/// Sets the gauges of all tasks that are known. A gauge keeps its value while the database does not answer.
pub async fn gauges(app: &App) {
    for awaited in &app.settings.scheduled_tasks {
        server::TASK_LATE_AFTER_SECONDS
            .with([awaited.task.name()])
            .set(f64::from(awaited.late_after_seconds));
    }
    match runs(app).await {
        Ok(runs) => runs.iter().for_each(show),
        Err(error) => {
            tracing::warn!(error.cause = %error, "runs of tasks cannot be read; the next pass tries again");
        }
    }
}

/// The runs of every task. One that is awaited and unknown is known from now on: so it is late, too, when it
/// never runs at all.
async fn runs(app: &App) -> Result<Vec<TaskRuns>> {
    let known = app.core.scheduled_runs().await?;
    let mut unknown = app.settings.scheduled_tasks.iter().filter(|awaited| {
        let of_it = known.iter().find(|runs| runs.task == awaited.task);
        of_it.is_none_or(|runs| runs.awaited_since.or(runs.last_success).is_none())
    });
    let Some(first) = unknown.next() else {
        return Ok(known);
    };
    for awaited in std::iter::once(first).chain(unknown) {
        app.core
            .scheduled_run_await(awaited.task, app.now())
            .await?;
    }
    app.core.scheduled_runs().await
}

fn show(runs: &TaskRuns) {
    if let Some(since) = runs.last_success.or(runs.awaited_since) {
        server::TASK_LAST_SUCCESS_TIMESTAMP_SECONDS
            .with([runs.task.name()])
            .set(since.timestamp() as f64);
    }
    if runs.task == ScheduledTask::LedgerDrift && runs.last_success.is_some() {
        server::LEDGER_DRIFT_PAYMENTS.only().set(runs.found as f64);
    }
}
