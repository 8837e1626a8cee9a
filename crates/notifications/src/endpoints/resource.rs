//! Endpoints that a resource speaks for: the row follows the resource as that of any other kind does. A resource that is
//! deleted takes its endpoint with it; one whose namespace is given to another tenant leaves it to its owner, disabled.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{ProjectId, ResourceUid, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Endpoint, check_description, check_types, checked_url, lock_endpoints, one, refuse_too_many,
    taken,
};
use crate::{Notifications, Refusal, Result};

/// What is said of an endpoint whose resource's namespace is another tenant's now.
const LEFT: &str = "The namespace of its resource was given to another tenant; enable the endpoint if it is to go on.";

/// A Webhook resource, as the caller saw it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct EndpointUpsert {
    pub tenant: TenantId,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    /// The Project that it names, which the caller has looked up.
    pub project: Option<ProjectId>,
    pub url: String,
    pub event_types: Vec<String>,
    pub description: String,
    pub suspended: bool,
}

/// A row that a resource may speak for, locked.
struct Known {
    id: Uuid,
    uid: Option<Uuid>,
    generation: Option<i64>,
}

impl Notifications {
    /// Makes an endpoint say what its resource says, and whether the resource took one over that was there. An endpoint of this very
    /// address that no resource speaks for is taken over with its secret and its history.
    ///
    /// # Errors
    /// `invalid_request`, `too_many_webhook_endpoints`, `webhook_endpoint_taken`, `tombstoned`, `namespace_not_bound`; or the
    /// database failed.
    pub async fn endpoint_upsert(
        &self,
        up: &EndpointUpsert,
        now: DateTime<Utc>,
    ) -> Result<(Endpoint, bool)> {
        let url = checked_url(&up.url)?;
        check_types(&up.event_types)?;
        check_description(&up.description)?;
        let mut tx = self.pool.begin().await?;
        lock_endpoints(&mut tx, up.tenant).await?;
        refuse_parted(&mut tx, up).await?;
        let known = find(&mut tx, up, &url).await?;
        let (id, adopted, changed) = match known {
            Some(known) if known.uid == Some(up.uid.0) => {
                let newer = known.generation.is_none_or(|had| had < up.generation);
                (known.id, false, newer)
            }
            Some(known) => {
                if let Some(replaced) = known.uid {
                    part(&mut tx, ResourceUid(replaced), up.tenant, false, now).await?;
                }
                (known.id, true, true)
            }
            None => {
                refuse_too_many(&mut tx, up.tenant).await?;
                (self.insert(&mut tx, up, &url, now).await?, false, false)
            }
        };
        if changed {
            write(&mut tx, id, up, &url, now).await?;
        }
        let endpoint = one(&mut tx, Some(up.tenant), id).await?;
        tx.commit().await?;
        Ok((endpoint, adopted))
    }

    async fn insert(
        &self,
        conn: &mut PgConnection,
        up: &EndpointUpsert,
        url: &str,
        now: DateTime<Utc>,
    ) -> Result<Uuid> {
        let id = Uuid::now_v7();
        let (_, secret) = self.make_secret(id)?;
        sqlx::query!(
            "insert into webhook_endpoints (id, tenant_id, project_id, url, event_types, description, suspended, secret, secret_key, created_at, updated_at,
                                            resource_namespace, resource_name, resource_uid, resource_generation)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14)",
            id,
            up.tenant.0,
            up.project.map(|p| p.0),
            url,
            &up.event_types,
            up.description,
            up.suspended,
            secret.bytes,
            secret.by,
            now,
            up.namespace,
            up.name,
            up.uid.0,
            up.generation
        )
        .execute(conn)
        .await
        .map_err(taken)?;
        Ok(id)
    }

    /// The resource is deleted and never speaks again; its endpoint goes with it, and the record of what was sent there.
    ///
    /// # Errors
    /// The database failed.
    pub async fn endpoint_gone(
        &self,
        id: Uuid,
        uid: ResourceUid,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let tenant = sqlx::query_scalar!(
            "select tenant_id from webhook_endpoints where id = $1 and resource_uid = $2",
            id,
            uid.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(tenant) = tenant.map(TenantId) else {
            return Ok(());
        };
        // An upsert of the same resource that came first makes no other row afterwards.
        lock_endpoints(&mut tx, tenant).await?;
        sqlx::query!(
            "delete from webhook_endpoints where id = $1 and resource_uid = $2",
            id,
            uid.0
        )
        .execute(&mut *tx)
        .await?;
        part(&mut tx, uid, tenant, false, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The resource is not in the cluster any more, and nobody said that it was deleted: its endpoint goes on, and REST speaks for it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn endpoint_unbind(&self, id: Uuid, uid: ResourceUid) -> Result<()> {
        sqlx::query!(
            "update webhook_endpoints set resource_namespace = null, resource_name = null, resource_uid = null, resource_generation = null
             where id = $1 and resource_uid = $2",
            id,
            uid.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether the resource was bound for another tenant than the one that its namespace belongs to now, or none: then it speaks for
    /// nothing, and its endpoint is disabled.
    ///
    /// # Errors
    /// The database failed.
    pub async fn endpoint_departs(
        &self,
        uid: ResourceUid,
        tenant: Option<TenantId>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        let left = sqlx::query_scalar!(
            "update webhook_endpoints set resource_namespace = null, resource_name = null, resource_uid = null, resource_generation = null,
                    disabled_at = coalesce(disabled_at, $3), disabled_reason = coalesce(disabled_reason, $4), updated_at = $3
             where resource_uid = $1 and tenant_id is distinct from $2 returning tenant_id",
            uid.0,
            tenant.map(|t| t.0),
            now,
            LEFT
        )
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(owner) = left {
            part(&mut tx, uid, TenantId(owner), true, now).await?;
        }
        let departed = sqlx::query_scalar!(
            r#"select exists (select from webhook_partings where resource_uid = $1 and departed and tenant_id is distinct from $2) as "departed!""#,
            uid.0,
            tenant.map(|t| t.0)
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(departed)
    }
}

/// Refuses a resource that was deleted or replaced, and one that left another tenant. One that is still bound for another is refused by the
/// constraint on its row.
async fn refuse_parted(conn: &mut PgConnection, up: &EndpointUpsert) -> Result<()> {
    let parted = sqlx::query!(
        "select tenant_id, departed from webhook_partings where resource_uid = $1",
        up.uid.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    match parted {
        None => {}
        Some(parted) if !parted.departed => return Err(Refusal::Tombstoned.into()),
        Some(parted) if parted.tenant_id != up.tenant.0 => {
            return Err(Refusal::NamespaceNotBound.into());
        }
        Some(_) => {
            sqlx::query!(
                "delete from webhook_partings where resource_uid = $1",
                up.uid.0
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    Ok(())
}

/// The row of this resource, else of an earlier one of its name, else one of its address that no resource speaks for.
async fn find(conn: &mut PgConnection, up: &EndpointUpsert, url: &str) -> Result<Option<Known>> {
    let row = sqlx::query!(
        r#"select id, resource_uid, resource_generation from webhook_endpoints
           where tenant_id = $1 and (resource_uid = $2 or resource_namespace = $3 and resource_name = $4
                                     or resource_uid is null and url = $5 and project_id is not distinct from $6)
           order by (resource_uid = $2) desc nulls last, resource_uid is null limit 1 for update"#,
        up.tenant.0,
        up.uid.0,
        up.namespace,
        up.name,
        url,
        up.project.map(|p| p.0)
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Known {
        id: row.id,
        uid: row.resource_uid,
        generation: row.resource_generation,
    }))
}

/// What the resource says. A spec that is new enables an endpoint that the platform had disabled.
async fn write(
    conn: &mut PgConnection,
    id: Uuid,
    up: &EndpointUpsert,
    url: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update webhook_endpoints set project_id = $2, url = $3, event_types = $4, description = $5, suspended = $6, updated_at = $7,
                resource_namespace = $8, resource_name = $9, resource_uid = $10, resource_generation = $11,
                disabled_at = null, disabled_reason = null, failing_since = null, slow_until = null
         where id = $1",
        id,
        up.project.map(|p| p.0),
        url,
        &up.event_types,
        up.description,
        up.suspended,
        now,
        up.namespace,
        up.name,
        up.uid.0,
        up.generation
    )
    .execute(conn)
    .await
    .map_err(taken)?;
    Ok(())
}

async fn part(
    conn: &mut PgConnection,
    uid: ResourceUid,
    tenant: TenantId,
    departed: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into webhook_partings (resource_uid, tenant_id, departed, parted_at) values ($1, $2, $3, $4)
         on conflict (resource_uid) do update set departed = excluded.departed",
        uid.0,
        tenant.0,
        departed,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
