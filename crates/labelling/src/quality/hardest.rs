//! The hardest tasks: all answers side by side, with what the owner decided.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ProjectId, TaskId, TenantId},
    raw::RawJson,
};
use sqlx::{PgConnection, types::Json};

use super::OwnersDecision;
use crate::{Labelling, Page, Result, crowd::pseudonyms};

/// Stored bytes of sources after which a page ends.
const PAGE_BYTES: i64 = 2 * 1024 * 1024;

/// Where a page begins: after this task of this agreement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardestCursor {
    /// Share of pairs of answers that are equal.
    pub agreement: f64,
    /// The task.
    pub task: TaskId,
}

/// A task that people disagree on.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct HardTask {
    pub task: TaskId,
    pub dataset: DatasetId,
    pub row_no: i64,
    pub external_id: Option<String>,
    pub status: String,
    pub source: RawJson,
    /// Share of pairs of approved answers that are equal.
    pub agreement: f64,
    /// By their numbers; withdrawn and voided ones are left out.
    pub answers: Vec<GivenAnswer>,
    pub decision: Option<OwnersDecision>,
}

/// One answer to a task.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct GivenAnswer {
    pub worker: String,
    pub answer: RawJson,
    pub status: String,
    pub seconds: f64,
    pub submitted_at: DateTime<Utc>,
}

/// A page of the hardest tasks.
#[derive(Debug, Clone)]
pub struct HardestPage {
    /// Those with the least agreement first.
    pub page: Page<HardTask, HardestCursor>,
    /// Whether every approval until now is in the order.
    pub is_whole: bool,
}

impl Labelling {
    /// Tasks of a project with two approved answers or more, those with the least agreement in the field first.
    ///
    /// # Errors
    /// `not_found`, `project_deleted`, `no_consensus`; or the database failed.
    pub async fn hardest_tasks(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        after: Option<HardestCursor>,
        limit: i64,
    ) -> Result<HardestPage> {
        let (tenant, _, consensus) = self.project_consensus(tenant, project).await?;
        let is_whole = self.agreement_follow(project, &consensus.field).await?;
        let mut conn = self.pool.acquire().await?;
        let mut page = hardest(&mut conn, project, &consensus.field, after, limit).await?;
        let ids: Vec<_> = page.items.iter().map(|task| task.task.0).collect();
        let mut answers = given(&mut conn, tenant, &ids).await?;
        let mut decisions = decisions(&mut conn, &consensus.field, &ids).await?;
        for task in &mut page.items {
            task.answers = answers.remove(&task.task.0).unwrap_or_default();
            task.decision = decisions.remove(&task.task.0);
        }
        Ok(HardestPage { page, is_whole })
    }
}

/// A page without answers and decisions, which ends early where sources are large.
async fn hardest(
    conn: &mut PgConnection,
    project: ProjectId,
    field: &str,
    after: Option<HardestCursor>,
    limit: i64,
) -> Result<Page<HardTask, HardestCursor>> {
    let after = after.unwrap_or(HardestCursor {
        agreement: -1.0,
        task: TaskId(0),
    });
    let rows = sqlx::query!(
        "select id as \"id!\", dataset_id as \"dataset_id!\", row_no as \"row_no!\", external_id, status as \"status!\",
                payload as \"payload!: Json<RawJson>\", agreement as \"agreement!\", found as \"found!\" from (
             select t.id, t.dataset_id, t.row_no, t.external_id, t.status, t.payload, g.agreement, count(*) over () as found,
                    sum(pg_column_size(t.payload)) over (order by g.agreement, t.id) - pg_column_size(t.payload) as bytes
             from (select g.task_id, g.agreement from task_agreement g
                   where g.project_id = $1 and g.field = $2 and (g.agreement, g.task_id) > ($3, $4)
                     and exists (select from tasks o join datasets d on d.id = o.dataset_id where o.id = g.task_id and d.bound_uid is not null)
                   order by g.agreement, g.task_id limit $5) g
             join tasks t on t.id = g.task_id) few
         where bytes < $6 order by agreement, id",
        project.0,
        field,
        after.agreement,
        after.task.0,
        limit + 1,
        PAGE_BYTES
    )
    .fetch_all(conn)
    .await?;
    let found = rows.first().map_or(0, |row| row.found);
    let mut items: Vec<_> = rows
        .into_iter()
        .map(|row| HardTask {
            task: TaskId(row.id),
            dataset: DatasetId(row.dataset_id),
            row_no: row.row_no,
            external_id: row.external_id,
            status: row.status,
            source: row.payload.0.compact(),
            agreement: row.agreement,
            answers: Vec::new(),
            decision: None,
        })
        .collect();
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let more = i64::try_from(items.len()).unwrap_or(i64::MAX) < found;
    let next = items.last().filter(|_| more).map(|task| HardestCursor {
        agreement: task.agreement,
        task: task.task,
    });
    Ok(Page { items, next })
}

/// All answers to these tasks that count or wait, by task.
async fn given(
    conn: &mut PgConnection,
    tenant: TenantId,
    tasks: &[i64],
) -> Result<HashMap<i64, Vec<GivenAnswer>>> {
    let rows = sqlx::query!(
        "select task_id, user_id, answer as \"answer: Json<RawJson>\", status, submitted_at,
                coalesce(active_millis / 1000.0::float8, extract(epoch from submitted_at - claimed_at)::float8) as \"seconds!\"
         from answers where task_id = any($1) and status not in ('withdrawn', 'voided') order by task_id, id",
        tasks
    )
    .fetch_all(&mut *conn)
    .await?;
    let users: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    let names = pseudonyms(conn, tenant.0, &users).await?;
    let mut of = HashMap::<_, Vec<_>>::new();
    for row in rows {
        of.entry(row.task_id).or_default().push(GivenAnswer {
            worker: names.get(&row.user_id).cloned().unwrap_or_default(),
            answer: row.answer.0.compact(),
            status: row.status,
            seconds: row.seconds,
            submitted_at: row.submitted_at,
        });
    }
    Ok(of)
}

/// The decisions on these tasks that hold now.
pub(super) async fn decisions(
    conn: &mut PgConnection,
    field: &str,
    tasks: &[i64],
) -> Result<HashMap<i64, OwnersDecision>> {
    let rows = sqlx::query!(
        "select distinct on (task_id) task_id, value as \"value: Json<RawJson>\", created_at from decisions
         where task_id = any($1) and field = $2 order by task_id, seq desc",
        tasks,
        field
    )
    .fetch_all(conn)
    .await?;
    let decided = rows.into_iter().filter_map(|row| {
        let decision = OwnersDecision {
            task: TaskId(row.task_id),
            field: field.to_owned(),
            value: row.value?.0.compact(),
            decided_at: row.created_at,
        };
        Some((row.task_id, decision))
    });
    Ok(decided.collect())
}
