//! Tenants: who owns which namespaces, and who belongs to whom.

mod founding;

use std::collections::HashMap;

use datacrowd_protocol::ids::{TenantId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Labelling, Refusal, Result, error::constraint, events};

/// A tenant as its members see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Platform id.
    pub id: TenantId,
    /// Value of the namespace label.
    pub name: String,
    /// Where REST writes; absent until a member-less tenant is given one.
    pub namespace: Option<String>,
    /// Whether it was founded over REST; else a namespace's label named it.
    pub founded: bool,
}

/// A tenant from a row that has its columns.
macro_rules! tenant {
    ($r:expr) => {
        Tenant {
            id: TenantId($r.id),
            name: $r.name,
            namespace: $r.home_namespace,
            founded: $r.founded,
        }
    };
}
use tenant;

/// The tenant of this name, made when it is unknown. A known one is only read: every pass of the
/// operator asks, and a lock on the row would wait for, and hold up, whoever refers to the tenant.
pub(crate) async fn tenant_named(conn: &mut PgConnection, name: &str) -> Result<TenantId> {
    if let Some(known) = tenant_known(conn, name).await? {
        return Ok(known);
    }
    sqlx::query!(
        "insert into tenants (id, name) values ($1, $2) on conflict on constraint tenants_name_key do nothing",
        Uuid::now_v7(),
        name
    )
    .execute(&mut *conn)
    .await
    .map_err(|e| match constraint(&e) {
        Some("tenants_name_dns") => Error::Refused(Refusal::InvalidSpec {
            details: [(
                "tenant".to_owned(),
                "is not a DNS label of at most 63 characters".to_owned(),
            )]
            .into(),
        }),
        _ => e.into(),
    })?;
    // Ours, or that of somebody who inserted it meanwhile and whose commit we waited for.
    tenant_known(conn, name).await?.ok_or(Error::Corrupt {
        what: "tenant that was just made",
    })
}

async fn tenant_known(conn: &mut PgConnection, name: &str) -> Result<Option<TenantId>> {
    let row = sqlx::query!("select id from tenants where name = $1", name)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|r| TenantId(r.id)))
}

impl Labelling {
    /// The tenant a client belongs to.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant_of(&self, user: UserId) -> Result<Option<Tenant>> {
        let row = sqlx::query!(
            "select t.id, t.name, t.home_namespace, t.founder is not null as \"founded!\" from tenant_members m join tenants t on t.id = m.tenant_id where m.user_id = $1",
            user.0
        )
        .fetch_optional(&self.calls)
        .await?;
        Ok(row.map(|r| tenant!(r)))
    }

    /// The tenants that these clients belong to; whoever belongs to none is left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenants_of(&self, users: &[UserId]) -> Result<HashMap<UserId, Tenant>> {
        let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
        let rows = sqlx::query!(
            "select m.user_id, t.id, t.name, t.home_namespace, t.founder is not null as \"founded!\" from tenant_members m join tenants t on t.id = m.tenant_id where m.user_id = any($1)",
            &users
        )
        .fetch_all(&self.calls)
        .await?;
        let tenants = rows.into_iter().map(|r| (UserId(r.user_id), tenant!(r)));
        Ok(tenants.collect())
    }

    /// The clients that belong to these tenants.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant_members(
        &self,
        tenants: &[TenantId],
    ) -> Result<HashMap<TenantId, Vec<UserId>>> {
        let tenants: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
        let rows = sqlx::query!(
            "select tenant_id, user_id from tenant_members where tenant_id = any($1) order by user_id",
            &tenants
        )
        .fetch_all(&self.calls)
        .await?;
        let mut members: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows {
            let of_tenant = members.entry(TenantId(row.tenant_id)).or_default();
            of_tenant.push(UserId(row.user_id));
        }
        Ok(members)
    }

    /// A tenant by name.
    ///
    /// # Errors
    /// `not_found`, or the database failed.
    pub async fn tenant_by_name(&self, name: &str) -> Result<Tenant> {
        let row = sqlx::query!(
            "select id, name, home_namespace, founder is not null as \"founded!\" from tenants where name = $1",
            name
        )
        .fetch_optional(&self.calls)
        .await?;
        row.map(|r| tenant!(r))
            .ok_or_else(|| Refusal::NotFound.into())
    }

    /// A tenant by id.
    ///
    /// # Errors
    /// `not_found`, or the database failed.
    pub async fn tenant_get(&self, id: TenantId) -> Result<Tenant> {
        let row = sqlx::query!(
            "select id, name, home_namespace, founder is not null as \"founded!\" from tenants where id = $1",
            id.0
        )
        .fetch_optional(&self.calls)
        .await?;
        row.map(|r| tenant!(r))
            .ok_or_else(|| Refusal::NotFound.into())
    }

    /// Makes a user a member of the tenant `name`, whose home is `namespace` from now on. The caller has seen that the
    /// namespace is this tenant's. A user belongs to one tenant: an earlier membership is replaced.
    ///
    /// # Errors
    /// `tenant_taken` when the namespace is another tenant's home; or the database failed.
    pub async fn tenant_join(
        &self,
        user: UserId,
        name: &str,
        namespace: &str,
        actor: &str,
    ) -> Result<Tenant> {
        let mut tx = self.begin().await?;
        let id = tenant_named(&mut tx, name).await?;
        let row = sqlx::query!(
            "update tenants set home_namespace = $2 where id = $1
             returning id, name, home_namespace, founder is not null as \"founded!\"",
            id.0,
            namespace
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(taken)?;
        sqlx::query!(
            "insert into tenant_members (user_id, tenant_id) values ($1, $2)
             on conflict (user_id) do update set tenant_id = excluded.tenant_id",
            user.0,
            id.0
        )
        .execute(&mut *tx)
        .await?;
        events::record(
            &mut tx,
            "tenant.joined",
            &id.to_string(),
            actor,
            serde_json::json!({"user": user}),
        )
        .await?;
        tx.commit().await?;
        Ok(tenant!(row))
    }
}

/// What a name, or a home, that is another tenant's says.
fn taken(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("tenants_home_namespace_key" | "tenants_name_key") => Refusal::TenantTaken.into(),
        _ => error.into(),
    }
}
