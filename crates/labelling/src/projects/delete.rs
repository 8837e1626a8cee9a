//! What stays of a project when its resource goes.

use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, ResourceUid},
    internal::ResourceKind,
    source::DeletionPolicy,
};

use crate::{Labelling, Refusal, Result, binding::tombstone, events};

impl Labelling {
    /// Forgets the resource `uid`. Retain keeps the rows for a later resource of the same name.
    ///
    /// # Errors
    /// `not_found`, `in_use` while anything of it is bound; or the database failed.
    pub async fn project_delete(
        &self,
        id: ProjectId,
        uid: ResourceUid,
        policy: DeletionPolicy,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select bound_uid from projects where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid, ResourceKind::Project).await?;
        if row.bound_uid == Some(uid.0) {
            let used = sqlx::query!(
                "select (select count(*) from datasets where project_id = $1 and bound_uid is not null) as \"datasets!\",
                        (select count(*) from exports where project_id = $1 and bound_uid is not null) as \"exports!\",
                        (select count(*) from models where project_id = $1 and bound_uid is not null) as \"models!\",
                        (select count(*) from prediction_jobs where project_id = $1 and bound_uid is not null) as \"predictions!\"",
                id.0
            )
            .fetch_one(&mut *tx)
            .await?;
            let used = [
                ("datasets", used.datasets),
                ("exports", used.exports),
                ("models", used.models),
                ("predictions", used.predictions),
            ];
            if used.iter().any(|(_, count)| *count > 0) {
                return Err(Refusal::InUse { by: used }.into());
            }
            // Id, grants and use survive any policy: what was paid for is not lost with a resource.
            sqlx::query!(
                "update projects set bound_uid = null, updated_at = now() where id = $1",
                id.0
            )
            .execute(&mut *tx)
            .await?;
            events::record(
                &mut tx,
                "project.deleted",
                &id.to_string(),
                "resource",
                serde_json::json!({"policy": policy.column()}),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Takes the project from a resource that is gone, whatever refers to it: nothing is given out of it and
    /// nothing is sold for it any more, until a resource of its name is there again.
    ///
    /// # Errors
    /// The database failed.
    pub async fn project_unbind(&self, id: ProjectId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.begin().await?;
        let unbound = sqlx::query!(
            "update projects set bound_uid = null, updated_at = now() where id = $1 and bound_uid = $2",
            id.0,
            uid.0
        )
        .execute(&mut *tx)
        .await?;
        if unbound.rows_affected() == 1 {
            let data = serde_json::json!({"policy": DeletionPolicy::Retain.column()});
            events::record(&mut tx, "project.deleted", &id.to_string(), "sweeper", data).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
