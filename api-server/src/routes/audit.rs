//! Who did what: each context keeps its own audit, and they are merged as they are read.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    audit::{AuditEntry, AuditFilter},
    ids::UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::paging::{PageBody, page_limit};
use crate::{
    auth::Admin,
    error::{ApiError, ApiResult},
    extract::Query,
    state::App,
};

/// One act.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditBody {
    at: DateTime<Utc>,
    /// Who did it; the platform itself or Stripe when null, whose event is `details.by`.
    actor: Option<Uuid>,
    #[schema(example = "user.role_changed")]
    action: String,
    /// The id of what it was done to.
    subject: String,
    #[schema(value_type = Object)]
    details: Value,
}

impl From<AuditEntry> for AuditBody {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at,
            actor: entry.actor.map(|id| id.0),
            action: entry.action,
            subject: entry.subject,
            details: entry.details,
        }
    }
}

/// Which acts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct AuditQuery {
    /// Who did it, by id or username.
    actor: Option<String>,
    /// What it was: `user.role_changed`, or `user` for everything about users.
    action: Option<String>,
    /// The id of what it was done to.
    subject: Option<String>,
    /// Not before.
    since: Option<DateTime<Utc>>,
    /// Before.
    until: Option<DateTime<Utc>>,
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Where each context's audit goes on: accounts, core, payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor([i64; 3]);

impl Cursor {
    const START: Self = Self([i64::MAX; 3]);

    fn read(text: &str) -> ApiResult<Self> {
        let positions: Option<Vec<i64>> = text
            .split('-')
            .map(|position| position.parse().ok().filter(|id| *id >= 0))
            .collect();
        positions
            .and_then(|positions| positions.try_into().ok())
            .map(Self)
            .ok_or_else(|| ApiError::invalid_member("cursor", "must be the nextCursor of a page"))
    }

    fn text(self) -> String {
        self.0.map(|id| id.to_string()).join("-")
    }
}

/// Acts of every context, the latest first.
#[utoipa::path(get, path = "/admin/audit", tag = "admin", params(AuditQuery), responses((status = 200, body = PageBody<AuditBody>)))]
pub async fn audit_list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<AuditQuery>,
) -> ApiResult<axum::Json<PageBody<AuditBody>>> {
    let limit = page_limit(query.limit)?;
    let from = query
        .cursor
        .as_deref()
        .map_or(Ok(Cursor::START), Cursor::read)?;
    let [auth, core, payments] = from.0;
    let actor = match query.actor {
        Some(actor) => Some(person(&app, &actor).await?),
        None => None,
    };
    let filter = AuditFilter {
        actor,
        action: query.action,
        subject: query.subject,
        since: query.since,
        until: query.until,
    };
    let contexts = tokio::try_join!(
        async { ApiResult::Ok(app.accounts.audit_list(&filter, auth, limit + 1).await?) },
        async { Ok(app.core.audit_list(&filter, core, limit + 1).await?) },
        async { Ok(app.billing.audit_list(&filter, payments, limit + 1).await?) },
    )?;
    let limit = usize::try_from(limit).unwrap_or(50);
    let (items, next) = merge(contexts.into(), from, limit);
    Ok(axum::Json(PageBody {
        items,
        next_cursor: next.map(Cursor::text),
    }))
}

/// The person of an id or a username. An id may be of somebody who is not registered here.
async fn person(app: &App, named: &str) -> ApiResult<UserId> {
    // A username may be 32 hexadecimal digits.
    if let (36, Ok(id)) = (named.len(), named.parse()) {
        return Ok(UserId(id));
    }
    let found = app.accounts.find_username(named).await?;
    found.map(|user| user.id).ok_or_else(|| {
        ApiError::invalid_member(
            "actor",
            "is nobody's id or username; look it up under GET /admin/users?search=",
        )
    })
}

/// The latest `limit` of all contexts, and where the next page begins in each.
fn merge(
    contexts: [Vec<AuditEntry>; 3],
    from: Cursor,
    limit: usize,
) -> (Vec<AuditBody>, Option<Cursor>) {
    let mut contexts = contexts.map(|rows| rows.into_iter().peekable());
    let (mut items, mut next) = (Vec::with_capacity(limit), from);
    while items.len() < limit {
        let latest = contexts
            .iter_mut()
            .zip(&mut next.0)
            .filter_map(|(rows, position)| Some((rows.peek()?.at, rows, position)))
            .max_by_key(|(at, ..)| *at);
        let Some((entry, position)) =
            latest.and_then(|(_, rows, position)| Some((rows.next()?, position)))
        else {
            return (items, None);
        };
        *position = entry.id;
        items.push(AuditBody::from(entry));
    }
    let more = contexts.iter_mut().any(|rows| rows.peek().is_some());
    (items, more.then_some(next))
}
