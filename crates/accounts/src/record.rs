//! Rows of `events` and `audit`, written in the transaction of what they tell.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde_json::Value;
use sqlx::PgConnection;

use crate::error::{Doing, Unavailable};

/// A change of state of one person.
pub(crate) async fn event(
    tx: &mut PgConnection,
    at: DateTime<Utc>,
    kind: &'static str,
    user: UserId,
    payload: Value,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "INSERT INTO events (at, kind, user_id, payload) VALUES ($1, $2, $3, $4)",
        at,
        kind,
        user.0,
        payload
    )
    .execute(tx)
    .await
    .doing("recording an event")?;
    Ok(())
}

/// A decision of `actor` (the platform itself when absent) about somebody.
pub(crate) async fn decision(
    tx: &mut PgConnection,
    at: DateTime<Utc>,
    actor: Option<UserId>,
    action: &'static str,
    target: UserId,
    details: Value,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "INSERT INTO audit (at, actor, action, target, details) VALUES ($1, $2, $3, $4, $5)",
        at,
        actor.map(|a| a.0),
        action,
        target.0,
        details
    )
    .execute(tx)
    .await
    .doing("recording a decision")?;
    Ok(())
}

/// What somebody did to their own account: a change of state that the audit shows as well.
pub(crate) async fn act(
    tx: &mut PgConnection,
    at: DateTime<Utc>,
    kind: &'static str,
    user: UserId,
    details: Value,
) -> Result<(), Unavailable> {
    event(tx, at, kind, user, details.clone()).await?;
    decision(tx, at, Some(user), kind, user, details).await
}
