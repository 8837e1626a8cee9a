//! What a worker may work on.

pub mod get;
pub mod list;

use datacrowd_labelling::{WorkProject, answer_schema};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::routes::labeling::LabelingBody;

/// A project as its workers see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkProjectBody {
    id: Uuid,
    display_name: String,
    description: String,
    labeling_version: i32,
    labeling: LabelingBody,
    /// JSON Schema of an answer.
    #[schema(value_type = Object)]
    answer_schema: Value,
    my_answers: i64,
    progress: ProgressBody,
}

/// How far the project's tasks are.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressBody {
    /// Tasks that are neither approved nor rejected.
    open: i64,
    /// Answers of mine, whatever became of them.
    mine: i64,
    /// Tasks that are approved or rejected.
    done: i64,
}

impl From<WorkProject> for WorkProjectBody {
    fn from(p: WorkProject) -> Self {
        let answer_schema = answer_schema(&p.labeling);
        Self {
            id: p.id.0,
            display_name: p.display_name,
            description: p.description,
            labeling_version: p.labeling_version,
            labeling: LabelingBody::for_workers(p.labeling),
            answer_schema,
            my_answers: p.my_answers,
            progress: ProgressBody {
                open: p.open_tasks,
                mine: p.my_answers,
                done: p.done_tasks,
            },
        }
    }
}
