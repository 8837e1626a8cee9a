//! What stays of an export when its resource goes.

use datacrowd_protocol::{
    ids::{ExportId, ResourceUid},
    source::DeletionPolicy,
};
use sqlx::PgConnection;

use super::delete_files;
use crate::{BoundId, Labelling, Refusal, Result, binding::end_binding};

impl Labelling {
    /// Forgets the resource `uid`; the file goes with the policy Delete.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn export_delete(
        &self,
        id: ExportId,
        uid: ResourceUid,
        policy: DeletionPolicy,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, object_key, coalesce((consensus->>'workers')::boolean, false) as \"has_workers!\" from exports where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let was_bound = row.bound_uid == Some(uid.0);
        end_binding(&mut tx, BoundId::Export(id), row.bound_uid, uid, policy).await?;
        if was_bound && policy == DeletionPolicy::Delete {
            remove(&mut tx, id).await?;
            if let Some(key) = row.object_key {
                delete_files(&mut tx, &key, row.has_workers).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Removes an export; what it gave out stays known.
async fn remove(conn: &mut PgConnection, id: ExportId) -> Result<()> {
    sqlx::query!(
        "insert into deleted_exports (project_id, dataset_id, since, watermark)
                         select project_id, dataset_id, since, watermark from exports
                         where id = $1 and watermark is not null",
        id.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from runs where target_id = $1", id.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("delete from exports where id = $1", id.0)
        .execute(conn)
        .await?;
    Ok(())
}
