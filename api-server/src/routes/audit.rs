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
    /// Who did it; the platform itself or Stripe when null, whose event is `details.by`.
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
    let [auth, core, payments] = from.0;
    let (auth, core, payments) = tokio::try_join!(
        of_auth(&app, &query, auth, limit + 1),
        of_core(&app, &query, core, limit + 1),
        of_payments(&app, &query, payments, limit + 1)
    )?;
    let limit = usize::try_from(limit).unwrap_or(50);
    let (items, next) = merge([auth, core, payments], from, limit);
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

async fn of_payments(app: &App, query: &AuditQuery, before: i64, limit: i64) -> ApiResult<Rows> {
    let filter = datacrowd_billing::AuditFilter {
        actor: query.actor.map(UserId),
        action: query.action.clone(),
        subject: query.subject.clone(),
        since: query.since,
        until: query.until,
    };
    let rows = app.billing.audit_list(&filter, before, limit).await?;
    let rows = rows.into_iter().map(|mut row| {
        let actor = row.actor.parse().ok();
        if let (None, Value::Object(details)) = (actor, &mut row.details) {
            details.insert("by".into(), row.actor.into());
        }
        let body = AuditBody {
            at: row.at,
            actor,
            action: row.action,
            subject: row.subject,
            details: row.details,
        };
        (row.id, body)
    });
    Ok(rows.collect())
}

/// The latest `limit` of all contexts, and where the next page begins in each.
fn merge(contexts: [Rows; 3], from: Cursor, limit: usize) -> (Vec<AuditBody>, Option<Cursor>) {
    let mut contexts = contexts.map(|rows| rows.into_iter().peekable());
    let (mut items, mut next) = (Vec::with_capacity(limit), from);
    while items.len() < limit {
        let latest = contexts
            .iter_mut()
            .zip(&mut next.0)
            .filter_map(|(rows, position)| Some((rows.peek()?.1.at, rows, position)))
            .max_by_key(|(at, ..)| *at);
        let Some((id, body, position)) = latest
            .and_then(|(_, rows, position)| rows.next().map(|(id, body)| (id, body, position)))
        else {
            return (items, None);
        };
        *position = id;
        items.push(body);
    }
    let more = contexts.iter_mut().any(|rows| rows.peek().is_some());
    (items, more.then_some(next))
}
