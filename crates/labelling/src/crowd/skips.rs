//! Why workers give tasks back for good: what is wrong with a task is said there first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{DatasetId, ProjectId, TaskId, TenantId};
use sqlx::PgConnection;

use crate::{Labelling, Page, Result, projects::find};

/// Most reasons that are shown of one task, the latest.
const SHOWN_REASONS: i64 = 5;
/// Rows of the release before that are given their project in one transaction.
const SWEEP_ROWS: i64 = 2_000;

/// A task that was skipped.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct SkippedTask {
    pub task: TaskId,
    pub dataset: DatasetId,
    pub row_no: i64,
    pub external_id: Option<String>,
    pub status: String,
    pub skips: i64,
    /// The latest first.
    pub last: Vec<SkipReason>,
}

/// Why somebody skipped a task.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct SkipReason {
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// The last reasons for which each of these tasks was skipped, the latest first.
async fn last_reasons(
    conn: &mut PgConnection,
    tasks: &[i64],
) -> Result<BTreeMap<i64, Vec<SkipReason>>> {
    let reasons = sqlx::query!(
        "select task_id, reason, created_at from (
                 select task_id, reason, created_at, row_number() over (partition by task_id order by created_at desc, user_id) as nth
                 from skips where task_id = any($1)) s
             where nth <= $2 order by task_id, nth",
        tasks,
        SHOWN_REASONS
    )
    .fetch_all(conn)
    .await?;
    let mut of = BTreeMap::<_, Vec<_>>::new();
    for r in reasons {
        of.entry(r.task_id).or_default().push(SkipReason {
            reason: r.reason,
            at: r.created_at,
        });
    }
    Ok(of)
}

impl Labelling {
    /// Tasks of a project that were skipped, the latest first, each with its last reasons.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn skip_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Page<SkippedTask, i64>> {
        let mut conn = self.pool.acquire().await?;
        find(&mut conn, tenant, project).await?;
        let tasks = sqlx::query!(
            "select t.id, t.dataset_id, t.row_no, t.external_id, t.status as \"status!\", s.n as \"n!\"
             from (select task_id, count(*) as n from skips where project_id = $1 and task_id < $2
                   group by task_id order by task_id desc limit $3) s
             join tasks t on t.id = s.task_id order by t.id desc",
            project.0,
            before.unwrap_or(i64::MAX),
            limit + 1
        )
        .fetch_all(&mut *conn)
        .await?;
        let ids: Vec<_> = tasks.iter().map(|t| t.id).collect();
        let mut reasons = last_reasons(&mut conn, &ids).await?;
        let items = tasks.into_iter().map(|t| SkippedTask {
            task: TaskId(t.id),
            dataset: DatasetId(t.dataset_id),
            row_no: t.row_no,
            external_id: t.external_id,
            status: t.status,
            skips: t.n,
            last: reasons.remove(&t.id).unwrap_or_default(),
        });
        Ok(Page::cut(items.collect(), limit, |t: &SkippedTask| {
            t.task.0
        }))
    }

    /// Gives some skips that the release before wrote their project. False when none is left without.
    pub(crate) async fn sweep_skips(&self) -> Result<bool> {
        let placed = sqlx::query!(
            "with next as (
                 select o.task_id, o.user_id from skips o where o.project_id is null order by o.task_id limit $1 for update skip locked)
             update skips s set project_id = (select t.project_id from tasks t where t.id = s.task_id)
             from next where next.task_id = s.task_id and next.user_id = s.user_id",
            SWEEP_ROWS
        )
        .execute(&self.calls)
        .await?
        .rows_affected();
        Ok(placed > 0)
    }
}
