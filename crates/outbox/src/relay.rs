//! One pass: claim, tell, note what came of it, until nothing is due.

use std::{iter, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;

use crate::{
    Outbox,
    claim::Claimed,
    message::{Columns, Failure, Message, MessageId, Receiver},
    metrics,
};

/// After this time a pass claims no more: whoever stops the process waits for it.
const PASS_TIME: TimeDelta = TimeDelta::seconds(10);
/// For how long a row is its claimer's.
const HELD_FOR: TimeDelta = TimeDelta::seconds(60);
/// How long one call may take. A row is only told while its claim outlasts the call, so that nobody else tells its key
/// meanwhile.
const CALL_TIME: Duration = Duration::from_secs(20);

impl<M: DeserializeOwned + Send + Sync> Outbox<M> {
    /// Tells what is due; any number of replicas may do so at once. `clock` is asked before and after each call.
    ///
    /// # Errors
    /// The database failed. What was claimed is due again when the claim ends.
    pub async fn relay(
        &self,
        receiver: &impl Receiver<M>,
        clock: impl Fn() -> DateTime<Utc> + Send + Sync,
    ) -> Result<(), sqlx::Error> {
        let begun = clock();
        let mut now = begun;
        while now - begun < PASS_TIME {
            let until = now + HELD_FOR;
            let claimed = self.claim(now, until).await?;
            if claimed.is_empty() {
                break;
            }
            self.tell(claimed, until, receiver, &clock).await?;
            now = clock();
        }
        Ok(())
    }

    /// Tells the rows of one claim, which ends at `until`.
    async fn tell(
        &self,
        claimed: Vec<Claimed>,
        until: DateTime<Utc>,
        receiver: &impl Receiver<M>,
        clock: &(impl Fn() -> DateTime<Utc> + Send + Sync),
    ) -> Result<(), sqlx::Error> {
        let mut rows = claimed.into_iter();
        while let Some(row) = rows.next() {
            if clock() + CALL_TIME > until {
                let left = iter::once(row.id).chain(rows.map(|row| row.id));
                return self.give_back(left, until, clock()).await;
            }
            let outcome = match self.call(row.id, row.columns, receiver).await {
                Ok(()) => {
                    self.done(row.id, clock()).await?;
                    "told"
                }
                Err(Failure::Later) => {
                    self.failed(row.id, row.attempts, until, clock()).await?;
                    "failed"
                }
                Err(Failure::Never) => {
                    self.park(row.id, clock()).await?;
                    "parked"
                }
            };
            metrics::MESSAGES.with([self.context, outcome]).increment(1);
        }
        Ok(())
    }

    async fn call(
        &self,
        id: MessageId,
        columns: Columns,
        receiver: &impl Receiver<M>,
    ) -> Result<(), Failure> {
        let context = self.context;
        let body = columns.read().map_err(|error| {
            tracing::error!(error.cause = %error, outbox.context = context, outbox.row = id.0, "a message of the outbox cannot be read; it is parked");
            Failure::Never
        })?;
        let message = Message { id, body };
        let taken = tokio::time::timeout(CALL_TIME, receiver.take(&message)).await;
        taken.unwrap_or_else(|_| {
            tracing::warn!(
                outbox.context = context,
                outbox.row = id.0,
                "a message of the outbox cannot be told in time; it is tried again"
            );
            Err(Failure::Later)
        })
    }
}
