//! Where clients want to be told.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{ProjectId, TenantId};
use sqlx::PgConnection;
use url::Url;
use uuid::Uuid;

use crate::{Error, EventType, Notifications, Refusal, Result, error::constraint};

/// Endpoints that a client may have.
const MOST: i64 = 50;
/// Characters of an address.
const URL_LENGTH: usize = 2000;
/// Characters of a description.
const DESCRIPTION_LENGTH: usize = 500;
/// How long a secret that was replaced signs beside the new one.
const OVERLAP: TimeDelta = TimeDelta::days(1);

/// An endpoint.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the columns of migrations/notifications say it"
)]
pub struct Endpoint {
    pub id: Uuid,
    pub tenant: TenantId,
    pub project: Option<ProjectId>,
    pub url: String,
    pub event_types: Vec<String>,
    pub description: String,
    pub suspended: bool,
    pub disabled: Option<Disabled>,
    pub failing_since: Option<DateTime<Utc>>,
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Events that wait to be sent.
    pub pending: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Why nothing is sent to an endpoint, by the platform's own decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub at: DateTime<Utc>,
    /// In words.
    pub reason: String,
}

/// What is asked of a new endpoint.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// One project of the tenant, which the caller has looked up; none is all.
    pub project: Option<ProjectId>,
    /// Where events are posted to.
    pub url: String,
    /// Names of types; none is all.
    pub event_types: Vec<String>,
    /// For people.
    pub description: String,
    /// Whether nothing is sent yet.
    pub suspended: bool,
}

/// What changes of an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as in NewEndpoint")]
pub struct EndpointPatch {
    pub url: Option<String>,
    pub event_types: Option<Vec<String>>,
    pub description: Option<String>,
    /// False enables an endpoint that the platform disabled, too.
    pub suspended: Option<bool>,
}

impl Notifications {
    /// Adds an endpoint.
    ///
    /// # Errors
    /// `invalid_request` for an address, a type or a text that does not fit, `too_many_webhook_endpoints`; or the database failed.
    pub async fn endpoint_create(
        &self,
        tenant: TenantId,
        new: &NewEndpoint,
        now: DateTime<Utc>,
    ) -> Result<Endpoint> {
        let url = checked_url(&new.url)?;
        check_types(&new.event_types)?;
        check_length("description", &new.description, DESCRIPTION_LENGTH)?;
        let id = Uuid::now_v7();
        let (_, secret) = self.make_secret(id)?;
        let mut tx = self.pool.begin().await?;
        // Of two who add the last one, one waits for the other.
        sqlx::query!(
            "select pg_advisory_xact_lock(hashtextextended($1::text, 1))",
            tenant.0.to_string()
        )
        .fetch_one(&mut *tx)
        .await?;
        let has = sqlx::query_scalar!(
            r#"select count(*) as "has!" from webhook_endpoints where tenant_id = $1"#,
            tenant.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if has >= MOST {
            return Err(Refusal::TooManyEndpoints { most: MOST }.into());
        }
        sqlx::query!(
            "insert into webhook_endpoints (id, tenant_id, project_id, url, event_types, description, suspended, secret, secret_key, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
            id,
            tenant.0,
            new.project.map(|p| p.0),
            url,
            &new.event_types,
            new.description,
            new.suspended,
            secret.bytes,
            secret.by,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(taken)?;
        let made = one(&mut tx, Some(tenant), id).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// An endpoint of this tenant; of any when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn endpoint_get(&self, tenant: Option<TenantId>, id: Uuid) -> Result<Endpoint> {
        let mut conn = self.pool.acquire().await?;
        one(&mut conn, tenant, id).await
    }

    /// Endpoints of this tenant, newest first, from before one of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn endpoint_list(
        &self,
        tenant: Option<TenantId>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Endpoint>> {
        let mut conn = self.pool.acquire().await?;
        rows(&mut conn, tenant, None, before, limit).await
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// `not_found`, `invalid_request`; or the database failed.
    pub async fn endpoint_patch(
        &self,
        tenant: Option<TenantId>,
        id: Uuid,
        patch: &EndpointPatch,
        now: DateTime<Utc>,
    ) -> Result<Endpoint> {
        let url = patch.url.as_deref().map(checked_url).transpose()?;
        if let Some(types) = &patch.event_types {
            check_types(types)?;
        }
        if let Some(description) = &patch.description {
            check_length("description", description, DESCRIPTION_LENGTH)?;
        }
        let enables = patch.suspended == Some(false);
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "update webhook_endpoints set url = coalesce($3, url), event_types = coalesce($4, event_types), description = coalesce($5, description),
                    suspended = coalesce($6, suspended), updated_at = $8,
                    disabled_at = case when $7 then null else disabled_at end, disabled_reason = case when $7 then null else disabled_reason end,
                    failing_since = case when $7 then null else failing_since end, slow_until = case when $7 then null else slow_until end
             where id = $1 and ($2::uuid is null or tenant_id = $2)",
            id,
            tenant.map(|t| t.0),
            url,
            patch.event_types.as_deref(),
            patch.description.as_deref(),
            patch.suspended,
            enables,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(taken)?;
        let changed = one(&mut tx, tenant, id).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes an endpoint with its history.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn endpoint_delete(&self, tenant: Option<TenantId>, id: Uuid) -> Result<()> {
        let gone = sqlx::query!(
            "delete from webhook_endpoints where id = $1 and ($2::uuid is null or tenant_id = $2)",
            id,
            tenant.map(|t| t.0)
        )
        .execute(&self.pool)
        .await?;
        match gone.rows_affected() {
            0 => Err(Refusal::NotFound.into()),
            _ => Ok(()),
        }
    }

    /// Makes the secret that this endpoint's webhooks are signed with from now on. The one before signs beside it for
    /// a day; until when, comes with the secret, which is told nowhere else.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn endpoint_secret(
        &self,
        tenant: Option<TenantId>,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>)> {
        let (secret, sealed) = self.make_secret(id)?;
        let until = now + OVERLAP;
        let changed = sqlx::query!(
            "update webhook_endpoints set previous_secret = secret, previous_key = secret_key, previous_until = $5,
                    secret = $3, secret_key = $4, updated_at = $6
             where id = $1 and ($2::uuid is null or tenant_id = $2)",
            id,
            tenant.map(|t| t.0),
            sealed.bytes,
            sealed.by,
            until,
            now
        )
        .execute(&self.pool)
        .await?;
        match changed.rows_affected() {
            0 => Err(Refusal::NotFound.into()),
            _ => Ok((secret, until)),
        }
    }
}

fn taken(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("webhook_endpoints_once") => Refusal::Taken.into(),
        _ => error.into(),
    }
}

pub(crate) async fn one(
    conn: &mut PgConnection,
    tenant: Option<TenantId>,
    id: Uuid,
) -> Result<Endpoint> {
    let mut found = rows(conn, tenant, Some(id), None, 1).await?;
    found.pop().ok_or_else(|| Refusal::NotFound.into())
}

async fn rows(
    conn: &mut PgConnection,
    tenant: Option<TenantId>,
    id: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Endpoint>> {
    let rows = sqlx::query!(
        r#"select w.id, w.tenant_id, w.project_id, w.url, w.event_types, w.description, w.suspended, w.disabled_at, w.disabled_reason,
                  w.failing_since, w.previous_until, w.created_at, w.updated_at,
                  (select count(*) from deliveries d where d.endpoint_id = w.id and d.state = 'pending') as "pending!"
           from webhook_endpoints w
           where ($1::uuid is null or w.tenant_id = $1) and ($2::uuid is null or w.id = $2) and ($3::uuid is null or w.id < $3)
           order by w.id desc limit $4"#,
        tenant.map(|t| t.0),
        id,
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    let endpoint = rows.into_iter().map(|row| Endpoint {
        id: row.id,
        tenant: TenantId(row.tenant_id),
        project: row.project_id.map(ProjectId),
        url: row.url,
        event_types: row.event_types,
        description: row.description,
        suspended: row.suspended,
        disabled: row.disabled_at.map(|at| Disabled {
            at,
            reason: row.disabled_reason.unwrap_or_default(),
        }),
        failing_since: row.failing_since,
        previous_secret_until: row.previous_until,
        pending: row.pending,
        created_at: row.created_at,
        updated_at: row.updated_at,
    });
    Ok(endpoint.collect())
}

/// An address as it is sent to, in one spelling.
fn checked_url(text: &str) -> Result<String> {
    let refused = |why: &str| Refusal::Url { why: why.into() };
    check_length("url", text, URL_LENGTH)?;
    let url = Url::parse(text).map_err(|_| {
        refused("url must be an absolute address such as https://example.com/hooks")
    })?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refused("url must begin with https:// or http://").into());
    }
    if url.host().is_none() {
        return Err(refused("url must name a host").into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "url must hold no user name and no password; check the signature instead",
        )
        .into());
    }
    if url.fragment().is_some() {
        return Err(refused("url must hold no fragment").into());
    }
    Ok(url.into())
}

fn check_types(names: &[String]) -> Result<()> {
    match names
        .iter()
        .find(|name| EventType::from_name(name).is_none())
    {
        Some(name) => Err(Refusal::EventType { name: name.clone() }.into()),
        None => Ok(()),
    }
}

fn check_length(member: &'static str, text: &str, most: usize) -> Result<()> {
    match text.chars().count() > most {
        true => Err(Refusal::TooLong { member, most }.into()),
        false => Ok(()),
    }
}
