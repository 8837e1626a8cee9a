//! From the stream of events to the people whom they concern: a notice in the console, and a message on its way.

use anyhow::Context;
use chrono::{DateTime, Utc};
use datacrowd_labelling::Labelling;
use datacrowd_notifications::{Notifications, Sink};
use tokio_util::sync::CancellationToken;

use super::PAUSE;
use crate::metrics::dispatcher;

/// Events of one pass.
const BATCH: i64 = 200;

/// Tells until `stop`. A failure changes nothing: what was not told is told by a later pass, or by another dispatcher.
pub(super) async fn until(
    from: Notifications,
    core: Labelling,
    clock: fn() -> DateTime<Utc>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let pause = match pass(&from, &core, clock()).await {
            Ok(events) if usize::try_from(BATCH) == Ok(events) => continue,
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::warn!(
                    error.cause = format!("{error:#}"),
                    "people cannot be told of events; the next pass tries again"
                );
                PAUSE * 5
            }
        };
        stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

/// Tells of what waits, at most so many events; how many they were. None while another dispatcher is at it.
///
/// # Errors
/// A database failed; the events wait, and nobody is told twice.
pub async fn pass(
    from: &Notifications,
    core: &Labelling,
    now: DateTime<Utc>,
) -> anyhow::Result<usize> {
    let taken = from.sink_take(Sink::People, BATCH).await?;
    let Some(taken) = taken else { return Ok(0) };
    let members = core.tenant_members(&taken.clients()).await;
    let members = members.context("asking who belongs to a client")?;
    let events = taken.events.len();
    let made = taken
        .tell(&members, now)
        .await
        .context("recording notices")?;
    dispatcher::NOTICES.only().increment(made);
    Ok(events)
}
