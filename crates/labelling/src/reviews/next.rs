//! What waits for a reviewer.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    ids::{AnswerId, BatchId, DatasetId, ProjectId, TaskId, UserId},
    raw::RawJson,
};
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{Labelling, Refusal, Result, Task, projects::from_column, tasks::take_turn};

/// How long an answer is shown to one reviewer only, in seconds. Looking again does not make it longer, and whoever lets
/// it pass stands back behind others for as long again ([`pick`]).
pub(crate) const REVIEW_LEASE_SECONDS: i64 = 300;
/// How often somebody else may decide on what was just found, before nothing is said to be left.
const TRIES: usize = 5;

/// An earlier decision on the same task.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct PreviousDecision {
    pub decision: String,
    pub comment: String,
    pub at: DateTime<Utc>,
}

/// What a model says of the task.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSaid {
    /// The name of the model's resource.
    pub model: String,
    /// The question that it answers.
    pub field: String,
    /// As a person would give it.
    pub label: Value,
    /// Of the label, from 0 to 1; none of a number.
    pub probability: Option<f64>,
}

/// An answer that waits for this reviewer.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct ReviewCandidate {
    pub answer_id: AnswerId,
    pub task: Task,
    pub answer: RawJson,
    pub submitted_at: DateTime<Utc>,
    pub previous: Vec<PreviousDecision>,
    /// In the order of the models' names.
    pub models: Vec<ModelSaid>,
}

impl Labelling {
    /// The answers that this reviewer holds, and the oldest others up to `count`, which they hold from now on:
    /// others are shown different ones meanwhile. Whoever is shown an answer is never offered its task.
    ///
    /// # Errors
    /// `no_review_available`; of a named project also `blocked`, `own_project`; or the database failed.
    pub async fn review_next(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        count: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<ReviewCandidate>> {
        let mut tx = self.begin().await?;
        take_turn(&mut tx, user).await?;
        let mut rows = held(&mut tx, user, project, count, now).await?;
        for _ in 0..TRIES {
            let wanted = count - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if wanted <= 0 {
                break;
            }
            let mut found = pick(&mut tx, user, project, wanted, now).await?;
            if found.is_empty() && rows.is_empty() {
                // Whoever holds the last ones may not want them, or just have been refused; and where nobody else
                // reviews, who stood back for others goes on.
                found = pick_waiting(&mut tx, user, project, now).await?;
            }
            if found.is_empty() {
                break;
            }
            let kept = hold(&mut tx, user, &found, now).await?;
            let all = kept.len() == found.len();
            found.retain(|r| kept.contains(&r.answer_id));
            rows.extend(found);
            if all {
                break;
            }
        }
        if rows.is_empty() {
            return Err(none(&mut tx, user, project).await?.into());
        }
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let previous = previous_decisions(&mut tx, row.id).await?;
            let models = models_said(&mut tx, row.id).await?;
            found.push(row.with(previous, models)?);
        }
        tx.commit().await?;
        Ok(found)
    }
}

/// A row of what waits for this reviewer.
struct Waiting {
    answer_id: i64,
    answer: Json<RawJson>,
    submitted_at: DateTime<Utc>,
    id: i64,
    project_id: Uuid,
    dataset_id: Uuid,
    batch_id: i64,
    status: String,
    labeling_version: i32,
    payload: Json<RawJson>,
}

impl Waiting {
    fn with(
        self,
        previous: Vec<PreviousDecision>,
        models: Vec<ModelSaid>,
    ) -> Result<ReviewCandidate> {
        let task = Task {
            id: TaskId(self.id),
            project: ProjectId(self.project_id),
            dataset: DatasetId(self.dataset_id),
            batch: BatchId(self.batch_id),
            status: from_column("task status", &self.status)?,
            labeling_version: self.labeling_version,
            payload: self.payload.0,
            lease: None,
            prefill: BTreeMap::new(),
        };
        Ok(ReviewCandidate {
            answer_id: AnswerId(self.answer_id),
            task,
            answer: self.answer.0,
            submitted_at: self.submitted_at,
            previous,
            models,
        })
    }
}

/// Answers that this reviewer may decide on, with one more condition and the end of the statement. Only tasks are
/// locked, as whoever changes an answer locks its task first.
macro_rules! waiting {
    ($which:literal, $end:literal, $user:expr, $project:expr, $now:expr, $count:expr) => {
        sqlx::query_as!(
            Waiting,
            "select a.id as answer_id, a.answer, a.submitted_at, t.id, t.project_id, t.dataset_id, t.batch_id, t.status as \"status!\", a.labeling_version, t.payload
             from answers a join tasks t on t.id = a.task_id join projects p on p.id = a.project_id
             left join project_workers w on w.project_id = p.id and w.user_id = $1
             where a.status = 'in_review' and ($2::uuid is null or a.project_id = $2)
               and p.bound_uid is not null and exists (select from datasets d where d.id = t.dataset_id and d.bound_uid is not null)
               and p.state in ('active', 'completed', 'closed')
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
               and not exists (select from tenant_members m where m.user_id = $1 and m.tenant_id = p.tenant_id)
               and not exists (select from answers o where o.task_id = a.task_id and o.user_id = $1)
               and not exists (select from leases h where h.task_id = a.task_id and h.user_id = $1)
               and not exists (select from reviews r where r.answer_id = a.id and r.user_id = $1)
               and " + $which + " order by a.id limit $4" + $end,
            $user.0,
            $project.map(|p: ProjectId| p.0),
            $now,
            $count
        )
    };
}

/// Those they hold already.
async fn held(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
    count: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>> {
    let mine = waiting!(
        "exists (select from review_leases l where l.answer_id = a.id and l.user_id = $1 and l.expires_at >= $3)",
        "",
        user,
        project,
        now,
        count
    );
    Ok(mine.fetch_all(conn).await?)
}

/// Those that are to be had, leaving out what others are just looking at, and what this reviewer has just held without
/// deciding: for as long again it is shown to others only, or somebody who never decides would keep it for ever.
async fn pick(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
    count: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>> {
    let free = waiting!(
        "not exists (select from review_leases l where l.answer_id = a.id and l.user_id = $1 and l.expires_at + interval '300 seconds' >= $3)
         and (select count(*) from review_leases l where l.answer_id = a.id and l.user_id <> $1 and l.expires_at >= $3)
             < a.reviewers_needed - a.approvals - a.rejections",
        " for update of t skip locked",
        user,
        project,
        now,
        count
    );
    Ok(free.fetch_all(conn).await?)
}

/// The first answer that still waits when whoever holds its task has let go.
async fn pick_waiting(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>> {
    let any = waiting!(
        "(select count(*) from review_leases l where l.answer_id = a.id and l.user_id <> $1 and l.expires_at >= $3)
             < a.reviewers_needed - a.approvals - a.rejections",
        " for update of t",
        user,
        project,
        now,
        1_i64
    );
    Ok(any.fetch_all(conn).await?)
}

/// Holds what was found and bars its tasks: those whose answers still wait, now that the tasks are locked.
async fn hold(
    conn: &mut PgConnection,
    user: UserId,
    found: &[Waiting],
    now: DateTime<Utc>,
) -> Result<Vec<i64>> {
    let ids: Vec<_> = found.iter().map(|r| r.answer_id).collect();
    let kept = sqlx::query!(
        "with kept as (
             select a.id, a.task_id from answers a
             where a.id = any($1) and a.status = 'in_review'
               and (select count(*) from review_leases l where l.answer_id = a.id and l.user_id <> $2 and l.expires_at >= $3)
                   < a.reviewers_needed - a.approvals - a.rejections),
         held as (
             insert into review_leases (answer_id, user_id, expires_at) select id, $2, $4 from kept
             on conflict (answer_id, user_id) do update set expires_at = excluded.expires_at),
         shown as (
             insert into shown_tasks (task_id, user_id, shown_at) select distinct task_id, $2, $3::timestamptz from kept
             on conflict (task_id, user_id) do nothing)
         select id from kept",
        &ids,
        user.0,
        now,
        now + TimeDelta::seconds(REVIEW_LEASE_SECONDS)
    )
    .fetch_all(conn)
    .await?;
    Ok(kept.into_iter().map(|r| r.id).collect())
}

/// Why there is no answer for this reviewer.
async fn none(
    conn: &mut PgConnection,
    user: UserId,
    project: Option<ProjectId>,
) -> Result<Refusal> {
    let Some(project) = project else {
        return Ok(Refusal::NoReviewAvailable);
    };
    let barred = sqlx::query!(
        "select coalesce(w.standing = 'blocked', false) as \"blocked!\",
                exists (select from tenant_members m where m.user_id = $2 and m.tenant_id = p.tenant_id) as \"owns!\"
         from projects p left join project_workers w on w.project_id = p.id and w.user_id = $2
         where p.id = $1 and p.bound_uid is not null",
        project.0,
        user.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(match barred {
        Some(r) if r.blocked => Refusal::Blocked,
        Some(r) if r.owns => Refusal::OwnProject,
        _ => Refusal::NoReviewAvailable,
    })
}

async fn previous_decisions(conn: &mut PgConnection, task: i64) -> Result<Vec<PreviousDecision>> {
    let rows = sqlx::query!(
        "select r.decision, r.comment, r.created_at from reviews r join answers a on a.id = r.answer_id where a.task_id = $1 order by r.id limit 20",
        task
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| PreviousDecision {
            decision: r.decision,
            comment: r.comment,
            at: r.created_at,
        })
        .collect())
}

/// What models say of a task. Who is shown it never labels the task: [`hold`] bars it.
async fn models_said(conn: &mut PgConnection, task: i64) -> Result<Vec<ModelSaid>> {
    let rows = sqlx::query_as!(
        ModelSaid,
        "select m.name as model, m.output->>'field' as \"field!\", p.label, p.probability
         from predictions p join models m on m.id = p.model_id where p.task_id = $1 and m.bound_uid is not null order by m.name, m.id limit 20",
        task
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}
