//! Items that wait for a model that is kept loaded: handed out under a lease, one at a time, until each has its prediction
//! or a reason why not. No place of a worker is taken, and nothing is charged; what a word means for people, `asking` says.
//!
//! Who locks several of them locks the task, then the model, then the row of the queue: as whoever deletes.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    chunk::MAX_REASON_CHARS,
    ids::{ModelId, TaskId},
    model::{ItemFailed, ItemFailure, ModelInput, ModelOutput, Predicted},
};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    items::{Row, UnpredictedItem},
    report::{New, insert},
};
use crate::{Error, Labelling, Refusal, Result, models::stored};

/// How often an item is handed out before it is given up.
pub const MOST_ATTEMPTS: i32 = 3;

/// Items that one predictor holds.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueLease {
    /// What their reports carry.
    pub lease: Uuid,
    /// In the order in which they came.
    pub items: Vec<UnpredictedItem>,
}

/// How much waits for models, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// Items without a prediction or a failure.
    pub waiting: i64,
    /// When the oldest of them came.
    pub since: Option<DateTime<Utc>>,
}

impl Labelling {
    /// Whether a predictor of the model would be given an item now: cheap to ask, again and again.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queue_is_due(&self, model: ModelId, now: DateTime<Utc>) -> Result<bool> {
        let due = sqlx::query!(
            "select exists (select from prediction_queue
                            where model_id = $1 and failure is null and (leased_until is null or leased_until <= $2)) as \"due!\"",
            model.0,
            now
        )
        .fetch_one(&self.calls)
        .await?;
        Ok(due.due)
    }

    /// Hands out the items that wait longest, under a lease that the predictor chose, for so long; each to one predictor. The same
    /// lease again gets what it holds. What was handed out too often comes to its end first.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn queue_lease(
        &self,
        model: ModelId,
        (lease, most): (Uuid, i64),
        hold: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<QueueLease> {
        let input = sqlx::query_scalar!("select input from models where id = $1", model.0)
            .fetch_optional(&self.calls)
            .await?
            .ok_or(Refusal::NotFound)?;
        let input: ModelInput = stored(input)?;
        self.give_up(model, now).await?;
        sqlx::query!(
            "with due as materialized (
                 select task_id from prediction_queue
                 where model_id = $1 and failure is null and attempts < $5 and (leased_until is null or leased_until <= $4)
                   and exists (select from models m where m.id = $1 and m.state = 'ready' and m.bound_uid is not null)
                   and not exists (select from prediction_queue where lease = $3)
                 order by queued_at, task_id limit $2 for update skip locked)
             update prediction_queue q set lease = $3, leased_until = $6, attempts = q.attempts + 1
             from due where q.model_id = $1 and q.task_id = due.task_id",
            model.0,
            most,
            lease,
            now,
            MOST_ATTEMPTS,
            now + hold
        )
        .execute(&self.calls)
        .await?;
        let rows = sqlx::query_as!(
            Row,
            "select t.id, t.row_no, t.payload->>$3::text as value,
                    case when d.source_format = 'files' and $3 = 'file' then t.payload->>'etag' end as pinned,
                    (select jsonb_object_agg(c, t.payload->c) from unnest($4::text[]) c where t.payload ? c) as cells,
                    d.source_path, d.source_etag, d.own_credentials, d.namespace, d.tenant_id, t.dataset_id
             from prediction_queue q join tasks t on t.id = q.task_id join datasets d on d.id = t.dataset_id
             where q.lease = $2 and q.model_id = $1 order by q.queued_at, t.id",
            model.0,
            lease,
            input.column,
            &input.columns
        )
        .fetch_all(&self.calls)
        .await?;
        let items = rows.into_iter().map(|row| row.item(&input));
        Ok(QueueLease {
            lease,
            items: items.collect::<Result<_>>()?,
        })
    }

    /// An item that ended each predictor that held it gets no other.
    async fn give_up(&self, model: ModelId, now: DateTime<Utc>) -> Result<()> {
        let failure = ItemFailed {
            reason: ItemFailure::Crashed,
            message: format!(
                "{MOST_ATTEMPTS} predictors ended while they held the item; look at the file, then send it again."
            ),
        };
        let given_up = sqlx::query_scalar!(
            "update prediction_queue set failure = $4, lease = null, leased_until = null
             where model_id = $1 and task_id in (
                 select task_id from prediction_queue
                 where model_id = $1 and failure is null and attempts >= $2 and leased_until <= $3 for update skip locked)
             returning task_id",
            model.0,
            MOST_ATTEMPTS,
            now,
            failure_column(&failure)?
        )
        .fetch_all(&self.calls)
        .await?;
        for task in given_up {
            self.ask_people(TaskId(task), now).await;
        }
        Ok(())
    }

    /// Gives back what a predictor that stops has not begun: it counts as never handed out. Returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queue_return(&self, model: ModelId, lease: Uuid) -> Result<u64> {
        let back = sqlx::query!(
            "update prediction_queue set lease = null, leased_until = null, attempts = attempts - 1
             where model_id = $1 and lease = $2 and failure is null",
            model.0,
            lease
        )
        .execute(&self.calls)
        .await?;
        Ok(back.rows_affected())
    }

    /// Takes what came of one item that the lease holds. Whoever's lease went to another one is fenced.
    ///
    /// # Errors
    /// `fenced`, `invalid_spec` for what is no word of the model; or the database failed.
    pub async fn queue_report(
        &self,
        model: ModelId,
        lease: Uuid,
        item: &Predicted,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let (dataset, output) = lock(&mut tx, model, item.task_id, lease).await?;
        let mut new = New::with_windows(output.most_windows());
        new.add(0, item, &output)?;
        insert(&mut tx, model.0, dataset, &new, now).await?;
        match &item.failure {
            Some(failure) => fail(&mut tx, model, item.task_id, failure).await?,
            None => {
                sqlx::query!(
                    "delete from prediction_queue where task_id = $1 and model_id = $2",
                    item.task_id.0,
                    model.0
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        self.ask_people(item.task_id, now).await;
        Ok(())
    }

    /// How much waits for all models.
    ///
    /// # Errors
    /// The database failed.
    pub async fn queue_depth(&self) -> Result<QueueDepth> {
        let depth = sqlx::query_as!(
            QueueDepth,
            "select count(*) as \"waiting!\", min(q.queued_at) as since
             from prediction_queue q join models m on m.id = q.model_id join tasks t on t.id = q.task_id join datasets d on d.id = t.dataset_id
             where q.failure is null and m.bound_uid is not null and d.bound_uid is not null"
        );
        Ok(depth.fetch_one(&self.calls).await?)
    }
}

/// Locks an item that the lease holds; returns its dataset, and what the model answers.
async fn lock(
    conn: &mut PgConnection,
    model: ModelId,
    task: TaskId,
    lease: Uuid,
) -> Result<(Uuid, ModelOutput)> {
    let dataset = sqlx::query_scalar!(
        "select dataset_id from tasks where id = $1 for key share",
        task.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::Fenced)?;
    let output = sqlx::query_scalar!(
        "select output from models where id = $1 for no key update",
        model.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::Fenced)?;
    sqlx::query_scalar!(
        "select task_id from prediction_queue where task_id = $1 and model_id = $2 and lease = $3 for update",
        task.0,
        model.0,
        lease
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::Fenced)?;
    Ok((dataset, stored(output)?))
}

async fn fail(
    conn: &mut PgConnection,
    model: ModelId,
    task: TaskId,
    failure: &ItemFailed,
) -> Result<()> {
    let told = ItemFailed {
        reason: failure.reason,
        message: failure.message.chars().take(MAX_REASON_CHARS).collect(),
    };
    sqlx::query!(
        "update prediction_queue set failure = $3, lease = null, leased_until = null where task_id = $1 and model_id = $2",
        task.0,
        model.0,
        failure_column(&told)?
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn failure_column(failure: &ItemFailed) -> Result<Value> {
    serde_json::to_value(failure).map_err(|_| Error::Corrupt {
        what: "failed item",
    })
}
