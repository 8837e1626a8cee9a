//! What came of items: written once for each task and model, with the row that it is counted up to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    chunk::MAX_REASON_CHARS,
    ids::{PredictionId, RunId},
    model::{
        ItemFailed, ModelOutput, Predicted, PredictedWindow, PredictionsReport, PredictionsTaken,
    },
};
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{FailedItem, SHOWN_FAILED_ITEMS};
use crate::{Error, Labelling, Refusal, Result, models::stored, runs::require_hold};

/// The prediction that is written to, locked.
struct Job {
    model_id: Uuid,
    dataset_id: Uuid,
    after_row: i64,
    predicted: i64,
    failed: i64,
    failed_items: Json<Vec<FailedItem>>,
    output: Value,
}

/// What is new of a report, as columns.
#[derive(Default)]
pub(super) struct New {
    tasks: Vec<i64>,
    rows: Vec<i64>,
    labels: Vec<Value>,
    probability: Vec<Option<f64>>,
    probabilities: Vec<Value>,
    micros: Vec<i64>,
    windows: Vec<Option<Value>>,
    failed: Vec<FailedItem>,
    /// Windows of one item that are kept: none of a dataset's, of which there may be millions.
    most_windows: usize,
}

impl Labelling {
    /// Takes what came of items, and says how many of them, from the end of the report, were new. What was told of before
    /// changes nothing.
    ///
    /// # Errors
    /// `fenced`, `invalid_spec` for a label that the model has not, or no number of a model of numbers; or the database failed.
    pub async fn predictions_take(
        &self,
        run: RunId,
        prediction: PredictionId,
        report: &PredictionsReport,
        now: DateTime<Utc>,
    ) -> Result<(PredictionsTaken, usize)> {
        let mut tx = self.begin().await?;
        let mut job = lock(&mut tx, prediction).await?;
        require_hold(&mut tx, prediction, run, report.epoch, now).await?;
        let output: ModelOutput = stored(job.output.take())?;
        let fresh = report.items.iter().enumerate();
        let fresh = fresh.filter(|(_, item)| item.row_no > job.after_row);
        let mut new = New::default();
        let mut last = job.after_row;
        for (i, item) in fresh {
            if item.row_no <= last {
                let why = "must come in the order of record numbers, each once";
                return Err(invalid(i, "rowNo", why));
            }
            last = item.row_no;
            new.add(i, item, &output)?;
        }
        insert(&mut tx, job.model_id, job.dataset_id, &new, now).await?;
        let fresh = new.tasks.len() + new.failed.len();
        let taken = PredictionsTaken {
            predicted: job.predicted + count(new.tasks.len()),
            failed: job.failed + count(new.failed.len()),
        };
        let shown = job.failed_items.0.into_iter().chain(new.failed);
        sqlx::query!(
            "update prediction_jobs set after_row = $2, predicted = $3, failed = $4, failed_items = $5, updated_at = $6 where id = $1",
            prediction.0,
            last,
            taken.predicted,
            taken.failed,
            Json(shown.take(SHOWN_FAILED_ITEMS).collect::<Vec<_>>()) as _,
            now
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok((taken, fresh))
    }
}

impl New {
    /// With the windows of an item, up to so many.
    pub(super) fn with_windows(most_windows: usize) -> Self {
        Self {
            most_windows,
            ..Self::default()
        }
    }

    /// Adds what came of one item.
    pub(super) fn add(&mut self, i: usize, item: &Predicted, output: &ModelOutput) -> Result<()> {
        match (&item.label, &item.failure) {
            (Some(label), None) => {
                let label: Value = serde_json::from_str(label.get())
                    .map_err(|_| invalid(i, "label", "is no JSON; send a label of the model"))?;
                match output.is_number() {
                    true => check_number(i, item, &label)?,
                    false => check_label(i, item, &label, output)?,
                }
                self.tasks.push(item.task_id.0);
                self.rows.push(item.row_no);
                self.labels.push(label);
                self.probability.push(item.probability);
                self.probabilities.push(
                    serde_json::to_value(&item.probabilities)
                        .map_err(|_| Error::Corrupt { what: "prediction" })?,
                );
                self.micros.push(item.micros);
                self.windows.push(self.windows(i, item, output)?);
                Ok(())
            }
            (None, Some(ItemFailed { reason, message })) if item.probability.is_none() => {
                self.failed.push(FailedItem {
                    row_no: item.row_no,
                    reason: *reason,
                    message: message.chars().take(MAX_REASON_CHARS).collect(),
                });
                Ok(())
            }
            _ => Err(invalid(
                i,
                "label",
                "with its probability, or a failure: send one of the two",
            )),
        }
    }
}

impl New {
    /// The windows of an item as they are kept; nothing where none are told.
    fn windows(&self, i: usize, item: &Predicted, output: &ModelOutput) -> Result<Option<Value>> {
        let windows = &item.windows;
        if windows.len() > self.most_windows {
            let why = format!("are at most {} here; merge neighbours", self.most_windows);
            return Err(invalid(i, "windows", &why));
        }
        let is_word = |window: &PredictedWindow| {
            let of = &window.probabilities;
            window.value.is_some() == output.is_number()
                && of.len() == output.labels.len()
                && output.labels.iter().all(|label| of.contains_key(label))
                && of.values().all(|p| (0.0..=1.0).contains(p))
        };
        if !windows.iter().all(is_word) {
            let why = match output.is_number() {
                true => "must each have a value",
                false => "must each have the model's labels, from 0 to 1",
            };
            return Err(invalid(i, "windows", why));
        }
        let is_stretch =
            |window: &PredictedWindow| (0.0..window.end_seconds).contains(&window.start_seconds);
        let follows = |pair: &[PredictedWindow]| pair[0].start_seconds < pair[1].start_seconds;
        if !windows.iter().all(is_stretch) || !windows.windows(2).all(follows) {
            let why = "must each end behind where it starts, in the order of time";
            return Err(invalid(i, "windows", why));
        }
        if windows.is_empty() {
            return Ok(None);
        }
        let kept = serde_json::to_value(windows);
        kept.map(Some)
            .map_err(|_| Error::Corrupt { what: "prediction" })
    }
}

fn check_label(i: usize, item: &Predicted, label: &Value, output: &ModelOutput) -> Result<()> {
    let Some(probability) = item.probability else {
        let why = "with its probability, or a failure: send one of the two";
        return Err(invalid(i, "label", why));
    };
    if !output.labels.iter().any(|l| output.answer(l) == *label) {
        return Err(invalid(i, "label", "is no label of the model"));
    }
    let all = item.probabilities.values().chain([&probability]);
    let strange = item
        .probabilities
        .keys()
        .any(|l| !output.labels.contains(l));
    if strange || all.into_iter().any(|p| !(0.0..=1.0).contains(p)) {
        let why = "must be of the model's labels, each from 0 to 1";
        return Err(invalid(i, "probabilities", why));
    }
    Ok(())
}

fn check_number(i: usize, item: &Predicted, label: &Value) -> Result<()> {
    if !label.is_number() {
        return Err(invalid(i, "label", "must be a number"));
    }
    if item.probability.is_some() || !item.probabilities.is_empty() {
        let why = "belongs to a label, and this model says numbers; leave it out";
        return Err(invalid(i, "probability", why));
    }
    Ok(())
}

fn invalid(i: usize, member: &str, why: &str) -> Error {
    let details: BTreeMap<_, _> = [(format!("items[{i}].{member}"), why.to_owned())].into();
    Refusal::InvalidSpec { details }.into()
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

async fn lock(conn: &mut PgConnection, prediction: PredictionId) -> Result<Job> {
    // The prediction before its hold, as whoever deletes it.
    let job = sqlx::query_as!(
        Job,
        "select p.model_id, p.dataset_id, p.after_row, p.predicted, p.failed, p.failed_items as \"failed_items: Json<Vec<FailedItem>>\", m.output
         from prediction_jobs p join models m on m.id = p.model_id where p.id = $1 for update of p",
        prediction.0
    )
    .fetch_optional(conn)
    .await?;
    job.ok_or_else(|| Refusal::Tombstoned.into())
}

/// Writes the predictions, of tasks or of gold, and counts what the model did. A model that is applied to a dataset again says the last word.
pub(super) async fn insert(
    conn: &mut PgConnection,
    model: Uuid,
    dataset: Uuid,
    new: &New,
    now: DateTime<Utc>,
) -> Result<()> {
    if new.tasks.is_empty() {
        return Ok(());
    }
    // Its row first: whoever changes from when on it answers comes before this word, or looks at it afterwards.
    let answer_above = sqlx::query_scalar!(
        "update models set predicted = predicted + $2, micros = micros + $3 where id = $1 returning answer_above",
        model,
        count(new.tasks.len()),
        new.micros.iter().sum::<i64>()
    )
    .fetch_one(&mut *conn)
    .await?;
    let written = sqlx::query!(
        "insert into predictions as p (task_id, model_id, label, probability, probabilities, micros, windows, created_at, answer_due)
         select t.id, $1, u.label, u.probability, u.probabilities, u.micros, u.windows, $10,
                coalesce(u.probability >= $11, false) and t.slots_free > 0 and d.inbox is null
         from unnest($3::bigint[], $4::bigint[], $5::jsonb[], $6::float8[], $7::jsonb[], $8::bigint[], $9::jsonb[])
              as u (task_id, row_no, label, probability, probabilities, micros, windows)
         join tasks t on t.id = u.task_id and t.dataset_id = $2 and t.row_no = u.row_no join datasets d on d.id = t.dataset_id
         on conflict (task_id, model_id) do update set label = excluded.label, probability = excluded.probability,
             probabilities = excluded.probabilities, micros = excluded.micros, windows = excluded.windows,
             created_at = excluded.created_at, answer_due = excluded.answer_due",
        model,
        dataset,
        &new.tasks,
        &new.rows,
        &new.labels,
        &new.probability as _,
        &new.probabilities,
        &new.micros,
        &new.windows as _,
        now,
        answer_above
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    // What is no task is gold.
    if count(new.tasks.len()) > i64::try_from(written).unwrap_or(i64::MAX) {
        insert_gold(conn, model, dataset, new, now).await?;
    }
    Ok(())
}

/// The same of gold.
async fn insert_gold(
    conn: &mut PgConnection,
    model: Uuid,
    dataset: Uuid,
    new: &New,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into gold_predictions as p (item_id, model_id, label, probability, probabilities, micros, created_at)
         select i.id, $1, u.label, u.probability, u.probabilities, u.micros, $9
         from unnest($3::bigint[], $4::bigint[], $5::jsonb[], $6::float8[], $7::jsonb[], $8::bigint[])
              as u (item_id, row_no, label, probability, probabilities, micros)
         join gold_items i on i.id = u.item_id and i.dataset_id = $2 and i.row_no = u.row_no and i.task_id is null
         on conflict (item_id, model_id) do update set label = excluded.label, probability = excluded.probability,
             probabilities = excluded.probabilities, micros = excluded.micros, created_at = excluded.created_at",
        model,
        dataset,
        &new.tasks,
        &new.rows,
        &new.labels,
        &new.probability as _,
        &new.probabilities,
        &new.micros,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
