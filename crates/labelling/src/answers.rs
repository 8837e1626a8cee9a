//! A worker's own answers: looking back, and taking one back before anybody reviewed it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, BatchId, DatasetId, LeaseToken, ProjectId, TaskId, UserId},
    raw::RawJson,
    work::{AnswerStatus, TaskStatus},
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    Labelling, Lease, Page, PreviousDecision, Refusal, Result, Task,
    crowd::membership::admit,
    gold,
    projects::from_column,
    task_state::{Cause, TaskEvent, apply},
    tasks::{MAX_LEASES, lease_ends, take_turn},
};

/// An answer as its author sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct Answer {
    pub id: AnswerId,
    pub task: TaskId,
    pub project: ProjectId,
    pub project_display_name: String,
    pub status: AnswerStatus,
    pub labeling_version: i32,
    pub answer: RawJson,
    /// What it brought, less what was taken back.
    pub points: i64,
    pub submitted_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    /// What reviewers said, once the answer is decided.
    pub decisions: Vec<PreviousDecision>,
}

/// Which answers to list.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct AnswerFilter {
    pub project: Option<ProjectId>,
    pub status: Option<AnswerStatus>,
}

impl Labelling {
    /// A worker's answers, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn answer_list(
        &self,
        user: UserId,
        filter: AnswerFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Page<Answer, i64>> {
        let rows = sqlx::query!(
            "select a.id as \"id!\", a.task_id as \"task_id!\", a.project_id as \"project_id!\", p.display_name, a.status as \"status!\",
                    a.labeling_version as \"labeling_version!\", a.answer as \"answer!: Json<RawJson>\", a.submitted_at as \"submitted_at!\", a.decided_at,
                    a.gold as \"gold!\",
                    case when a.gold then (select coalesce(sum(l.points), 0)::bigint from points_ledger l where l.user_id = $1 and l.answer_id = a.id)
                         else (select coalesce(sum(l.points), 0)::bigint from approval_events e join points_ledger l on l.approval_seq = e.seq
                               where e.answer_id = a.id) end as \"points!\"
             from (
                 (select w.id, w.task_id, w.project_id, w.status, w.labeling_version, w.answer, w.submitted_at, w.decided_at, false as gold
                  from answers w
                  where w.user_id = $1 and w.id < $2 and ($3::uuid is null or w.project_id = $3) and ($4::text is null or w.status = $4)
                  order by w.id desc limit $5)
                 union all
                 (select g.id, g.draw_id, g.project_id, g.status, g.labeling_version, g.answer, g.submitted_at, g.decided_at, true
                  from gold_answers g
                  where g.user_id = $1 and g.id < $2 and ($3::uuid is null or g.project_id = $3) and ($4::text is null or g.status = $4)
                  order by g.id desc limit $5)) a
             join projects p on p.id = a.project_id
             order by a.id desc limit $5",
            user.0,
            before.unwrap_or(i64::MAX),
            filter.project.map(|p| p.0),
            filter.status.map(WireEnum::column),
            limit + 1
        )
        .fetch_all(&self.calls)
        .await?;
        let decided = |gold: bool| -> Vec<_> {
            rows.iter()
                .filter(|r| r.gold == gold && matches!(r.status.as_str(), "approved" | "rejected"))
                .map(|r| r.id)
                .collect()
        };
        let mut decisions = self.decisions_of(&decided(false)).await?;
        decisions.extend(self.gold_decisions_of(&decided(true)).await?);
        let items = rows
            .into_iter()
            .map(|r| {
                Ok(Answer {
                    id: AnswerId(r.id),
                    task: TaskId(r.task_id),
                    project: ProjectId(r.project_id),
                    project_display_name: r.display_name,
                    status: from_column("answer status", &r.status)?,
                    labeling_version: r.labeling_version,
                    answer: r.answer.0,
                    points: r.points,
                    submitted_at: r.submitted_at,
                    decided_at: r.decided_at,
                    decisions: decisions.remove(&r.id).unwrap_or_default(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page::cut(items, limit, |a: &Answer| a.id.0))
    }

    async fn decisions_of(&self, answers: &[i64]) -> Result<BTreeMap<i64, Vec<PreviousDecision>>> {
        let rows = sqlx::query!(
            "select answer_id, decision, comment, created_at from reviews where answer_id = any($1) order by id",
            answers
        )
        .fetch_all(&self.calls)
        .await?;
        let mut of = BTreeMap::<_, Vec<_>>::new();
        for r in rows {
            of.entry(r.answer_id).or_default().push(PreviousDecision {
                decision: r.decision,
                comment: r.comment,
                at: r.created_at,
            });
        }
        Ok(of)
    }

    /// Takes one's own answer back while nobody has reviewed it: the task is leased to its author again, with what
    /// was promised to them before, for `lockSeconds`, but never beyond the end of the lease that they answered from.
    /// After that end the task goes back to the queue, and carries no lease.
    ///
    /// # Errors
    /// `not_found`, `blocked`, `already_reviewed`, `project_not_active`, `too_many_leases`; or the database failed.
    pub async fn answer_withdraw(
        &self,
        user: UserId,
        answer: AnswerId,
        now: DateTime<Utc>,
    ) -> Result<Task> {
        let mut tx = self.begin().await?;
        take_turn(&mut tx, user).await?;
        let Some(taken) = take_back(&mut tx, user, answer, now).await? else {
            let task = gold::withdraw(&mut tx, user, answer, now).await?;
            tx.commit().await?;
            return Ok(task);
        };
        let (expires_at, _) = lease_ends(now, taken.lock_seconds);
        let (_, first_ends) = lease_ends(taken.claimed_at, taken.lock_seconds);
        let ends_at = taken.lease_ends_at.unwrap_or(first_ends);
        let expires_at = expires_at.min(ends_at);
        let lease = if expires_at <= now {
            None
        } else if taken.holds >= MAX_LEASES {
            return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
        } else {
            Some(lease_again(&mut tx, user, &taken, (now, expires_at, ends_at)).await?)
        };
        let task = TaskId(taken.task_id);
        let cause = Cause {
            kind: "answer.withdrawn",
            subject: answer.to_string(),
            actor: &user.to_string(),
            data: json!({"task": task}),
        };
        let event = TaskEvent::Withdrawn {
            leased: lease.is_some(),
        };
        let changed = apply(&mut tx, task, event, &cause, now).await?;
        tx.commit().await?;
        Ok(Task {
            id: task,
            project: ProjectId(taken.project_id),
            dataset: DatasetId(taken.dataset_id),
            batch: BatchId(taken.batch_id),
            status: match lease {
                Some(_) => TaskStatus::Locked,
                None => changed.status,
            },
            labeling_version: taken.labeling_version,
            payload: taken.payload.0,
            lease,
            prefill: BTreeMap::new(),
        })
    }
}

/// An answer that was just withdrawn, and its task.
struct TakenBack {
    task_id: i64,
    project_id: Uuid,
    dataset_id: Uuid,
    batch_id: i64,
    payload: Json<RawJson>,
    lock_seconds: i32,
    holds: i64,
    claimed_at: DateTime<Utc>,
    lease_ends_at: Option<DateTime<Utc>>,
    labeling_version: i32,
    reward_points: i32,
    reviewers_needed: i16,
}

/// Withdraws an answer that nobody has reviewed; none when it is no answer to a task. Its task is locked first and everything read afterwards: what a join
/// read before it waited is old.
async fn take_back(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
    now: DateTime<Utc>,
) -> Result<Option<TakenBack>> {
    let task = sqlx::query!(
        "select id, project_id from tasks where id = (select task_id from answers where id = $1 and user_id = $2) for update",
        answer.0,
        user.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(task) = task else { return Ok(None) };
    admit(conn, task.project_id, user).await?;
    let project = sqlx::query!(
        "select p.state
         from tasks t join projects p on p.id = t.project_id left join project_workers w on w.project_id = p.id and w.user_id = $2
         where t.id = $1 and exists (select from datasets d where d.id = t.dataset_id and d.bound_uid is not null)
           and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'",
        task.id,
        user.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    if matches!(project.state.as_str(), "closed" | "deleting") {
        return Err(Refusal::ProjectEnded.into());
    }
    let taken = sqlx::query_as!(
        TakenBack,
        "with let_go as (
             delete from review_leases where answer_id = (
                 select id from answers where id = $1 and status = 'in_review' and approvals + rejections = 0))
         update answers a set status = 'withdrawn', decided_at = $2 from tasks t join projects p on p.id = t.project_id
         where a.id = $1 and a.status = 'in_review' and a.approvals + a.rejections = 0 and t.id = a.task_id
         returning t.id as task_id, t.project_id, t.dataset_id, t.batch_id, t.payload as \"payload: Json<RawJson>\", p.lock_seconds,
                   (select count(*) from leases where user_id = a.user_id)
                       + (select count(*) from gold_draws where user_id = a.user_id and token is not null) as \"holds!\", a.claimed_at, a.lease_ends_at, a.labeling_version,
                   coalesce(a.reward_points, p.reward_points) as \"reward_points!\", a.reviewers_needed",
        answer.0,
        now
    )
    .fetch_optional(conn)
    .await?;
    taken
        .map(Some)
        .ok_or_else(|| Refusal::AnswerReviewed.into())
}

/// Leases a task to its author again, with what was promised to them before.
async fn lease_again(
    conn: &mut PgConnection,
    user: UserId,
    taken: &TakenBack,
    (locked_at, expires_at, ends_at): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
) -> Result<Lease> {
    let lease = sqlx::query!(
        "insert into leases (task_id, user_id, project_id, locked_at, expires_at, ends_at, labeling_version, reward_points, reviewers_needed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning token",
        taken.task_id,
        user.0,
        taken.project_id,
        locked_at,
        expires_at,
        ends_at,
        taken.labeling_version,
        taken.reward_points,
        taken.reviewers_needed
    )
    .fetch_one(conn)
    .await?;
    Ok(Lease {
        token: LeaseToken(lease.token),
        expires_at,
        reward_points: taken.reward_points,
    })
}
