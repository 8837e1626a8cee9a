//! `GET /datasets/{id}`.

use axum::extract::State;
use datacrowd_crds::Dataset as DatasetResource;
use datacrowd_protocol::ids::DatasetId;
use uuid::Uuid;

use super::DatasetBody;
use crate::{
    auth::Owner, error::ApiResult, extract::Path, routes::condition::ConditionBody, state::App,
};

/// One dataset, with the progress of its generation.
#[utoipa::path(get, path = "/datasets/{id}", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 200, body = DatasetBody)))]
pub async fn dataset_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<DatasetBody>> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    let conditions = app.cluster.conditions::<DatasetResource>(
        &dataset.namespace,
        &dataset.name,
        dataset.bound_uid,
    );
    let conditions = conditions.await.map(ConditionBody::all);
    Ok(axum::Json(DatasetBody {
        conditions,
        ..dataset.into()
    }))
}
