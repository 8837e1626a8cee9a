//! How a project goes, from the times and answers that are stored anyway.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{ProjectId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::pseudonyms;
use crate::{Labelling, Result, projects::find};

/// How far back answers are counted by hour.
const HOURS: i64 = 24;
/// Most reasons and workers that are listed.
const LISTED: i64 = 100;

/// Answers of one hour.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct HourlyAnswers {
    pub hour: DateTime<Utc>,
    pub answers: i64,
}

/// How often two workers who answered the same task said the same.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// The field, or none for the whole answer.
    pub field: Option<String>,
    /// Pairs of answers to one task.
    pub pairs: i64,
    /// Share of pairs that are equal, 0 to 1.
    pub rate: f64,
}

/// Why answers were rejected, as reviewers put it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct RejectionReason {
    pub comment: String,
    pub count: i64,
}

/// Why tasks were skipped, as workers put it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct SkipCount {
    pub reason: String,
    pub count: i64,
    pub last_at: DateTime<Utc>,
}

/// Time spent per answer, in seconds: as the client measured it, else from claim to submit.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct SpentSeconds {
    pub mean: Option<f64>,
    pub median: Option<f64>,
}

/// One worker's part.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct WorkerStats {
    pub pseudonym: String,
    pub answers: i64,
    pub approved: i64,
    pub rejected: i64,
    /// Answers divided by the hours of the clock in which there was one.
    pub answers_per_hour: f64,
    pub seconds: SpentSeconds,
    /// Share of others' answers to the same tasks that are equal to this worker's.
    pub agreement: Option<f64>,
}

/// How a project goes. Withdrawn and voided answers do not count.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct Stats {
    pub answers: i64,
    pub in_review: i64,
    pub approved: i64,
    pub rejected: i64,
    pub answers_per_hour: f64,
    pub hours: Vec<HourlyAnswers>,
    pub seconds: SpentSeconds,
    pub agreement: Option<Agreement>,
    pub fields: Vec<Agreement>,
    pub rejections: Vec<RejectionReason>,
    /// How often a worker gave a task back for good.
    pub skips: i64,
    pub skip_reasons: Vec<SkipCount>,
    pub workers: Vec<WorkerStats>,
}

impl Labelling {
    /// Speed, agreement, rejections and time per item of a project, and of its most active workers.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn project_stats(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<Stats> {
        let mut conn = self.pool.acquire().await?;
        let tenant = find(&mut conn, tenant, project).await?.tenant.0;
        let all = sqlx::query!(
            "select count(*) as \"answers!\", count(*) filter (where status = 'in_review') as \"in_review!\",
                    count(*) filter (where status = 'approved') as \"approved!\", count(*) filter (where status = 'rejected') as \"rejected!\",
                    count(*)::float8 / greatest(count(distinct date_trunc('hour', submitted_at)), 1) as \"per_hour!\",
                    avg(seconds) as mean, percentile_cont(0.5) within group (order by seconds) as median,
                    (select count(*) from skips where project_id = $1) as \"skips!\"
             from (select *, case when exists (select from model_workers m where m.model_id = user_id) then null
                             else coalesce(active_millis / 1000.0::float8, extract(epoch from submitted_at - claimed_at)::float8) end as seconds
                   from answers where project_id = $1 and status not in ('withdrawn', 'voided')) a",
            project.0
        )
        .fetch_one(&mut *conn)
        .await?;
        let mut fields = agreement(&mut conn, project.0).await?;
        let whole = fields
            .iter()
            .position(|f| f.field.is_none())
            .map(|at| fields.remove(at));
        Ok(Stats {
            answers: all.answers,
            in_review: all.in_review,
            approved: all.approved,
            rejected: all.rejected,
            answers_per_hour: all.per_hour,
            hours: hours(&mut conn, project.0, now).await?,
            seconds: SpentSeconds {
                mean: all.mean,
                median: all.median,
            },
            agreement: whole,
            fields,
            rejections: rejections(&mut conn, project.0).await?,
            skips: all.skips,
            skip_reasons: skip_reasons(&mut conn, project.0).await?,
            workers: workers(&mut conn, project.0, tenant).await?,
        })
    }
}

async fn hours(
    conn: &mut PgConnection,
    project: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<HourlyAnswers>> {
    let rows = sqlx::query_as!(
        HourlyAnswers,
        "select date_trunc('hour', submitted_at) as \"hour!\", count(*) as \"answers!\" from answers
         where project_id = $1 and submitted_at > $2 and status not in ('withdrawn', 'voided') group by 1 order by 1",
        project,
        now - TimeDelta::hours(HOURS)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Pairs within a task, counted without joining a task's answers with each other.
async fn agreement(conn: &mut PgConnection, project: Uuid) -> Result<Vec<Agreement>> {
    let rows = sqlx::query_as!(
        Agreement,
        "with said as (
             select task_id, null::text as field, answer as value from answers where project_id = $1 and status not in ('withdrawn', 'voided')
             union all
             select a.task_id, f.key, f.value from answers a cross join lateral jsonb_each(a.answer) f
             where a.project_id = $1 and a.status not in ('withdrawn', 'voided')),
         counted as (
             select field, count(*) over (partition by task_id, field, value) - 1 as equal, count(*) over (partition by task_id, field) - 1 as others from said)
         select field as \"field?\", (sum(others) / 2)::bigint as \"pairs!\", (sum(equal) / sum(others))::float8 as \"rate!\"
         from counted where others > 0 group by field order by field nulls first",
        project
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

async fn rejections(conn: &mut PgConnection, project: Uuid) -> Result<Vec<RejectionReason>> {
    let rows = sqlx::query_as!(
        RejectionReason,
        "select r.comment, count(*) as \"count!\" from reviews r join answers a on a.id = r.answer_id
         where a.project_id = $1 and r.decision = 'rejected' group by r.comment order by 2 desc, 1 limit $2",
        project,
        LISTED
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

async fn skip_reasons(conn: &mut PgConnection, project: Uuid) -> Result<Vec<SkipCount>> {
    let rows = sqlx::query_as!(
        SkipCount,
        "select reason, count(*) as \"count!\", max(created_at) as \"last_at!\" from skips
         where project_id = $1 group by reason order by 2 desc, 3 desc, 1 limit $2",
        project,
        LISTED
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

async fn workers(conn: &mut PgConnection, project: Uuid, tenant: Uuid) -> Result<Vec<WorkerStats>> {
    let rows = sqlx::query!(
        "select user_id, count(*) as \"answers!\", count(*) filter (where status = 'approved') as \"approved!\",
                count(*) filter (where status = 'rejected') as \"rejected!\",
                count(*)::float8 / greatest(count(distinct date_trunc('hour', submitted_at)), 1) as \"per_hour!\",
                avg(seconds) as mean, percentile_cont(0.5) within group (order by seconds) as median,
                (sum(equal) / nullif(sum(others), 0))::float8 as agreement
         from (select *, case when exists (select from model_workers m where m.model_id = user_id) then null
                             else coalesce(active_millis / 1000.0::float8, extract(epoch from submitted_at - claimed_at)::float8) end as seconds,
                      count(*) over (partition by task_id, answer) - 1 as equal, count(*) over (partition by task_id) - 1 as others
               from answers where project_id = $1 and status not in ('withdrawn', 'voided')) a
         group by user_id order by 2 desc, 1 limit $2",
        project,
        LISTED
    )
    .fetch_all(&mut *conn)
    .await?;
    let users: Vec<_> = rows.iter().map(|r| r.user_id).collect();
    let mut names = pseudonyms(conn, tenant, &users).await?;
    Ok(rows
        .into_iter()
        .map(|r| WorkerStats {
            pseudonym: names.remove(&r.user_id).unwrap_or_default(),
            answers: r.answers,
            approved: r.approved,
            rejected: r.rejected,
            answers_per_hour: r.per_hour,
            seconds: SpentSeconds {
                mean: r.mean,
                median: r.median,
            },
            agreement: r.agreement,
        })
        .collect())
}
