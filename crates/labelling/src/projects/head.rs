//! Which project it is and whose, without what is in it.

use datacrowd_protocol::{
    ids::{ProjectId, ResourceUid, TenantId},
    internal::ProjectState,
};
use sqlx::PgConnection;

use super::from_column;
use crate::{Labelling, Refusal, Result, tenants::tenant_named};

/// Which project it is and whose, without what is in it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct ProjectHead {
    pub id: ProjectId,
    pub tenant: TenantId,
    pub namespace: String,
    pub name: String,
    pub bound_uid: Option<ResourceUid>,
    pub display_name: String,
    pub state: ProjectState,
}

impl ProjectHead {
    /// The project, unless it was deleted.
    ///
    /// # Errors
    /// `deleted`, with the way back.
    pub fn live(self) -> std::result::Result<Self, Refusal> {
        match self.state {
            ProjectState::Deleted => Err(deleted(self.id, &self.namespace, &self.name)),
            _ => Ok(self),
        }
    }
}

pub(super) fn deleted(id: ProjectId, namespace: &str, name: &str) -> Refusal {
    Refusal::ProjectDeleted {
        id,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// Which project of this tenant it is; of any tenant when none is given.
pub(crate) async fn find(
    conn: &mut PgConnection,
    tenant: Option<TenantId>,
    id: ProjectId,
) -> Result<ProjectHead> {
    let row = sqlx::query!(
        "select tenant_id, namespace, name, bound_uid, display_name, case when bound_uid is null then 'deleted' else state end as \"state!\" from projects
             where id = $1 and ($2::uuid is null or tenant_id = $2)",
        id.0,
        tenant.map(|t| t.0)
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok(ProjectHead {
        id,
        tenant: TenantId(row.tenant_id),
        namespace: row.namespace,
        name: row.name,
        bound_uid: row.bound_uid.map(ResourceUid),
        display_name: row.display_name,
        state: from_column("project state", &row.state)?,
    })
}

/// The Project of this name that a resource speaks for.
pub(crate) async fn bound_named(
    conn: &mut PgConnection,
    tenant: TenantId,
    namespace: &str,
    name: &str,
) -> Result<ProjectId> {
    let row = sqlx::query!(
        "select id from projects where tenant_id = $1 and namespace = $2 and name = $3 and bound_uid is not null",
        tenant.0,
        namespace,
        name
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(|| Refusal::ProjectNotFound {
        name: name.to_owned(),
    })?;
    Ok(ProjectId(row.id))
}

impl Labelling {
    /// The tenant that a namespace's label names, and the project that a resource in there names, if it names one: for what another
    /// context keeps.
    ///
    /// # Errors
    /// `invalid_spec` for a label that is no name of a tenant, `project_not_found`; or the database failed.
    pub async fn tenant_and_project(
        &self,
        tenant: &str,
        namespace: &str,
        project: Option<&str>,
    ) -> Result<(TenantId, Option<ProjectId>)> {
        let mut conn = self.pool.acquire().await?;
        let tenant = tenant_named(&mut conn, tenant).await?;
        let project = match project {
            Some(name) => Some(bound_named(&mut conn, tenant, namespace, name).await?),
            None => None,
        };
        Ok((tenant, project))
    }

    /// Which project of this tenant it is; of any tenant when none is given. Counts nothing, whatever its size.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn project_find(
        &self,
        tenant: Option<TenantId>,
        id: ProjectId,
    ) -> Result<ProjectHead> {
        let mut conn = self.pool.acquire().await?;
        find(&mut conn, tenant, id).await
    }

    /// Whose Projects of this name are bound in a namespace: tenant and incarnation. Two at most, while the namespace
    /// changes hands.
    ///
    /// # Errors
    /// The database failed.
    pub async fn projects_bound(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<(TenantId, ResourceUid)>> {
        let rows = sqlx::query!(
            "select tenant_id, bound_uid as \"uid!\" from projects where namespace = $1 and name = $2 and bound_uid is not null",
            namespace,
            name
        )
        .fetch_all(&self.calls)
        .await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|r| (TenantId(r.tenant_id), ResourceUid(r.uid)))
            .collect())
    }
}
