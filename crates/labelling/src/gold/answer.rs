//! Answers to gold: stored and taken back as any other, and held against what is right.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, BatchId, DatasetId, LeaseToken, ProjectId, TaskId, UserId},
    labeling::Labeling,
    raw::RawJson,
    work::{AnswerStatus, TaskStatus},
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::known::is_right;
use crate::{
    Labelling, Lease, NewAnswer, PreviousDecision, Refusal, Result, Submitted, Task,
    crowd::membership::admit,
    events,
    projects::from_column,
    tasks::{MAX_LEASES, lease_ends},
};

impl Labelling {
    /// Ends the lease and stores the answer; none when the lease ended meanwhile.
    pub(crate) async fn gold_store(
        &self,
        new: &NewAnswer,
        labeling: &Labeling,
        expected: &RawJson,
        status: AnswerStatus,
        now: DateTime<Utc>,
    ) -> Result<Option<Submitted>> {
        let row = sqlx::query!(
            "select answer_id as \"answer_id!\", answer_status as \"status!\", points as \"points!\", repeated as \"repeated!\"
             from gold_submit_v1($1, $2, $3, ($4::text)::jsonb, $5, $6, $7, $8)",
            new.user.0,
            new.task.0,
            new.lease_token.0,
            new.answer.get(),
            new.active_millis,
            status.column(),
            is_right(labeling, expected, &new.answer),
            now
        )
        .fetch_optional(&self.calls)
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
}

impl Labelling {
    /// What reviewers seem to have said of decided gold. Who was wrong while they were new is told what is right with the last word.
    pub(crate) async fn gold_decisions_of(
        &self,
        answers: &[i64],
    ) -> Result<Vec<(i64, Vec<PreviousDecision>)>> {
        if answers.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query!(
            "select a.id, a.reviewed_at, a.decided_at as \"decided_at!\", i.expected as \"expected: Json<RawJson>\", i.explanation,
                    g.onboarding and not a.correct as \"explains!\"
             from gold_answers a join gold_draws g on g.id = a.draw_id join gold_items i on i.id = g.item_id
             where a.id = any($1) and a.decided_at is not null",
            answers
        )
        .fetch_all(&self.calls)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let approved = |at| PreviousDecision {
                    decision: "approved".to_owned(),
                    comment: String::new(),
                    at,
                };
                let mut said: Vec<_> = r.reviewed_at.into_iter().map(approved).collect();
                if r.explains {
                    // Where nobody reviews, nobody else is there to say it.
                    let mut last = said.pop().unwrap_or_else(|| approved(r.decided_at));
                    last.comment = explain(&r.expected.0, r.explanation.as_deref());
                    said.push(last);
                }
                (r.id, said)
            })
            .collect())
    }
}

/// What is right, and why.
fn explain(expected: &RawJson, explanation: Option<&str>) -> String {
    let values: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(expected.get()).unwrap_or_default();
    let values: Vec<_> = values
        .into_iter()
        .map(|(field, value)| match value {
            serde_json::Value::String(text) => format!("{field}: {text}"),
            value => format!("{field}: {value}"),
        })
        .collect();
    match explanation {
        Some(why) => format!("{}. {why}", values.join(", ")),
        None => values.join(", "),
    }
}

/// An answer that was just withdrawn, and its gold.
struct TakenBack {
    draw_id: i64,
    project_id: Uuid,
    dataset_id: Uuid,
    batch_id: i64,
    payload: Json<RawJson>,
    lock_seconds: i32,
    lease_ends_at: DateTime<Utc>,
    labeling_version: i32,
    reward_points: i32,
}

/// As `answer_withdraw` of an answer to gold, in its transaction and the worker's turn.
pub(crate) async fn withdraw(
    conn: &mut PgConnection,
    user: UserId,
    answer: AnswerId,
    now: DateTime<Utc>,
) -> Result<Task> {
    may_withdraw(conn, user, answer).await?;
    let taken = sqlx::query_as!(
        TakenBack,
        "update gold_answers a set status = 'withdrawn', decided_at = $2 from gold_draws g join projects p on p.id = g.project_id
         where a.id = $1 and g.id = a.draw_id and a.status = 'in_review' and (a.due_at is null or a.due_at > $2)
         returning g.id as draw_id, g.project_id, g.dataset_id, g.batch_id, g.payload as \"payload: Json<RawJson>\", p.lock_seconds,
                   a.lease_ends_at, a.labeling_version, a.reward_points",
        answer.0,
        now
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::AnswerReviewed)?;
    let (expires_at, _) = lease_ends(now, taken.lock_seconds);
    let expires_at = expires_at.min(taken.lease_ends_at);
    let is_held = expires_at > now;
    if is_held && held_by(conn, user).await? >= MAX_LEASES {
        return Err(Refusal::TooManyLeases { limit: MAX_LEASES }.into());
    }
    let token = hold_again(conn, &taken, is_held.then_some((now, expires_at))).await?;
    let data = json!({"draw": taken.draw_id});
    let (subject, actor) = (answer.to_string(), user.to_string());
    events::record(conn, "gold.withdrawn", &subject, &actor, data).await?;
    Ok(Task {
        id: TaskId(taken.draw_id),
        project: ProjectId(taken.project_id),
        dataset: DatasetId(taken.dataset_id),
        batch: BatchId(taken.batch_id),
        status: match token {
            Some(_) => TaskStatus::Locked,
            None => TaskStatus::New,
        },
        labeling_version: taken.labeling_version,
        payload: taken.payload.0,
        lease: token.map(|token| Lease {
            token: LeaseToken(token),
            expires_at,
            reward_points: taken.reward_points,
        }),
        prefill: BTreeMap::new(),
    })
}

/// Locks the gold of an answer, where its author may still take it back.
async fn may_withdraw(conn: &mut PgConnection, user: UserId, answer: AnswerId) -> Result<()> {
    let gold = sqlx::query!(
        "select g.project_id from gold_answers a join gold_draws g on g.id = a.draw_id where a.id = $1 and a.user_id = $2 for update of g",
        answer.0,
        user.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    admit(conn, gold.project_id, user).await?;
    let project = sqlx::query!(
        "select p.state from projects p left join project_workers w on w.project_id = p.id and w.user_id = $2
         where p.id = $1 and p.bound_uid is not null
           and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'",
        gold.project_id,
        user.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    match project.state.as_str() {
        "closed" | "deleting" => Err(Refusal::ProjectEnded.into()),
        _ => Ok(()),
    }
}

/// How many tasks a worker holds, gold among them.
async fn held_by(conn: &mut PgConnection, user: UserId) -> Result<i64> {
    let row = sqlx::query!(
        "select (select count(*) from leases where user_id = $1) + (select count(*) from gold_draws where user_id = $1 and token is not null)
         as \"held!\"",
        user.0
    )
    .fetch_one(conn)
    .await?;
    Ok(row.held)
}

/// Held again from one time until another, or at the end of the queue; the lease's token.
async fn hold_again(
    conn: &mut PgConnection,
    taken: &TakenBack,
    held: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> Result<Option<i64>> {
    let row = sqlx::query!(
        "update gold_draws set answered = false, token = case when $2::timestamptz is not null then nextval('leases_token_seq') end,
                locked_at = $2, expires_at = $3, ends_at = case when $2 is not null then $4::timestamptz end,
                queue_pos = case when $2 is null then nextval('task_queue_pos') end
         where id = $1 returning token",
        taken.draw_id,
        held.map(|(from, _)| from),
        held.map(|(_, until)| until),
        taken.lease_ends_at
    )
    .fetch_one(conn)
    .await?;
    Ok(row.token)
}
