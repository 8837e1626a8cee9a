//! Founding a tenant over REST: its row comes first, with its founder, then the namespace that carries the row's id.

use datacrowd_protocol::ids::{TenantId, UserId};
use uuid::Uuid;

use super::{Tenant, taken, tenant};
use crate::{Labelling, Result, events};

impl Labelling {
    /// The tenant that this person founds, or began to found: then it keeps the name it was given first. Its home
    /// comes when its namespace is there, and so does its first member.
    ///
    /// # Errors
    /// `tenant_taken` when the name is another tenant's; or the database failed.
    pub async fn tenant_found(&self, founder: UserId, name: &str, actor: &str) -> Result<Tenant> {
        let mut tx = self.begin().await?;
        let begun = sqlx::query!(
            "insert into tenants (id, name, founder) values ($1, $2, $3)
             on conflict on constraint tenants_one_founding do nothing returning id",
            Uuid::now_v7(),
            name,
            founder.0
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(taken)?;
        if let Some(begun) = begun {
            events::record(
                &mut tx,
                "tenant.founded",
                &begun.id.to_string(),
                actor,
                serde_json::json!({"name": name, "founder": founder}),
            )
            .await?;
        }
        // Ours, or that of a call at the same time whose commit we waited for.
        let row = sqlx::query!(
            "select id, name, home_namespace, founder is not null as \"founded!\" from tenants where founder = $1",
            founder.0
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(tenant!(row))
    }

    /// Gives a founding another name, because somebody has a namespace of the first one. One that has got its home,
    /// or another name meanwhile, keeps what it has.
    ///
    /// # Errors
    /// `tenant_taken` when the name is another tenant's; or the database failed.
    pub async fn tenant_rename(&self, founding: TenantId, from: &str, to: &str) -> Result<()> {
        sqlx::query!(
            "update tenants set name = $3 where id = $1 and name = $2 and founder is not null and home_namespace is null",
            founding.0,
            from,
            to
        )
        .execute(&self.calls)
        .await
        .map_err(taken)?;
        Ok(())
    }
}
