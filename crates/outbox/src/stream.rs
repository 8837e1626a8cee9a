//! What clients are told of: rows of the table `stream`, which a trigger writes beside the rows of `events`. One relay
//! at a time takes them, in their order, and they are gone when it has them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

/// A change of state, and what it happened to.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// The row of `events`: never used again.
    pub event: i64,
    /// Its kind, as the context names it.
    pub kind: String,
    /// Id of what it happened to.
    pub subject: String,
    /// What the event says, and what its subject belongs to.
    pub data: Value,
    /// The tenant that it concerns.
    pub tenant: Uuid,
    /// The project that it concerns; none where it is the tenant as a whole.
    pub project: Option<Uuid>,
    /// When.
    pub at: DateTime<Utc>,
    /// The request that caused it, where it said which it is.
    pub traceparent: Option<String>,
}

/// The stream of one context. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stream {
    context: &'static str,
    pool: PgPool,
}

/// Rows that are told now. Dropped without [`Taken::told`], they are taken again.
#[derive(Debug)]
pub struct Taken {
    transaction: Transaction<'static, Postgres>,
    ids: Vec<i64>,
    /// What happened, in its order.
    pub happened: Vec<Happened>,
}

impl Stream {
    /// The stream in this database; `context` names it in metrics, and in the identity of its events.
    #[must_use]
    pub fn new(context: &'static str, pool: PgPool) -> Self {
        Self { context, pool }
    }

    /// Whose it is.
    #[must_use]
    pub fn context(&self) -> &'static str {
        self.context
    }

    /// The next rows, `limit` at most; none while there are none, or another relay has them. They are held until
    /// they are told: a relay that died holds nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn take(&self, limit: i64) -> Result<Option<Taken>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        // One at a time, so that what happened to one thing is told in its order.
        let alone = sqlx::query_scalar!(
            r#"select pg_try_advisory_xact_lock(hashtextextended('stream', 0)) as "alone!""#
        )
        .fetch_one(&mut *transaction)
        .await?;
        if !alone {
            return Ok(None);
        }
        let rows = sqlx::query!(
            "select id, event_id, kind, subject, data, tenant_id, project_id, happened_at, traceparent from stream order by id limit $1",
            limit
        )
        .fetch_all(&mut *transaction)
        .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let ids = rows.iter().map(|row| row.id).collect();
        let happened = rows.into_iter().map(|row| Happened {
            event: row.event_id,
            kind: row.kind,
            subject: row.subject,
            data: row.data,
            tenant: row.tenant_id,
            project: row.project_id,
            at: row.happened_at,
            traceparent: row.traceparent,
        });
        Ok(Some(Taken {
            transaction,
            ids,
            happened: happened.collect(),
        }))
    }

    /// Rows that wait, and since when the oldest does.
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self) -> Result<(i64, Option<DateTime<Utc>>), sqlx::Error> {
        let row =
            sqlx::query!(r#"select count(*) as "rows!", min(happened_at) as since from stream"#)
                .fetch_one(&self.pool)
                .await?;
        Ok((row.rows, row.since))
    }
}

impl Taken {
    /// Takes the rows away: whoever is told has them for good.
    ///
    /// # Errors
    /// The database failed; they are taken again.
    pub async fn told(mut self) -> Result<(), sqlx::Error> {
        sqlx::query!("delete from stream where id = any($1)", &self.ids)
            .execute(&mut *self.transaction)
            .await?;
        self.transaction.commit().await
    }
}
