//! `POST /datasets/{id}/retry`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{Dataset as DatasetResource, names::RETRY_AT};
use datacrowd_labelling::Refusal;
use datacrowd_protocol::{ids::DatasetId, internal::DatasetState};
use serde_json::json;
use uuid::Uuid;

use super::{DatasetBody, gone};
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Try a failed generation again.
#[utoipa::path(post, path = "/datasets/{id}/retry", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 202, body = DatasetBody)))]
pub async fn dataset_retry(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    match dataset.state {
        DatasetState::Failed => {}
        DatasetState::Deleted => return Err(gone(&dataset)),
        _ => return Err(Refusal::NothingToRetry.into()),
    }
    owner
        .audit(&app, "dataset.retry", &id.to_string(), json!({}))
        .await?;
    let tenant = app.core.tenant_get(dataset.tenant).await?;
    let at = app.cluster.bound(&dataset.namespace, &tenant).await?;
    app.cluster
        .annotate::<DatasetResource>(
            &at,
            &dataset.name,
            dataset.bound_uid,
            RETRY_AT,
            &app.now().to_rfc3339(),
        )
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(DatasetBody::from(dataset))))
}
