//! Who did what to which thing, as every context tells it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::ids::UserId;

/// An act.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Grows with time within its context.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it; the platform itself, or Stripe, when absent.
    pub actor: Option<UserId>,
    /// What it was: `project.create`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// With what.
    pub details: Value,
}

/// Which acts are asked for; what is absent is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<UserId>,
    /// What it was: `project.create`, or `project` for everything about projects.
    pub action: Option<String>,
    /// The id of what it was done to.
    pub subject: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}
