//! A predicting run: the gate that lets it begin, what it needs, its end.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ModelId, PredictionId, ResourceUid, RunId},
    model::PredictionState,
    run::{CompleteRun, RunOutcome, RunReason},
};
use sqlx::{PgConnection, types::Json};

use super::{FailedItem, waiting_for};
use crate::{
    Begun, Labelling, Refusal, Result, events,
    models::{RunModel, stored},
    projects::from_column,
    runs::{begin_run, hold, run_ends},
};

/// What a predicting run needs; the API server adds the presigned URL.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "protocol::model::PredictOpened documents them")]
pub struct PredictRun {
    pub epoch: i64,
    pub completed: bool,
    pub prediction: PredictionId,
    pub model: RunModel,
    pub after: i64,
    pub predicted: i64,
    pub failed: i64,
}

impl Labelling {
    /// May attempt `attempt` of this prediction begin?
    ///
    /// # Errors
    /// `not_found`, `tombstoned`, `prediction_not_due`; or the database failed.
    pub async fn prediction_run_begin(
        &self,
        id: PredictionId,
        uid: ResourceUid,
        attempt: i32,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.begin().await?;
        let p = sqlx::query!(
            "select bound_uid, state, predicted + failed as \"rows!\" from prediction_jobs where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if p.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if from_column::<PredictionState>("prediction state", &p.state)? == PredictionState::Ready {
            return Ok(Begun::Completed);
        }
        if let Some(waiting_for) = waiting_for(&mut tx, id).await? {
            return Err(Refusal::PredictionNotDue { waiting_for }.into());
        }
        let (run, open) = begin_run(&mut tx, "predict", id, (uid, attempt), p.rows, now).await?;
        if open {
            sqlx::query!(
                "update prediction_jobs set state = $2, started_at = coalesce(started_at, $3), updated_at = $3 where id = $1",
                id.0,
                PredictionState::Running.column(),
                now
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(Begun::Run(run))
    }

    /// A pod takes a predicting run over.
    ///
    /// # Errors
    /// `run_held`, `tombstoned`; or the database failed.
    pub async fn predict_open(
        &self,
        run: RunId,
        pod: &str,
        now: DateTime<Utc>,
    ) -> Result<PredictRun> {
        let mut tx = self.begin().await?;
        let r = sqlx::query!(
            "select p.id, p.bound_uid, p.state, p.model_id, p.after_row, p.predicted, p.failed, r.uid, r.outcome,
                    m.source_path, m.sha256, m.input, m.output
             from runs r join prediction_jobs p on p.id = r.target_id join models m on m.id = p.model_id
             where r.id = $1 and r.kind = 'predict' for update of p",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        if r.bound_uid != Some(r.uid) {
            return Err(Refusal::Tombstoned.into());
        }
        let prediction = PredictionId(r.id);
        let state: PredictionState = from_column("prediction state", &r.state)?;
        let completed = r.outcome.is_some() || state == PredictionState::Ready;
        let epoch = match completed {
            true => 0,
            false => hold(&mut tx, prediction, run, pod, now).await?,
        };
        tx.commit().await?;
        Ok(PredictRun {
            epoch,
            completed,
            prediction,
            model: RunModel {
                id: ModelId(r.model_id),
                source_uri: r.source_path,
                sha256: r.sha256,
                input: stored(r.input)?,
                output: stored(r.output)?,
            },
            after: r.after_row,
            predicted: r.predicted,
            failed: r.failed,
        })
    }

    /// A predicting run ends. The same call again changes nothing.
    ///
    /// # Errors
    /// `fenced`, `tombstoned`, `out_of_order` while items are missing; or the database failed.
    pub async fn predict_complete(
        &self,
        run: RunId,
        end: &CompleteRun,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let end = &nothing_predicted_is_failed(&mut tx, run, end).await?;
        let Some(prediction) = run_ends(&mut tx, run, "predict", end, now).await? else {
            return Ok(());
        };
        let prediction: PredictionId = prediction.into();
        let state = match end.outcome {
            RunOutcome::Succeeded => PredictionState::Ready,
            RunOutcome::Failed => PredictionState::Failed,
        };
        sqlx::query!(
            "update prediction_jobs set state = $2, completed_at = $3, updated_at = $3 where id = $1",
            prediction.0,
            state.column(),
            now
        )
        .execute(&mut *tx)
        .await?;
        events::record(
            &mut tx,
            "prediction.ended",
            &prediction.to_string(),
            "runner",
            serde_json::json!({"state": state.column()}),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A run in which no item could be predicted has failed, whatever its pod says; and one that left items out is not at its
/// end. An empty dataset has nothing to predict.
async fn nothing_predicted_is_failed(
    conn: &mut PgConnection,
    run: RunId,
    end: &CompleteRun,
) -> Result<CompleteRun> {
    let row = sqlx::query!(
        "select p.predicted, p.failed, p.after_row, p.failed_items as \"failed_items: Json<Vec<FailedItem>>\",
                exists (select from tasks t where t.dataset_id = p.dataset_id and t.row_no > p.after_row)
                or exists (select from gold_items i where i.dataset_id = p.dataset_id and i.task_id is null and i.retired_at is null
                           and i.row_no > p.after_row) as \"more!\"
         from runs r join prediction_jobs p on p.id = r.target_id where r.id = $1 and r.outcome is null",
        run.0
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row.filter(|_| end.outcome == RunOutcome::Succeeded) else {
        return Ok(end.clone());
    };
    if row.more {
        return Err(Refusal::OutOfOrder {
            expected: row.after_row + 1,
        }
        .into());
    }
    if row.predicted > 0 || row.failed == 0 {
        return Ok(end.clone());
    }
    let first = row.failed_items.0.first().map(|item| item.message.clone());
    Ok(CompleteRun {
        outcome: RunOutcome::Failed,
        reason: Some(RunReason::BadInput),
        message: Some(format!(
            "None of the {} items could be predicted. The first: {}",
            row.failed,
            first.unwrap_or_default()
        )),
        ..end.clone()
    })
}
