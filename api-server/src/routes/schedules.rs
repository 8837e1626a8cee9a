//! `GET /admin/schedules`: what runs on a schedule, and how the latest runs went.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_labelling::{ScheduledTask, TaskRuns};
use datacrowd_protocol::{Upper, run::TaskOutcome};
use serde::Serialize;
use utoipa::ToSchema;

use super::paging::PageBody;
use crate::{auth::Admin, error::ApiResult, scheduled::AwaitedTask, state::App};

/// A task that runs on a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleBody {
    /// Its name in the command `api-server run`, in metrics and in the name of its CronJob.
    #[schema(example = "retention")]
    task: &'static str,
    /// How the latest run stands: RUNNING, SUCCEEDED or FAILED; null before the first.
    #[schema(value_type = Option<String>, example = "SUCCEEDED")]
    outcome: Option<Upper<TaskOutcome>>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    last_success_at: Option<DateTime<Utc>>,
    /// Why the latest run failed.
    error: Option<String>,
    /// What the latest success left for a person to look at, as its task counts: payments, accounts.
    found: i64,
    /// Seconds without a success after which it is late; null where it is not awaited, as when its CronJob is suspended.
    late_after_seconds: Option<u32>,
    /// Whether it is late.
    is_late: bool,
}

impl ScheduleBody {
    fn of(
        task: ScheduledTask,
        runs: Option<&TaskRuns>,
        late_after_seconds: Option<u32>,
        now: DateTime<Utc>,
    ) -> Self {
        let since = runs.and_then(|runs| runs.last_success.or(runs.awaited_since));
        let is_late = since
            .zip(late_after_seconds)
            .is_some_and(|(since, late)| now - since > TimeDelta::seconds(i64::from(late)));
        Self {
            task: task.name(),
            outcome: runs.and_then(|runs| runs.outcome).map(Upper),
            started_at: runs.and_then(|runs| runs.started),
            ended_at: runs.and_then(|runs| runs.ended),
            last_success_at: runs.and_then(|runs| runs.last_success),
            error: runs.and_then(|runs| runs.error.clone()),
            found: runs.map_or(0, |runs| runs.found),
            late_after_seconds,
            is_late,
        }
    }
}

/// Every task that is awaited or has run, and how its latest run went.
#[utoipa::path(get, path = "/admin/schedules", tag = "admin", responses((status = 200, body = PageBody<ScheduleBody>)))]
pub async fn schedule_list(
    State(app): State<App>,
    _: Admin,
) -> ApiResult<axum::Json<PageBody<ScheduleBody>>> {
    let known = app.core.scheduled_runs().await?;
    let awaited = &app.settings.scheduled_tasks;
    let items = ScheduledTask::ALL.into_iter().filter_map(|task| {
        let runs = known.iter().find(|runs| runs.task == task);
        let of_it = |awaited: &&AwaitedTask| awaited.task == task;
        let late = awaited
            .iter()
            .find(of_it)
            .map(|awaited| awaited.late_after_seconds);
        (runs.is_some() || late.is_some()).then(|| ScheduleBody::of(task, runs, late, app.now()))
    });
    Ok(axum::Json(PageBody {
        items: items.collect(),
        next_cursor: None,
    }))
}
