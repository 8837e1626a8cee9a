//! What workers begin with: the word of a model, where its owner wants that. It is part of a task that somebody holds, and of none that
//! anybody could take.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    labeling::{FieldType, Labeling},
};
use serde_json::Value;
use uuid::Uuid;

use super::Task;
use crate::{Labelling, Result, answer_form::check_value};

/// How long it may take until a change of what workers begin with is seen.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The models that workers begin with, by project, so that a claim in any other project asks nothing.
#[derive(Debug, Default)]
pub(crate) struct Prefilling {
    known: RwLock<Option<(Instant, Arc<Models>)>>,
}

type Models = HashMap<ProjectId, Vec<Uuid>>;

impl Prefilling {
    fn get(&self) -> Option<Arc<Models>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (asked, models) = known.as_ref()?;
        (asked.elapsed() < REMEMBERED).then(|| Arc::clone(models))
    }

    fn put(&self, models: Models) -> Arc<Models> {
        let models = Arc::new(models);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), Arc::clone(&models)));
        models
    }
}

impl Labelling {
    /// Adds what a worker begins with to the tasks that they hold. Asked again it is the same.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn prefilled(
        &self,
        user: UserId,
        mut tasks: Vec<Task>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Task>> {
        let known = self.prefilling().await?;
        let mut models: Vec<Uuid> = Vec::new();
        for task in &tasks {
            models.extend(known.get(&task.project).into_iter().flatten());
        }
        if models.is_empty() {
            return Ok(tasks);
        }
        models.sort_unstable();
        models.dedup();
        let ids: Vec<i64> = tasks.iter().map(|task| task.id.0).collect();
        let rows = sqlx::query!(
            "select task_id as \"task_id!\", field as \"field!\", value as \"value!\" from prefill_v1($1, $2, $3, $4)",
            user.0,
            &models,
            &ids,
            now
        )
        .fetch_all(&self.calls)
        .await?;
        for row in rows {
            let Some(task) = tasks.iter_mut().find(|task| task.id.0 == row.task_id) else {
                continue;
            };
            let labeling = self.labeling(task.project, task.labeling_version).await?;
            if labeling.is_some_and(|labeling| is_an_answer(&labeling, &row.field, &row.value)) {
                task.prefill.insert(row.field, row.value);
            }
        }
        Ok(tasks)
    }

    async fn prefilling(&self) -> Result<Arc<Models>> {
        if let Some(known) = self.prefilling.get() {
            return Ok(known);
        }
        let rows = sqlx::query!(
            "select id as \"id!\", project_id as \"project_id!\" from prefilling_models_v1()"
        )
        .fetch_all(&self.calls)
        .await?;
        let mut models = Models::new();
        for row in rows {
            let of_project = models.entry(ProjectId(row.project_id)).or_default();
            of_project.push(row.id);
        }
        Ok(self.prefilling.put(models))
    }
}

/// Whether the form takes this answer: it may have changed since the model was applied, and a model's number may lie beyond its bounds.
fn is_an_answer(labeling: &Labeling, field: &str, value: &Value) -> bool {
    let field = labeling.fields.iter().find(|f| f.name == field);
    field.is_some_and(|field| match (field.kind, value) {
        (FieldType::SingleChoice, Value::String(label)) => field.options.contains(label),
        (FieldType::Boolean, Value::Bool(_)) => true,
        (FieldType::Number, number) => check_value(field, &number.to_string()).is_ok(),
        _ => false,
    })
}
