//! What stays of a prediction when its resource goes.

use datacrowd_protocol::{
    WireEnum,
    ids::{PredictionId, ResourceUid},
    internal::ResourceKind,
    source::DeletionPolicy,
};

use crate::{Deletion, Labelling, Refusal, Result, binding::tombstone, events, runs::release};

/// Predictions that one step removes.
const STEP_PREDICTIONS: i64 = 5_000;

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
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, model_id, dataset_id from prediction_jobs where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid, ResourceKind::Prediction).await?;
        match row.bound_uid {
            Some(bound) if bound != uid.0 => {
                tx.commit().await?;
                return Ok(Deletion::Done);
            }
            Some(_) => {
                release(&mut tx, id).await?;
                sqlx::query!(
                    "update prediction_jobs set bound_uid = null, updated_at = now() where id = $1",
                    id.0
                )
                .execute(&mut *tx)
                .await?;
                let data = serde_json::json!({"policy": policy.column()});
                let subject = id.to_string();
                events::record(&mut tx, "prediction.deleted", &subject, "resource", data).await?;
            }
            None => {}
        }
        if policy == DeletionPolicy::Retain {
            tx.commit().await?;
            return Ok(Deletion::Done);
        }
        let gone = sqlx::query!(
            "delete from predictions where model_id = $1 and task_id in (
                 select p.task_id from predictions p join tasks t on t.id = p.task_id
                 where p.model_id = $1 and t.dataset_id = $2
                   and not exists (select from prediction_jobs o where o.model_id = $1 and o.dataset_id = $2 and o.id <> $3)
                 limit $4)",
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
        sqlx::query!("delete from runs where target_id = $1", id.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query!("delete from prediction_jobs where id = $1", id.0)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Deletion::Done)
    }

    /// Takes a prediction from a resource that is gone.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn lost_prediction(&self, id: PredictionId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let unbound = sqlx::query!(
            "update prediction_jobs set bound_uid = null, updated_at = now() where id = $1 and bound_uid = $2",
            id.0,
            uid.0
        )
        .execute(&mut *tx)
        .await?;
        if unbound.rows_affected() == 1 {
            release(&mut tx, id).await?;
            let data = serde_json::json!({});
            let subject = id.to_string();
            events::record(&mut tx, "prediction.deleted", &subject, "sweeper", data).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
