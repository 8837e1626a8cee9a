//! What stays of a model when its resource goes.

use datacrowd_protocol::{
    WireEnum,
    ids::{ModelId, ResourceUid},
    internal::ResourceKind,
    source::DeletionPolicy,
};
use sqlx::PgConnection;

use crate::{
    Deletion, Labelling, Refusal, Result,
    binding::tombstone,
    datasets::is_in_use,
    events, outbox,
    runs::release,
    uploads::{is_upload, key_of},
};

/// Predictions that one step removes.
const STEP_PREDICTIONS: i64 = 5_000;

impl Labelling {
    /// One step of forgetting the resource `uid`. With the policy Delete, predictions go, and the file, where it was
    /// uploaded here.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn model_delete(
        &self,
        id: ModelId,
        uid: ResourceUid,
        policy: DeletionPolicy,
    ) -> Result<Deletion> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, namespace, source_path from models where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid, ResourceKind::Model).await?;
        match row.bound_uid {
            Some(bound) if bound != uid.0 => {
                tx.commit().await?;
                return Ok(Deletion::Done);
            }
            Some(_) => {
                release(&mut tx, id).await?;
                sqlx::query!(
                    "update models set bound_uid = null, updated_at = now() where id = $1",
                    id.0
                )
                .execute(&mut *tx)
                .await?;
                let data = serde_json::json!({"policy": policy.column()});
                events::record(&mut tx, "model.deleted", &id.to_string(), "resource", data).await?;
            }
            None => {}
        }
        if policy == DeletionPolicy::Retain {
            tx.commit().await?;
            return Ok(Deletion::Done);
        }
        let gone = sqlx::query!(
            "delete from predictions where model_id = $1 and task_id in (select task_id from predictions where model_id = $1 limit $2)",
            id.0,
            STEP_PREDICTIONS
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if i64::try_from(gone) == Ok(STEP_PREDICTIONS) {
            tx.commit().await?;
            return Ok(Deletion::Unfinished);
        }
        sqlx::query!(
            "delete from runs where target_id = $1 or target_id in (select id from prediction_jobs where model_id = $1)",
            id.0
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("delete from models where id = $1", id.0)
            .execute(&mut *tx)
            .await?;
        remove_file(&mut tx, &row.namespace, &row.source_path).await?;
        tx.commit().await?;
        Ok(Deletion::Done)
    }

    /// Takes a model from a resource that is gone.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn lost_model(&self, id: ModelId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let unbound = sqlx::query!(
            "update models set bound_uid = null, updated_at = now() where id = $1 and bound_uid = $2",
            id.0,
            uid.0
        )
        .execute(&mut *tx)
        .await?;
        if unbound.rows_affected() == 1 {
            release(&mut tx, id).await?;
            let data = serde_json::json!({});
            events::record(&mut tx, "model.deleted", &id.to_string(), "sweeper", data).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Has the file removed of a model that is gone, where it was uploaded here and nothing else reads it.
async fn remove_file(conn: &mut PgConnection, namespace: &str, uri: &str) -> Result<()> {
    let key = key_of(uri);
    if is_upload(namespace, key) && !is_in_use(conn, namespace, uri).await? {
        outbox::delete_object(conn, key).await?;
    }
    Ok(())
}
