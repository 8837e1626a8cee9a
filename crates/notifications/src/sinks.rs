//! Who else is told, such as a stream of NATS: of every event or of some types, in order, by one dispatcher at a time, until the sink has
//! stored them.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use sqlx::{Postgres, Transaction};

use crate::{CloudEvent, Notifications, Result, event::EventRow};

/// A sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// A stream of NATS JetStream, of every event.
    Nats,
    /// People, of the types that there are topics for.
    People,
}

impl Sink {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::People => "people",
        }
    }
}

/// Events that are sent now. Dropped without [`Sent::stored`], they are sent again.
#[derive(Debug)]
pub struct Sent {
    pub(crate) transaction: Transaction<'static, Postgres>,
    ids: Vec<i64>,
    /// In their order.
    pub events: Vec<CloudEvent>,
    /// The person whom each concerns beside its tenant, if there is one.
    pub persons: Vec<Option<UserId>>,
}

impl Notifications {
    /// Whether events are kept for a sink from now on. Those that wait for one that is not wanted any more are forgotten.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sink_set(&self, sink: Sink, wanted: bool) -> Result<()> {
        match wanted {
            true => {
                sqlx::query!(
                    "insert into sinks (name) values ($1) on conflict do nothing",
                    sink.name()
                )
                .execute(&self.pool)
                .await?
            }
            false => {
                sqlx::query!("delete from sinks where name = $1", sink.name())
                    .execute(&self.pool)
                    .await?
            }
        };
        Ok(())
    }

    /// The next events for a sink; none while there are none, or another dispatcher sends them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sink_take(&self, sink: Sink, limit: i64) -> Result<Option<Sent>> {
        let mut transaction = self.pool.begin().await?;
        let alone = sqlx::query_scalar!(
            r#"select pg_try_advisory_xact_lock(hashtextextended($1, 2)) as "alone!""#,
            sink.name()
        )
        .fetch_one(&mut *transaction)
        .await?;
        if !alone {
            return Ok(None);
        }
        let rows = sqlx::query!(
            "select q.id as place, e.id, e.tenant_id, e.project_id, e.sequence, e.type as kind, e.subject, e.data, e.happened_at, e.traceparent, e.person_id
             from sink_queue q join events e on e.id = q.event_id and e.happened_at = q.event_at
             where q.sink = $1 order by q.id limit $2",
            sink.name(),
            limit
        )
        .fetch_all(&mut *transaction)
        .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let ids = rows.iter().map(|row| row.place).collect();
        let persons = rows.iter().map(|row| row.person_id.map(UserId)).collect();
        let events = rows.into_iter().map(|row| {
            CloudEvent::from(EventRow {
                id: row.id,
                tenant_id: row.tenant_id,
                project_id: row.project_id,
                sequence: row.sequence,
                kind: row.kind,
                subject: row.subject,
                data: row.data,
                happened_at: row.happened_at,
                traceparent: row.traceparent,
            })
        });
        Ok(Some(Sent {
            transaction,
            ids,
            events: events.collect(),
            persons,
        }))
    }

    /// Events that wait for a sink, and since when the oldest does.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sink_backlog(&self, sink: Sink) -> Result<(i64, Option<DateTime<Utc>>)> {
        let row = sqlx::query!(
            r#"select count(*) as "rows!", min(event_at) as since from sink_queue where sink = $1"#,
            sink.name()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.rows, row.since))
    }
}

impl Sent {
    /// The sink has stored so many of them, counted from the first.
    ///
    /// # Errors
    /// The database failed; they are sent again, which changes nothing for a sink that knows them by their ids.
    pub async fn stored(mut self, count: usize) -> Result<()> {
        let ids = &self.ids[..count.min(self.ids.len())];
        sqlx::query!("delete from sink_queue where id = any($1)", ids)
            .execute(&mut *self.transaction)
            .await?;
        self.transaction.commit().await?;
        Ok(())
    }
}
