//! Open reviews of a deleted dataset: its answers are decided by the votes that were cast, or withdrawn.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{AnswerId, BatchId, TaskId, UserId},
    work::AnswerStatus,
};
use serde_json::json;
use sqlx::PgConnection;

use super::{ACTOR, Leaving, STEP_PEOPLE};
use crate::{
    Result,
    approvals::{self, ApprovedAnswer},
    projects::from_column,
    task_state::{Cause, TaskEvent, apply},
};

/// What becomes of an answer that still waits for reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    Approved,
    Rejected,
    Withdrawn,
}

impl Closing {
    fn status(self) -> AnswerStatus {
        match self {
            Self::Approved => AnswerStatus::Approved,
            Self::Rejected => AnswerStatus::Rejected,
            Self::Withdrawn => AnswerStatus::Withdrawn,
        }
    }

    fn event(self, going: &Leaving) -> Result<TaskEvent> {
        Ok(match self {
            Self::Approved => TaskEvent::Approved,
            Self::Rejected => TaskEvent::Rejected {
                on_reject: from_column("what a rejection does", &going.on_reject)?,
                max_rejections: going.max_rejections,
                // No task of a deleted dataset grows.
                gated: true,
            },
            Self::Withdrawn => TaskEvent::Withdrawn { leased: false },
        })
    }
}

/// The votes that were cast decide, and a tie rejects, as everywhere. An answer that nobody looked at is
/// withdrawn: it costs its client nothing, and its author may answer again should the dataset come back.
fn closing(approvals: i16, rejections: i16) -> Closing {
    match (approvals, rejections) {
        (0, 0) => Closing::Withdrawn,
        (approvals, rejections) if approvals > rejections => Closing::Approved,
        _ => Closing::Rejected,
    }
}

/// An answer that waits for reviewers.
struct Open {
    id: AnswerId,
    task_id: TaskId,
    batch_id: BatchId,
    user_id: UserId,
    approvals: i16,
    rejections: i16,
    reward_points: i32,
}

impl Open {
    fn approved(&self, going: &Leaving) -> ApprovedAnswer {
        ApprovedAnswer {
            project: going.project_id,
            dataset: going.id,
            task: self.task_id,
            answer: self.id,
            author: self.user_id,
            points: self.reward_points,
        }
    }
}

/// Decides or withdraws the open answers of one batch's tasks. False when there are none.
pub(super) async fn close_reviews(
    conn: &mut PgConnection,
    going: &Leaving,
    tasks: &[i64],
    now: DateTime<Utc>,
) -> Result<bool> {
    let open = sqlx::query_as!(
        Open,
        "select a.id, a.task_id, t.batch_id, a.user_id, a.approvals, a.rejections, coalesce(a.reward_points, $3) as \"reward_points!\"
         from answers a join tasks t on t.id = a.task_id
         where a.task_id = any($1) and a.status = 'in_review' order by t.batch_id, a.task_id, a.id limit $2 for update of a",
        tasks,
        STEP_PEOPLE,
        going.reward_points
    )
    .fetch_all(&mut *conn)
    .await?;
    let Some(batch) = open.first().map(|answer| answer.batch_id) else {
        return Ok(false);
    };
    for answer in open.iter().filter(|answer| answer.batch_id == batch) {
        close(conn, going, answer, now).await?;
    }
    Ok(true)
}

async fn close(
    conn: &mut PgConnection,
    going: &Leaving,
    answer: &Open,
    now: DateTime<Utc>,
) -> Result<()> {
    let closing = closing(answer.approvals, answer.rejections);
    let status = closing.status();
    sqlx::query!(
        "with held as (delete from review_leases where answer_id = $1)
         update answers set status = $2, decided_at = $3 where id = $1",
        answer.id.0,
        status.column(),
        now
    )
    .execute(&mut *conn)
    .await?;
    if closing == Closing::Approved {
        approvals::approve(conn, &answer.approved(going), now).await?;
    }
    let cause = Cause {
        kind: "answer.closed",
        subject: answer.id.to_string(),
        actor: ACTOR,
        data: json!({"task": answer.task_id, "status": status.column()}),
    };
    let event = closing.event(going)?;
    let changed = apply(conn, answer.task_id, event, &cause, now).await?;
    if closing == Closing::Rejected {
        // The last reviewer's decision is what rejected it: undone one day, it takes back the place that opened.
        sqlx::query!(
            "update reviews set slots_delta = $2 where id = (select max(id) from reviews where answer_id = $1)",
            answer.id.0,
            changed.places_opened
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Closing, closing};

    #[test]
    fn the_votes_cast_decide_and_an_unseen_answer_is_withdrawn() {
        let table = [
            (0, 0, Closing::Withdrawn),
            (1, 0, Closing::Approved),
            (0, 1, Closing::Rejected),
            (1, 1, Closing::Rejected),
            (2, 1, Closing::Approved),
            (1, 2, Closing::Rejected),
        ];
        for (approvals, rejections, expected) in table {
            assert_eq!(
                closing(approvals, rejections),
                expected,
                "{approvals} {rejections}"
            );
        }
    }
}
