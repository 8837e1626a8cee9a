//! What stays of a prediction when its resource goes.

use datacrowd_protocol::{
    ids::{PredictionId, ResourceUid},
    source::DeletionPolicy,
};

use super::STEP_PREDICTIONS;
use crate::{BoundId, Deletion, Labelling, Refusal, Result, binding::end_binding};

impl Labelling {
    /// One step of forgetting the resource `uid`. With the policy Delete, what the model said of the dataset's tasks goes,
    /// unless another prediction says the same.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn prediction_delete(
        &self,
        id: PredictionId,
        uid: ResourceUid,
        policy: DeletionPolicy,
    ) -> Result<Deletion> {
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, model_id, dataset_id from prediction_jobs where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        let ours =
            end_binding(&mut tx, BoundId::Prediction(id), row.bound_uid, uid, policy).await?;
        if !ours || policy == DeletionPolicy::Retain {
            tx.commit().await?;
            return Ok(Deletion::Done);
        }
        let gone = sqlx::query!(
            "delete from predictions where model_id = $1 and task_id = any(array(
                 select p.task_id from predictions p join tasks t on t.id = p.task_id
                 where p.model_id = $1 and t.dataset_id = $2
                   and not exists (select from prediction_jobs o where o.model_id = $1 and o.dataset_id = $2 and o.id <> $3)
                 limit $4))",
            row.model_id,
            row.dataset_id,
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
            "delete from gold_predictions where model_id = $1 and item_id in (select id from gold_items where dataset_id = $2)
                and not exists (select from prediction_jobs o where o.model_id = $1 and o.dataset_id = $2 and o.id <> $3)",
            row.model_id,
            row.dataset_id,
            id.0
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("delete from runs where target_id = $1", id.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query!("delete from prediction_jobs where id = $1", id.0)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Deletion::Done)
    }
}
