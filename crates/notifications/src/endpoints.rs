//! Where clients want to be told.

mod checks;
mod resource;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::{ProjectId, ResourceUid, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use self::checks::{check_description, check_types, checked_url};
pub use self::resource::EndpointUpsert;
use crate::{Error, Notifications, Refusal, Result, error::constraint};

/// Endpoints that a client may have.
const MOST: i64 = 50;
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
    /// The resource that says what it is; none where REST alone does.
    pub resource: Option<EndpointResource>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The Webhook that speaks for an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the cluster")]
pub struct EndpointResource {
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
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

impl EndpointPatch {
    /// The address in one spelling, when one is given and everything fits.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn fits(&self) -> Result<Option<String>> {
        if let Some(types) = &self.event_types {
            check_types(types)?;
        }
        if let Some(description) = &self.description {
            check_description(description)?;
        }
        self.url.as_deref().map(checked_url).transpose()
    }
}

impl Notifications {
    /// Whether an endpoint may be added, before its resource is written; the upsert of that asks again.
    ///
    /// # Errors
    /// `invalid_request` for an address, a type or a text that does not fit, `too_many_webhook_endpoints`, `webhook_endpoint_taken`; or the
    /// database failed.
    pub async fn endpoint_admits(&self, tenant: TenantId, new: &NewEndpoint) -> Result<()> {
        let url = checked_url(&new.url)?;
        check_types(&new.event_types)?;
        check_description(&new.description)?;
        let mut conn = self.pool.acquire().await?;
        refuse_too_many(&mut conn, tenant).await?;
        let taken = sqlx::query_scalar!(
            r#"select exists (select from webhook_endpoints where tenant_id = $1 and project_id is not distinct from $2 and url = $3) as "taken!""#,
            tenant.0,
            new.project.map(|p| p.0),
            url
        )
        .fetch_one(&mut *conn)
        .await?;
        match taken {
            true => Err(Refusal::Taken.into()),
            false => Ok(()),
        }
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
        let url = patch.fits()?;
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

/// Of two who add or bind endpoints of a tenant, one waits for the other.
async fn lock_endpoints(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::text, 1))",
        tenant.0.to_string()
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Refuses one more than a tenant may have; its endpoints are locked.
async fn refuse_too_many(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    let has = sqlx::query_scalar!(
        r#"select count(*) as "has!" from webhook_endpoints where tenant_id = $1"#,
        tenant.0
    )
    .fetch_one(conn)
    .await?;
    match has >= MOST {
        true => Err(Refusal::TooManyEndpoints { most: MOST }.into()),
        false => Ok(()),
    }
}

fn taken(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("webhook_endpoints_once") => Refusal::Taken.into(),
        // The resource is bound for another tenant.
        Some("webhook_endpoints_resource_uid") => Refusal::NamespaceNotBound.into(),
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
                  w.resource_namespace, w.resource_name, w.resource_uid, w.resource_generation,
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
        resource: (|| {
            Some(EndpointResource {
                namespace: row.resource_namespace?,
                name: row.resource_name?,
                uid: ResourceUid(row.resource_uid?),
                generation: row.resource_generation?,
            })
        })(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    });
    Ok(endpoint.collect())
}
