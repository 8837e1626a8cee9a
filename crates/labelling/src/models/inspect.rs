//! A run that looks at a model's file: the gate that lets it begin, what it found, its end.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ModelId, ResourceUid, RunId},
    model::{ModelFound, ModelState},
    run::{CompleteRun, RunOutcome, RunReason},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Found, RunModel, column, stored};
use crate::{
    Begun, Labelling, Refusal, Result, events,
    projects::from_column,
    runs::{begin_run, hold, require_hold, run_ends},
};

/// What a run that looks at a model needs.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "protocol::model::InspectOpened documents them")]
pub struct InspectRun {
    pub epoch: i64,
    pub completed: bool,
    pub model: RunModel,
}

impl Labelling {
    /// May attempt `attempt` to look at this model begin?
    ///
    /// # Errors
    /// `not_found`, `tombstoned`; or the database failed.
    pub async fn model_run_begin(
        &self,
        id: ModelId,
        uid: ResourceUid,
        attempt: i32,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let mut tx = self.begin().await?;
        let m = sqlx::query!(
            "select bound_uid, state from models where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if m.bound_uid != Some(uid.0) {
            return Err(Refusal::Tombstoned.into());
        }
        if from_column::<ModelState>("model state", &m.state)? == ModelState::Ready {
            return Ok(Begun::Completed);
        }
        let (run, open) = begin_run(&mut tx, "inspect", id, (uid, attempt), 0, now).await?;
        if open {
            sqlx::query!(
                "update models set state = $2, updated_at = $3 where id = $1",
                id.0,
                ModelState::Checking.column(),
                now
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(Begun::Run(run))
    }

    /// A pod takes a run over that looks at a model.
    ///
    /// # Errors
    /// `run_held`, `tombstoned`; or the database failed.
    pub async fn inspect_open(
        &self,
        run: RunId,
        pod: &str,
        now: DateTime<Utc>,
    ) -> Result<InspectRun> {
        let mut tx = self.begin().await?;
        let r = sqlx::query!(
            "select m.id, m.bound_uid, m.state, m.source_path, m.pinned_sha256, m.input, m.output, r.uid, r.outcome
             from runs r join models m on m.id = r.target_id where r.id = $1 and r.kind = 'inspect' for update of m",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        if r.bound_uid != Some(r.uid) {
            return Err(Refusal::Tombstoned.into());
        }
        let model = ModelId(r.id);
        let state: ModelState = from_column("model state", &r.state)?;
        let completed = r.outcome.is_some() || state == ModelState::Ready;
        let epoch = match completed {
            true => 0,
            false => hold(&mut tx, model, run, pod, now).await?,
        };
        tx.commit().await?;
        Ok(InspectRun {
            epoch,
            completed,
            model: RunModel {
                id: model,
                source_uri: r.source_path,
                sha256: r.pinned_sha256,
                input: stored(r.input)?,
                output: stored(r.output)?,
            },
        })
    }

    /// What the holder of a run found in the model's file.
    ///
    /// # Errors
    /// `fenced`; or the database failed.
    pub async fn model_found(
        &self,
        run: RunId,
        model: ModelId,
        found: &ModelFound,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        // The model before its hold, as whoever deletes it.
        sqlx::query!("select id from models where id = $1 for update", model.0)
            .fetch_optional(&mut *tx)
            .await?;
        require_hold(&mut tx, model, run, found.epoch, now).await?;
        let tensors = Found {
            inputs: found.inputs.clone(),
            outputs: found.outputs.clone(),
        };
        sqlx::query!(
            "update models set sha256 = $2, size_bytes = $3, found = $4 where id = $1",
            model.0,
            found.sha256,
            found.size_bytes,
            column(&tensors)?
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// A run that looked at a model ends. The same call again changes nothing.
    ///
    /// # Errors
    /// `fenced`, `tombstoned`; or the database failed.
    pub async fn inspect_complete(
        &self,
        run: RunId,
        end: &CompleteRun,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let end = &unseen_is_failed(&mut tx, run, end).await?;
        let Some(model) = run_ends(&mut tx, run, "inspect", end, now).await? else {
            return Ok(());
        };
        let model: ModelId = model.into();
        let state = match end.outcome {
            RunOutcome::Succeeded => ModelState::Ready,
            RunOutcome::Failed => ModelState::Failed,
        };
        sqlx::query!(
            "update models set state = $2, updated_at = $3 where id = $1",
            model.0,
            state.column(),
            now
        )
        .execute(&mut *tx)
        .await?;
        events::record(
            &mut tx,
            "model.checked",
            &model.to_string(),
            "runner",
            serde_json::json!({"state": state.column()}),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A run that says that it succeeded without having told what it found did not succeed.
async fn unseen_is_failed(
    conn: &mut PgConnection,
    run: RunId,
    end: &CompleteRun,
) -> Result<CompleteRun> {
    let unseen: Option<Uuid> = sqlx::query_scalar!(
        "select m.id from runs r join models m on m.id = r.target_id where r.id = $1 and r.outcome is null and m.found is null",
        run.0
    )
    .fetch_optional(conn)
    .await?;
    if end.outcome == RunOutcome::Failed || unseen.is_none() {
        return Ok(end.clone());
    }
    Ok(CompleteRun {
        outcome: RunOutcome::Failed,
        reason: Some(RunReason::Misconfigured),
        message: Some("The program that looked at the model did not say what it found. Check that it and the API server are of the same release.".into()),
        ..end.clone()
    })
}
