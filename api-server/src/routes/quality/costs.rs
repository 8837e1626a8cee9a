//! `GET /projects/{id}/quality/costs`.

use axum::extract::State;
use datacrowd_labelling::{Cost, Costs};
use datacrowd_protocol::ids::ProjectId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::measured;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    state::App,
};

/// What is asked, the least sure first.
const CONFIDENCES: [f64; 11] = [
    0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99,
];
/// Most answers that a task may have.
const MOST_ANSWERS: u32 = 25;

/// What labels cost that are so sure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostsBody {
    /// The field with the consensus, else the first of one choice, or of true or false; null without an answer to one.
    #[schema(example = "rating")]
    field: Option<String>,
    /// Tasks of the latest 10,000 approved answers.
    tasks: usize,
    /// Answers that they have on average.
    answers_per_task: f64,
    /// The least sure first.
    costs: Vec<CostBody>,
}

/// What a label costs that is so sure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostBody {
    /// How probable the label is.
    #[schema(example = 0.9)]
    confidence: f64,
    /// Answers, and so judgements, that a task would have needed on average.
    #[schema(example = 2.4)]
    answers_per_task: f64,
    /// Share of tasks that would have been as sure by the answers that they have; the others would want more.
    #[schema(example = 0.97)]
    sure: f64,
}

impl From<Cost> for CostBody {
    fn from(c: Cost) -> Self {
        Self {
            confidence: c.confidence,
            answers_per_task: c.answers_per_task,
            sure: c.sure,
        }
    }
}

impl From<Option<Costs>> for CostsBody {
    fn from(costs: Option<Costs>) -> Self {
        match costs {
            Some(c) => Self {
                field: Some(c.field),
                tasks: c.tasks,
                answers_per_task: c.answers_per_task,
                costs: c.at.into_iter().map(Into::into).collect(),
            },
            None => Self {
                field: None,
                tasks: 0,
                answers_per_task: 0.0,
                costs: Vec::new(),
            },
        }
    }
}

/// With how many answers a task begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Least {
    /// Answers that each task gets at least, 1 to 25; 1 when absent.
    min_answers: Option<u32>,
}

/// What labels cost that are so sure, told by the project's latest answers: each task's are given again in their order, and stopped
/// where `labeling.consensus` with this confidence would have stopped them. `docs/quality.md` says what it cannot tell.
#[utoipa::path(get, path = "/projects/{id}/quality/costs", tag = "quality", params(("id" = Uuid, Path), Least), responses((status = 200, body = CostsBody)))]
pub async fn label_costs(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(least): Query<Least>,
) -> ApiResult<axum::Json<CostsBody>> {
    let least = least.min_answers.unwrap_or(1);
    if !(1..=MOST_ANSWERS).contains(&least) {
        return Err(ApiError::invalid_member(
            "minAnswers",
            "must be between 1 and 25",
        ));
    }
    let sample = app
        .core
        .quality_sample(owner.scope(), ProjectId(id))
        .await?;
    let costs = measured(move || sample.costs(least, &CONFIDENCES)).await?;
    Ok(axum::Json(costs.into()))
}
