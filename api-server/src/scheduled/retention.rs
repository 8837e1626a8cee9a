//! Forgets what is over: sessions, links, idempotency keys, events with what was sent of them.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_accounts::Accounts;
use datacrowd_labelling::Labelling;
use datacrowd_notifications::Notifications;

/// How long events can be read again.
const EVENTS: TimeDelta = TimeDelta::days(90);

/// One pass over all of it; the one context does not wait for the other.
pub(super) async fn run(
    accounts: &Accounts,
    core: &Labelling,
    notifications: &Notifications,
    now: DateTime<Utc>,
) -> anyhow::Result<u32> {
    let sessions = accounts.sweep(now).await;
    let keys = core.idempotency().sweep(now).await;
    let events = notifications.retain(now - EVENTS, now).await;
    sessions.context("removing old sessions")?;
    keys.context("removing old idempotency keys")?;
    events.context("removing old events")?;
    Ok(0)
}
