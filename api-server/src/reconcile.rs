//! `reconcile-payments`: what Stripe lists against what is recorded, repaired through the path that events
//! take. The running servers tell core what it repaired. Whatever a person must look at makes it fail.

use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_billing::{Billing, Outcome};
use futures::StreamExt;

use crate::stripe::Stripe;

/// After this long Stripe has forgotten an idempotency key and ended every session that it may have opened.
const SESSION_LIFE: TimeDelta = TimeDelta::hours(25);

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Sessions of ours that Stripe lists.
    pub sessions: usize,
    /// Differences that are repaired now.
    pub repaired: usize,
    /// Differences that a person must look at.
    pub mismatches: usize,
    /// Purchases that never reached Stripe, and are ended now.
    pub abandoned: usize,
    /// Payments of which the ledger does not hold what it should.
    pub drifted: usize,
}

/// Compares and repairs everything of the last `days`.
///
/// # Errors
/// Stripe or the database failed; what was repaired until then stays repaired.
pub async fn reconcile(
    billing: &Billing,
    stripe: &Stripe,
    days: u32,
    now: DateTime<Utc>,
) -> anyhow::Result<Reconciled> {
    let mut done = Reconciled::default();
    let since = now - Duration::from_secs(u64::from(days) * 86_400);
    let sessions = stripe.sessions(since);
    let mut sessions = std::pin::pin!(sessions);
    while let Some(session) = sessions.next().await {
        let session = session.context("listing sessions")?;
        done.sessions += 1;
        for outcome in billing.session_reconcile(&session, now).await? {
            match outcome {
                Outcome::Applied => {
                    tracing::warn!(payment.id = %session.payment, stripe.session = session.id, "an event was missed; repaired");
                    done.repaired += 1;
                }
                other => {
                    tracing::error!(payment.id = %session.payment, stripe.session = session.id, outcome = ?other, "a session does not fit its payment");
                    done.mismatches += 1;
                }
            }
        }
    }
    done.abandoned = billing.checkouts_abandon(now - SESSION_LIFE, now).await?;
    for payment in billing.ledger_drift().await? {
        tracing::error!(payment.id = %payment, "the ledger does not hold what the payment says");
        done.drifted += 1;
    }
    tracing::info!(
        sessions = done.sessions,
        repaired = done.repaired,
        mismatches = done.mismatches,
        abandoned = done.abandoned,
        drifted = done.drifted,
        "payments are reconciled"
    );
    Ok(done)
}

/// The task: as above, and an error when a person must look.
///
/// # Errors
/// As above, or something is left that only a person can settle.
pub async fn run(
    billing: &Billing,
    stripe: &Stripe,
    days: u32,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let done = reconcile(billing, stripe, days, now).await?;
    if done.mismatches + done.drifted > 0 {
        bail!(
            "{} sessions do not fit their payments and {} payments do not fit the ledger; see the log above and docs/payments.md",
            done.mismatches,
            done.drifted
        );
    }
    Ok(())
}
