//! Who did what: each context keeps its own audit, and they are merged as they are read.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::UserId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::paging::PageBody;
use crate::{
    app::App,
    auth::Admin,
    error::{ApiError, ApiResult},
    extract::Query,
};

/// One act.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditBody {
    at: DateTime<Utc>,
    /// Who did it; the platform itself when null.
    actor: Option<Uuid>,
    #[schema(example = "user.role_changed")]
    action: String,
    /// The id of what it was done to.
    subject: String,
    #[schema(value_type = Object)]
    details: Value,
}

/// Which acts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct AuditQuery {
    /// Who did it.
    actor: Option<Uuid>,
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

/// Where each context's audit goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    auth: i64,
    core: i64,
}

impl Cursor {
    const START: Self = Self {
        auth: i64::MAX,
        core: i64::MAX,
    };

    fn read(text: &str) -> ApiResult<Self> {
        text.split_once('-')
            .and_then(|(auth, core)| Some((auth.parse().ok()?, core.parse().ok()?)))
            .filter(|(auth, core)| *auth >= 0 && *core >= 0)
            .map(|(auth, core)| Self { auth, core })
            .ok_or_else(|| ApiError::invalid_member("cursor", "must be the nextCursor of a page"))
    }

    fn text(self) -> String {
        format!("{}-{}", self.auth, self.core)
    }
}

/// Acts of every context, the latest first.
#[utoipa::path(get, path = "/admin/audit", tag = "admin", params(AuditQuery), responses((status = 200, body = PageBody<AuditBody>)))]
pub async fn audit_list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<AuditQuery>,
) -> ApiResult<axum::Json<PageBody<AuditBody>>> {
    let limit = match query.limit.unwrap_or(50) {
        limit @ 1..=200 => limit,
        _ => {
            return Err(ApiError::invalid_member(
                "limit",
                "must be between 1 and 200",
            ));
        }
    };
    let from = query
        .cursor
        .as_deref()
        .map_or(Ok(Cursor::START), Cursor::read)?;
    let (auth, core) = tokio::try_join!(
        of_auth(&app, &query, from.auth, limit + 1),
        of_core(&app, &query, from.core, limit + 1)
    )?;
    let (items, next) = merge(auth, core, from, usize::try_from(limit).unwrap_or(50));
    Ok(axum::Json(PageBody {
        items,
        next_cursor: next.map(Cursor::text),
    }))
}

/// Rows with their ids, which are positions in their own context only.
type Rows = Vec<(i64, AuditBody)>;

async fn of_auth(app: &App, query: &AuditQuery, before: i64, limit: i64) -> ApiResult<Rows> {
    let target = match query.subject.as_deref().map(str::parse::<Uuid>) {
        // Here a subject is always a person.
        Some(Err(_)) => return Ok(Vec::new()),
        Some(Ok(id)) => Some(UserId(id)),
        None => None,
    };
    let filter = datacrowd_accounts::AuditFilter {
        actor: query.actor.map(UserId),
        action: query.action.clone(),
        target,
        since: query.since,
        until: query.until,
    };
    let rows = app
        .accounts
        .audit_list(&filter, Some(before), limit)
        .await?;
    let rows = rows.into_iter().map(|row| {
        let body = AuditBody {
            at: row.at,
            actor: row.actor.map(|a| a.0),
            action: row.action,
            subject: row.target.to_string(),
            details: row.details,
        };
        (row.id, body)
    });
    Ok(rows.collect())
}

async fn of_core(app: &App, query: &AuditQuery, before: i64, limit: i64) -> ApiResult<Rows> {
    let filter = datacrowd_labelling::AuditFilter {
        actor: query.actor.map(UserId),
        action: query.action.clone(),
        subject: query.subject.clone(),
        since: query.since,
        until: query.until,
    };
    let rows = app.core.audit_list(&filter, Some(before), limit).await?;
    let rows = rows.into_iter().map(|row| {
        let body = AuditBody {
            at: row.at,
            actor: Some(row.actor.0),
            action: row.action,
            subject: row.subject,
            details: row.details,
        };
        (row.id, body)
    });
    Ok(rows.collect())
}

/// The latest `limit` of both, and where the next page begins in each.
fn merge(auth: Rows, core: Rows, from: Cursor, limit: usize) -> (Vec<AuditBody>, Option<Cursor>) {
    let (mut auth, mut core) = (auth.into_iter().peekable(), core.into_iter().peekable());
    let (mut items, mut next) = (Vec::with_capacity(limit), from);
    while items.len() < limit {
        let auth_first = match (auth.peek(), core.peek()) {
            (None, None) => return (items, None),
            (Some((_, a)), Some((_, c))) => a.at >= c.at,
            (a, _) => a.is_some(),
        };
        let (rows, position) = if auth_first {
            (&mut auth, &mut next.auth)
        } else {
            (&mut core, &mut next.core)
        };
        if let Some((id, body)) = rows.next() {
            *position = id;
            items.push(body);
        }
    }
    let more = auth.peek().is_some() || core.peek().is_some();
    (items, more.then_some(next))
}
