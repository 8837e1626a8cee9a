//! Submitting: what the lease promised is read and the answer is checked against it without a lock; then one call ends
//! the lease and stores the answer. A repeated submit finds it again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, LeaseToken, ProjectId, TaskId, UserId},
    labeling::Labeling,
    raw::RawJson,
    work::AnswerStatus,
};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::lost;
use crate::{
    Labelling, Refusal, Result, projects::from_column, task_state::TaskEvent, validate_answer,
};

/// An answer as a worker gives it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct NewAnswer {
    pub user: UserId,
    pub task: TaskId,
    pub lease_token: LeaseToken,
    pub answer: RawJson,
    pub active_millis: Option<i64>,
}

/// An accepted answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The answer.
    pub answer_id: AnswerId,
    /// In review or approved; what became of it since, when it was submitted before.
    pub status: AnswerStatus,
    /// Points it will bring, or has brought.
    pub points: i32,
    /// True when this very submit was accepted before.
    pub repeated: bool,
}

/// What is kept of the lease with its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    pub(crate) labeling_version: i32,
    pub(crate) reviewers_needed: i16,
    pub(crate) reward_points: i32,
}

impl Promise {
    /// How the answer begins.
    fn status(self) -> AnswerStatus {
        match self.reviewers_needed == 0 {
            true => AnswerStatus::Approved,
            false => AnswerStatus::InReview,
        }
    }
}

/// What goes with an answer from this lease, whatever the project says now. A lease that the release before took
/// promises what the project says now.
struct Promised {
    project_id: Uuid,
    labeling_version: i32,
    reward_points: i32,
    reviewers_needed: i16,
    /// What is right, where it is known.
    expected: Option<Json<RawJson>>,
}

impl Labelling {
    /// Ends the lease and stores the answer, or finds the answer that this lease gave before.
    ///
    /// # Errors
    /// `invalid_answer` per field (the lease stays), `lease_lost`; or the database failed.
    pub async fn task_submit(&self, new: &NewAnswer, now: DateTime<Utc>) -> Result<Submitted> {
        let submitted = match self.promised(new).await? {
            Some(promised) => {
                let labeling = self
                    .labeling(ProjectId(promised.project_id), promised.labeling_version)
                    .await?
                    .ok_or(Refusal::LeaseLost)?;
                let details = validate_answer(&labeling, &new.answer);
                if !details.is_empty() {
                    return Err(Refusal::InvalidAnswer { details }.into());
                }
                self.store(new, &promised, &labeling, now).await?
            }
            None => self.submitted_before(new).await?,
        };
        match submitted {
            Some(submitted) => Ok(submitted),
            None => {
                let mut conn = self.calls.acquire().await?;
                Err(lost(&mut conn, new.user, new.task).await?.into())
            }
        }
    }

    async fn promised(&self, new: &NewAnswer) -> Result<Option<Promised>> {
        let promised = sqlx::query_as!(
            Promised,
            "select h.project_id as \"project_id!\", coalesce(h.labeling_version, t.labeling_version) as \"labeling_version!\",
                    coalesce(h.reward_points, p.reward_points) as \"reward_points!\",
                    coalesce(h.reviewers_needed, p.reviewers_count)::smallint as \"reviewers_needed!\", null::jsonb as \"expected: Json<RawJson>\"
             from leases h join tasks t on t.id = h.task_id join projects p on p.id = h.project_id
             where h.task_id = $1 and h.user_id = $2 and h.token = $3
             union all
             select g.project_id, g.labeling_version, g.reward_points, g.reviewers_needed, i.expected
             from gold_draws g join gold_items i on i.id = g.item_id where g.id = $1 and g.user_id = $2 and g.token = $3",
            new.task.0,
            new.user.0,
            new.lease_token.0
        )
        .fetch_optional(&self.calls)
        .await?;
        Ok(promised)
    }

    /// None when the lease ended meanwhile.
    async fn store(
        &self,
        new: &NewAnswer,
        promised: &Promised,
        labeling: &Labeling,
        now: DateTime<Utc>,
    ) -> Result<Option<Submitted>> {
        let promise = Promise {
            labeling_version: promised.labeling_version,
            reviewers_needed: promised.reviewers_needed,
            reward_points: promised.reward_points,
        };
        if let Some(Json(expected)) = &promised.expected {
            let status = promise.status();
            return self.gold_store(new, labeling, expected, status, now).await;
        }
        self.hand_in(&self.calls, new, promise, now).await
    }

    /// Ends the lease of a task with the answer, in one call. None when the lease ended meanwhile.
    pub(crate) async fn hand_in(
        &self,
        executor: impl PgExecutor<'_>,
        new: &NewAnswer,
        promise: Promise,
        now: DateTime<Utc>,
    ) -> Result<Option<Submitted>> {
        let status = promise.status();
        let approved = status == AnswerStatus::Approved;
        let gated = self.billing.gates();
        let delta = TaskEvent::Submitted { approved, gated }.delta();
        let row = sqlx::query!(
            "select answer_id as \"answer_id!\", answer_status as \"status!\", points as \"points!\", repeated as \"repeated!\"
             from task_submit_v2($1, $2, $3, ($4::text)::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            new.user.0,
            new.task.0,
            new.lease_token.0,
            new.answer.get(),
            new.active_millis,
            promise.labeling_version,
            promise.reviewers_needed,
            promise.reward_points,
            status.column(),
            delta.leased,
            delta.in_review,
            delta.approved,
            delta.grows,
            now
        )
        .fetch_optional(executor)
        .await?;
        row.map(|r| {
            Ok(Submitted {
                answer_id: AnswerId(r.answer_id),
                status: from_column("answer status", &r.status)?,
                points: r.points,
                repeated: r.repeated,
            })
        })
        .transpose()
    }

    /// The answer that this lease gave before, if it is this one.
    async fn submitted_before(&self, new: &NewAnswer) -> Result<Option<Submitted>> {
        let known = sqlx::query!(
            "select a.id as \"id!\", a.status as \"status!\", coalesce(a.reward_points, p.reward_points) as \"reward_points!\"
             from answers a join projects p on p.id = a.project_id
             where a.lease_token = $1 and a.user_id = $2 and a.task_id = $3 and a.answer = ($4::text)::jsonb and a.status <> 'withdrawn'
             union all
             select g.id, g.status, g.reward_points from gold_answers g
             where g.lease_token = $1 and g.user_id = $2 and g.draw_id = $3 and g.answer = ($4::text)::jsonb and g.status <> 'withdrawn'",
            new.lease_token.0,
            new.user.0,
            new.task.0,
            new.answer.get()
        )
        .fetch_optional(&self.calls)
        .await?;
        known
            .map(|k| {
                Ok(Submitted {
                    answer_id: AnswerId(k.id),
                    status: from_column("answer status", &k.status)?,
                    points: k.reward_points,
                    repeated: true,
                })
            })
            .transpose()
    }
}
