//! Who tells which row: the statements on the table. A row is held by moving `due_at` ahead; when its holder dies,
//! that time comes.

use chrono::{DateTime, Utc};

use crate::{
    Outbox,
    message::{Columns, MessageId},
    retry,
};

/// Rows of one claim.
const BATCH: i64 = 50;

/// A row that this replica is to tell.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) id: MessageId,
    pub(crate) columns: Columns,
    /// Failures so far.
    pub(crate) attempts: i32,
}

impl<M> Outbox<M> {
    /// Claims rows that are due: of each key the earliest, those that never failed first. None while all are told,
    /// held, or waiting. The claim ends at `until`, by which its holder knows it.
    pub(crate) async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Claimed>, sqlx::Error> {
        // A row that somebody else claims this instant is skipped, or seen with its new due_at. Its successor is not
        // taken instead: it waits until the row is done, whoever holds it.
        let rows = sqlx::query!(
            "with due as (
                 select o.id from outbox o
                 where o.done_at is null and o.parked_at is null and o.due_at <= $1
                   and not exists (select from outbox e where e.key = o.key and e.id < o.id and e.done_at is null and e.parked_at is null)
                 order by o.attempts, o.id limit $3 for update of o skip locked
             )
             update outbox o set due_at = $2 from due where o.id = due.id
             returning o.id, o.kind, o.payload, o.attempts",
            now,
            until,
            BATCH
        )
        .fetch_all(&self.pool)
        .await?;
        let mut claimed: Vec<Claimed> = rows
            .into_iter()
            .map(|row| Claimed {
                id: MessageId(row.id),
                columns: Columns {
                    kind: row.kind,
                    payload: row.payload,
                },
                attempts: row.attempts,
            })
            .collect();
        // An update returns its rows in any order.
        claimed.sort_by_key(|row| (row.attempts, row.id));
        Ok(claimed)
    }

    /// The row was told. Telling twice is harmless, so a crash between telling and this is too.
    pub(crate) async fn done(&self, id: MessageId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update outbox set done_at = $2 where id = $1 and done_at is null",
            id.0,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The row failed after `attempts` failures before, and is due again after a while. Not if the claim is over: then
    /// it may be somebody else's.
    pub(crate) async fn failed(
        &self,
        id: MessageId,
        attempts: i32,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update outbox set attempts = attempts + 1, due_at = $2 where id = $1 and done_at is null and due_at = $3",
            id.0,
            now + retry::delay(attempts),
            until
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The row is set aside.
    pub(crate) async fn park(&self, id: MessageId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update outbox set attempts = attempts + 1, parked_at = $2 where id = $1 and done_at is null",
            id.0,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Rows that there was no time to tell are due at once.
    pub(crate) async fn give_back(
        &self,
        rows: impl Iterator<Item = MessageId>,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<i64> = rows.map(|id| id.0).collect();
        sqlx::query!(
            "update outbox set due_at = $2 where id = any($1) and done_at is null and due_at = $3",
            &ids,
            now,
            until
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
