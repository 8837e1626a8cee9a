//! What an event does to a task: decided here, without the task's counters, and carried out by one function of the
//! database, which derives status, queue, batch, dataset and project from it and writes the rows of events.
//!
//! Locks are taken in one order everywhere: task, answer, batch, dataset, project.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{ids::TaskId, labeling::OnReject, work::TaskStatus};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{Error, Result, projects::from_column};

/// What happens to a task, or to one of its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskEvent {
    /// A worker takes a place.
    Leased,
    /// A lease is given back, or ends.
    LeaseEnded,
    /// A lease becomes an answer.
    Submitted {
        /// Nobody is asked to review it.
        approved: bool,
        /// Whether one place more is had for quota only.
        gated: bool,
    },
    /// An answer that waits is taken back by its author.
    Withdrawn {
        /// Its author holds the task again.
        leased: bool,
    },
    /// An answer is taken back by the project's owner.
    Voided {
        /// It was approved, and did not wait.
        approved: bool,
    },
    /// An answer that waits is approved.
    Approved,
    /// An answer that waits is rejected.
    Rejected {
        /// Whether somebody else may answer.
        on_reject: OnReject,
        /// After so many rejections nobody is asked again.
        max_rejections: i32,
        /// Whether one place more is had for quota only.
        gated: bool,
    },
    /// An approved answer waits again.
    ApprovalUndone,
    /// A rejected answer waits again.
    RejectionUndone {
        /// What the rejection did to the free places.
        places_opened: i16,
    },
    /// Every place without an answer or a lease opens, as if nothing had been rejected.
    Requeued,
    /// Every free place closes.
    Cancelled,
    /// A task that ended unsure is looked at again, since there may be quota for one place more.
    Reconsidered {
        /// Whether it is had for quota only.
        gated: bool,
    },
}

/// What an event adds to a task's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Delta {
    pub leased: i32,
    pub in_review: i32,
    pub approved: i32,
    pub rejections: i32,
    /// Added to the free places as it is; too few to take from, and nothing happens.
    pub places: i32,
    /// One free place more, unless the project is closed.
    pub reopens: bool,
    /// At so many rejections no place is free.
    pub limit: Option<i32>,
    /// Some: whether every place without an answer or a lease is free, or none is.
    pub all: Option<bool>,
    /// Some: a task that this would end opens one place more while its label is less sure than its project wants it;
    /// whether for quota only.
    pub grows: Option<bool>,
}

impl TaskEvent {
    /// What this adds to the counters of its task.
    pub(crate) fn delta(self) -> Delta {
        match self {
            Self::Leased => Delta {
                places: -1,
                ..moved(1, 0, 0)
            },
            Self::LeaseEnded => Delta {
                reopens: true,
                ..moved(-1, 0, 0)
            },
            Self::Submitted { approved, gated } => Delta {
                grows: Some(gated),
                ..moved(-1, i32::from(!approved), i32::from(approved))
            },
            Self::Withdrawn { leased } => Delta {
                reopens: !leased,
                ..moved(i32::from(leased), -1, 0)
            },
            Self::Voided { approved } => Delta {
                reopens: true,
                ..moved(0, -i32::from(!approved), -i32::from(approved))
            },
            Self::Approved => moved(0, -1, 1),
            Self::Rejected {
                on_reject,
                max_rejections,
                gated,
            } => Delta {
                rejections: 1,
                reopens: on_reject == OnReject::Requeue,
                limit: Some(max_rejections),
                grows: Some(gated),
                ..moved(0, -1, 0)
            },
            Self::ApprovalUndone => moved(0, 1, -1),
            Self::RejectionUndone { places_opened } => Delta {
                rejections: -1,
                places: -i32::from(places_opened),
                ..moved(0, 1, 0)
            },
            Self::Requeued => Delta {
                all: Some(true),
                ..Delta::default()
            },
            Self::Cancelled => Delta {
                all: Some(false),
                ..Delta::default()
            },
            Self::Reconsidered { gated } => Delta {
                grows: Some(gated),
                ..Delta::default()
            },
        }
    }
}

/// So many more leases, answers in review and approved answers.
fn moved(leased: i32, in_review: i32, approved: i32) -> Delta {
    Delta {
        leased,
        in_review,
        approved,
        ..Delta::default()
    }
}

/// The row of events that says why a task changes.
#[derive(Debug)]
pub(crate) struct Cause<'a> {
    pub kind: &'static str,
    /// Id of the task or answer that the event is about.
    pub subject: String,
    pub actor: &'a str,
    pub data: Value,
}

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changed {
    pub status: TaskStatus,
    /// How many more places are free than before, without one that was paid for just now.
    pub places_opened: i16,
}

/// Applies an event to a task that this transaction has locked in an earlier statement. None, and nothing changed,
/// when it takes back a place that is not free any more.
pub(crate) async fn try_apply(
    conn: &mut PgConnection,
    task: TaskId,
    event: TaskEvent,
    cause: &Cause<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Changed>> {
    let d = event.delta();
    let row = sqlx::query!(
        "select status_after as \"status!\", places_opened as \"places_opened!\"
         from task_apply_v3($1, $2, $3, $4, $5, $6, $7, $8, $9, null, $10, $11, $12, $13, $14, $15)
         where status_after is not null",
        task.0,
        d.leased,
        d.in_review,
        d.approved,
        d.rejections,
        d.places,
        d.reopens,
        d.limit,
        d.all,
        d.grows,
        cause.kind,
        cause.subject,
        cause.actor,
        cause.data,
        now
    )
    .fetch_optional(conn)
    .await?;
    row.map(|r| {
        Ok(Changed {
            status: from_column("task status", &r.status)?,
            places_opened: r.places_opened,
        })
    })
    .transpose()
}

/// [`try_apply`] of an event that takes no place back.
pub(crate) async fn apply(
    conn: &mut PgConnection,
    task: TaskId,
    event: TaskEvent,
    cause: &Cause<'_>,
    now: DateTime<Utc>,
) -> Result<Changed> {
    try_apply(conn, task, event, cause, now)
        .await?
        .ok_or(Error::Corrupt {
            what: "count of a task's free places",
        })
}

/// A place is given back, or its lease has ended.
pub(crate) async fn lease_ended(
    conn: &mut PgConnection,
    task: TaskId,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Changed> {
    let cause = Cause {
        kind: "task.returned",
        subject: task.to_string(),
        actor,
        data: serde_json::json!({}),
    };
    apply(conn, task, TaskEvent::LeaseEnded, &cause, now).await
}
