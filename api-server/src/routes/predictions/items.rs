//! `GET /predictions/{id}/items`.

use std::collections::BTreeMap;

use axum::extract::State;
use datacrowd_labelling::PredictionItem;
use datacrowd_protocol::ids::PredictionId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::{PageBody, WorkPaging},
    state::App,
};

/// What a model says of one item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionItemBody {
    /// None of gold, which is no task.
    task_id: Option<i64>,
    /// Its record number in the dataset's source.
    row_no: i64,
    external_id: Option<String>,
    /// As a person would give it; a number where the question wants one.
    #[schema(value_type = serde_json::Value, example = "synthetic")]
    label: serde_json::Value,
    /// Of the label, from 0 to 1; null of a number.
    #[schema(example = 0.97)]
    probability: Option<f64>,
    /// Of each label; empty of a number.
    probabilities: BTreeMap<String, f64>,
}

impl From<PredictionItem> for PredictionItemBody {
    fn from(item: PredictionItem) -> Self {
        Self {
            task_id: item.task.map(|task| task.0),
            row_no: item.row_no,
            external_id: item.external_id,
            label: item.label,
            probability: item.probability,
            probabilities: item.probabilities,
        }
    }
}

/// What the model says of the dataset's items, by their record numbers.
#[utoipa::path(get, path = "/predictions/{id}/items", tag = "predictions", params(("id" = Uuid, Path), WorkPaging), responses((status = 200, body = PageBody<PredictionItemBody>)))]
pub async fn prediction_items(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<WorkPaging>,
) -> ApiResult<axum::Json<PageBody<PredictionItemBody>>> {
    let prediction = app.core.prediction_get(owner.scope(), PredictionId(id));
    let prediction = prediction.await?;
    let after = paging.cursor().unwrap_or(0);
    let page = app
        .core
        .prediction_items(&prediction, after, paging.limit()?)
        .await?;
    Ok(axum::Json(PageBody::of(page)))
}
