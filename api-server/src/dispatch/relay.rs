//! From the stream of a context into that of all: what happened gets its public words, its identity and its number.

use anyhow::Context;
use chrono::{DateTime, Utc};
use datacrowd_notifications::{Notifications, translate};
use datacrowd_outbox::Stream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{GAUGES, PAUSE};
use crate::metrics::{dispatcher, set_backlog};

/// Rows of one pass: their events become visible together.
const BATCH: i64 = 500;

/// Relays until `stop`. A failure changes nothing: what was not told is told by a later pass, or by another replica.
pub(super) async fn until(
    from: Stream,
    to: Notifications,
    clock: fn() -> DateTime<Utc>,
    stop: CancellationToken,
) {
    let mut measured = None;
    while !stop.is_cancelled() {
        let told = pass(&from, &to, clock()).await;
        if measured.is_none_or(|at: Instant| at.elapsed() > GAUGES) {
            measured = Some(Instant::now());
            gauges(&from, clock()).await;
        }
        let pause = match told {
            Ok(rows) if usize::try_from(BATCH) == Ok(rows) => continue,
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::warn!(
                    context = from.context(),
                    error.cause = format!("{error:#}"),
                    "events cannot be relayed; the next pass tries again"
                );
                PAUSE * 5
            }
        };
        stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

/// Tells what waits, at most so many rows; how many they were. None while another relay is at it.
///
/// # Errors
/// A database failed; what was not told is told again, as the same events.
pub async fn pass(from: &Stream, to: &Notifications, now: DateTime<Utc>) -> anyhow::Result<usize> {
    let taken = from.take(BATCH).await.context("reading what happened")?;
    let Some(taken) = taken else {
        return Ok(0);
    };
    let mut events = Vec::with_capacity(taken.happened.len());
    for row in &taken.happened {
        match translate(from.context(), row) {
            Ok(told) => events.extend(told),
            // One row that nobody can read keeps no other from being told.
            Err(untold) => {
                tracing::error!(context = from.context(), row = row.event, error.cause = %untold, "a change of state cannot be told");
                dispatcher::EVENTS_UNTOLD
                    .with([from.context()])
                    .increment(1);
            }
        }
    }
    let recorded = to.record(&events, now).await.context("recording events")?;
    dispatcher::EVENTS
        .with([from.context()])
        .increment(recorded);
    let rows = taken.happened.len();
    taken.told().await.context("taking away what is told")?;
    Ok(rows)
}

/// A gauge keeps its value while its database does not answer.
async fn gauges(from: &Stream, now: DateTime<Utc>) {
    if let Ok(backlog) = from.backlog().await {
        let gauges = (dispatcher::STREAM_ROWS, dispatcher::STREAM_LAG_SECONDS);
        set_backlog(gauges, [from.context()], backlog, now);
    }
}
