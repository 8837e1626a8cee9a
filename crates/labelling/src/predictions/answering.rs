//! Models that answer: where one is sure enough of a task it takes a place of it and gives its answer, in one transaction, as the worker
//! that it is. What is due was written with its word, so a pass that comes later finds whatever an earlier one left.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{LeaseToken, ModelId, ProjectId, TaskId, UserId},
    labeling::Labeling,
    model::ModelOutput,
    raw::RawJson,
};
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{
    Error, Labelling, Refusal, Result,
    labelings::in_force,
    task_state::TaskEvent,
    tasks::{LEASE_LIVES, NewAnswer, Promise},
    validate_answer,
};

/// Most tasks of one model in one step.
const STEP: i32 = 200;
/// Words that were said before, looked at in one step.
const LOOK: i32 = 5_000;

/// What a model may answer with now.
struct Ripe {
    project: ProjectId,
    labeling_version: i32,
    answer: RawJson,
}

impl Labelling {
    /// Has models answer what they are sure enough of, until nothing of it is left; how many answers they gave. Any number of replicas may
    /// do so at once.
    ///
    /// # Errors
    /// The database failed; answers that were given are there.
    pub async fn models_answer(&self, now: DateTime<Utc>) -> Result<u64> {
        let mut answers = 0;
        loop {
            let looked = self.look_back().await?;
            let due = sqlx::query!(
                "select model_id as \"model_id!\", task_id as \"task_id!\" from answers_due_v1($1)",
                STEP
            )
            .fetch_all(&self.calls)
            .await?;
            let mut settled = 0;
            for row in due {
                let given = self
                    .model_answer(ModelId(row.model_id), TaskId(row.task_id), now)
                    .await?;
                settled += u64::from(given.is_some());
                answers += u64::from(given == Some(true));
            }
            // What others hold this instant is left for the next pass.
            if settled == 0 && !looked {
                return Ok(answers);
            }
        }
    }

    /// A step of what models said before they were to answer; false when there is none.
    async fn look_back(&self) -> Result<bool> {
        let models = sqlx::query_scalar!(
            "select id from models where answers_from is not null and bound_uid is not null"
        )
        .fetch_all(&self.calls)
        .await?;
        for model in &models {
            sqlx::query!("select answers_look_v1($1, $2)", model, LOOK)
                .fetch_one(&self.calls)
                .await?;
        }
        Ok(!models.is_empty())
    }

    /// Whether the model answers a task: true when it does now, false when it never will, nothing while that is open.
    async fn model_answer(
        &self,
        model: ModelId,
        task: TaskId,
        now: DateTime<Utc>,
    ) -> Result<Option<bool>> {
        let mut tx = self.begin().await?;
        // One that somebody is working on this instant is left for the next pass.
        let locked = sqlx::query!(
            "select id from tasks where id = $1 for update skip locked",
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if locked.is_none() {
            return Ok(None);
        }
        let row = sqlx::query!(
            "select project_id as \"project_id!\", labeling_version as \"labeling_version!\", field as \"field!\", label as \"label!\", may as \"may!\"
             from answer_ripe_v1($1, $2)",
            model.0,
            task.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let given = match row.may {
            true => {
                let answer = answer(&row.field, row.label)?;
                let ripe = Ripe {
                    project: ProjectId(row.project_id),
                    labeling_version: row.labeling_version,
                    answer,
                };
                let labeling = self.labeling(ripe.project, ripe.labeling_version).await?;
                self.give(&mut tx, model, task, &ripe, labeling, now)
                    .await?
            }
            false => false,
        };
        sqlx::query!(
            "update predictions set answer_due = false where task_id = $1 and model_id = $2",
            task.0,
            model.0
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(given))
    }

    /// Takes a place and answers. False, and nothing done, where the form has changed so that this is no answer any more, or the owner has
    /// blocked the model.
    async fn give(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        model: ModelId,
        task: TaskId,
        ripe: &Ripe,
        labeling: Option<Arc<Labeling>>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if labeling.is_none_or(|form| !validate_answer(&form, &ripe.answer).is_empty()) {
            return Ok(false);
        }
        let leased = TaskEvent::Leased.delta();
        let took = sqlx::query_scalar!(
            "select tasks_lease_v1($1, $2, $3, $4, $5, $6, $7) as \"took!\"",
            model.0,
            ripe.project.0,
            &[task.0],
            leased.leased,
            leased.places,
            LEASE_LIVES,
            now
        )
        .fetch_one(&mut **tx)
        .await?;
        if took {
            self.answer_lease(tx, model, task, ripe, now).await?;
        }
        Ok(took)
    }

    /// Ends the lease with the answer, as a submit does.
    async fn answer_lease(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        model: ModelId,
        task: TaskId,
        ripe: &Ripe,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let lease = sqlx::query!(
            "select h.token, coalesce(h.labeling_version, $3) as \"labeling_version!\", coalesce(h.reviewers_needed, p.reviewers_count)::smallint as \"reviewers_needed!\"
             from leases h join projects p on p.id = h.project_id where h.task_id = $1 and h.user_id = $2",
            task.0,
            model.0,
            ripe.labeling_version
        )
        .fetch_one(&mut **tx)
        .await?;
        let answer = NewAnswer {
            user: UserId(model.0),
            task,
            lease_token: LeaseToken(lease.token),
            answer: ripe.answer.clone(),
            active_millis: None,
        };
        let promise = Promise {
            labeling_version: lease.labeling_version,
            reviewers_needed: lease.reviewers_needed,
            // Nobody is paid for what a machine does.
            reward_points: 0,
        };
        self.hand_in(&mut **tx, &answer, promise, now).await?;
        Ok(())
    }

    /// Whether a model could answer the project's tasks alone, as the project's form is now.
    ///
    /// # Errors
    /// `invalid_spec`, `project_not_accepted`; or the database failed.
    pub async fn model_may_answer(&self, project: ProjectId, output: &ModelOutput) -> Result<()> {
        let mut conn = self.calls.acquire().await?;
        may_answer(&mut conn, project, output).await
    }
}

/// Refuses a model that would answer where the form asks for more than it says.
pub(crate) async fn may_answer(
    conn: &mut PgConnection,
    project: ProjectId,
    output: &ModelOutput,
) -> Result<()> {
    let labeling = in_force(conn, project).await?;
    let labeling = labeling.ok_or(Refusal::ProjectNotAccepted)?;
    match output.cannot_answer_alone(&labeling) {
        None => Ok(()),
        Some(why) => Err(Refusal::InvalidSpec {
            details: [("use.answerAbove".to_owned(), why)].into(),
        }
        .into()),
    }
}

/// A model's word as a person would have given it.
fn answer(field: &str, label: Value) -> Result<RawJson> {
    let corrupt = Error::Corrupt { what: "prediction" };
    RawJson::parse(json!({ field: label }).to_string()).map_err(|_| corrupt)
}
