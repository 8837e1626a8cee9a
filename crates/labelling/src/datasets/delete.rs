//! Fencing a dataset, and what stays of it when its resource goes.

use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ResourceUid},
    source::DeletionPolicy,
};

use crate::{
    Labelling, Refusal, Result, binding::tombstone, events, outbox, projects::settle_state,
    runs::release,
};

/// What a deletion leaves to the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedDataset {
    /// True when rows went with it.
    pub rows_deleted: bool,
}

impl Labelling {
    /// Lets no runner of this resource write again: before its Job is deleted.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_fence(&self, id: DatasetId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid from datasets where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if row.bound_uid == Some(uid.0) {
            release(&mut tx, id.0).await?;
            tombstone(&mut tx, uid.0, "dataset").await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the resource `uid`. Retain keeps the rows, out of the queue, for a later resource of the
    /// same name; Delete removes them and credits the project with the tasks that nobody answered.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_delete(
        &self,
        id: DatasetId,
        uid: ResourceUid,
        policy: DeletionPolicy,
        bucket: &str,
    ) -> Result<DeletedDataset> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select d.bound_uid, d.project_id, d.source_path, d.own_credentials, d.namespace, p.answers_per_task
             from datasets d join projects p on p.id = d.project_id where d.id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid.0, "dataset").await?;
        let ours = row.bound_uid == Some(uid.0);
        if ours {
            release(&mut tx, id.0).await?;
        }
        match policy {
            DeletionPolicy::Retain if ours => {
                sqlx::query!("update tasks set queue_pos = null where dataset_id = $1 and queue_pos is not null", id.0).execute(&mut *tx).await?;
                sqlx::query!(
                    "update datasets set bound_uid = null, updated_at = now() where id = $1",
                    id.0
                )
                .execute(&mut *tx)
                .await?;
            }
            DeletionPolicy::Delete if ours => {
                let untouched = sqlx::query!(
                    "select count(*) as \"n!\" from tasks t where t.dataset_id = $1 and not exists (select from answers a where a.task_id = t.id)",
                    id.0
                )
                .fetch_one(&mut *tx)
                .await?;
                sqlx::query!(
                    "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1",
                    row.project_id,
                    untouched.n * i64::from(row.answers_per_task)
                )
                .execute(&mut *tx)
                .await?;
                sqlx::query!("delete from approval_events where dataset_id = $1", id.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query!("delete from runs where target_id = $1", id.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query!("delete from datasets where id = $1", id.0)
                    .execute(&mut *tx)
                    .await?;
                let prefix = format!("s3://{bucket}/{}/datasets/", row.namespace);
                if !row.own_credentials && row.source_path.starts_with(&prefix) {
                    outbox::delete_object(
                        &mut tx,
                        &row.source_path[format!("s3://{bucket}/").len()..],
                    )
                    .await?;
                }
            }
            _ => {}
        }
        if ours {
            settle_state(&mut tx, row.project_id).await?;
            events::record(
                &mut tx,
                "dataset.deleted",
                &id.to_string(),
                "resource",
                serde_json::json!({"policy": policy.column()}),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(DeletedDataset {
            rows_deleted: ours && policy == DeletionPolicy::Delete,
        })
    }
}
