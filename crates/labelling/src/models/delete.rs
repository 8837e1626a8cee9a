//! What stays of a model when its resource goes.

use datacrowd_protocol::{
    ids::{ModelId, ResourceUid},
    source::DeletionPolicy,
};
use sqlx::PgConnection;

use crate::{
    BoundId, Deletion, Labelling, Refusal, Result,
    binding::end_binding,
    datasets::is_in_use,
    outbox,
    predictions::STEP_PREDICTIONS,
    uploads::{is_upload, key_of},
};

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
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, namespace, source_path from models where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let ours = end_binding(&mut tx, BoundId::Model(id), row.bound_uid, uid, policy).await?;
        if !ours || policy == DeletionPolicy::Retain {
            tx.commit().await?;
            return Ok(Deletion::Done);
        }
        let gone = sqlx::query!(
            "delete from predictions where model_id = $1 and task_id = any(array(select task_id from predictions where model_id = $1 limit $2))",
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
}

/// Has the file removed of a model that is gone, where it was uploaded here and nothing else reads it.
async fn remove_file(conn: &mut PgConnection, namespace: &str, uri: &str) -> Result<()> {
    let key = key_of(uri);
    if is_upload(namespace, key) && !is_in_use(conn, namespace, uri).await? {
        outbox::delete_object(conn, key).await?;
    }
    Ok(())
}
