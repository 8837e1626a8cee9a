//! Forgets what is over: sessions, links, idempotency keys.

use anyhow::Context;
use chrono::{DateTime, Utc};
use datacrowd_accounts::Accounts;
use datacrowd_labelling::Labelling;

/// One pass over all of it; the one context does not wait for the other.
pub(super) async fn run(
    accounts: &Accounts,
    core: &Labelling,
    now: DateTime<Utc>,
) -> anyhow::Result<u32> {
    let sessions = accounts.sweep(now).await;
    let keys = core.idempotency().sweep(now).await;
    sessions.context("removing old sessions")?;
    keys.context("removing old idempotency keys")?;
    Ok(0)
}
