//! `DELETE /datasets/{id}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{Dataset as DatasetResource, names::DELETE_ROWS};
use datacrowd_protocol::{ids::DatasetId, internal::DatasetState, source::DeletionPolicy};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use super::gone;
use crate::{
    auth::Owner,
    cluster::Deleted,
    deletion,
    error::ApiResult,
    extract::{Path, Query},
    state::App,
};

/// Whether the rows go, too.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Rows {
    /// True: the dataset's rows go whatever the project's deletion policy is, also those of one that was deleted before.
    #[serde(default)]
    rows: bool,
}

/// Delete a dataset: tasks that nobody answered are credited. Rows stay or go by the project's deletion policy; with `rows=true` they go.
#[utoipa::path(delete, path = "/datasets/{id}", tag = "datasets", params(("id" = Uuid, Path), Rows), responses((status = 202)))]
pub async fn dataset_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(Rows { rows }): Query<Rows>,
) -> ApiResult<StatusCode> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    if dataset.state == DatasetState::Deleted && !rows {
        return Err(gone(&dataset));
    }
    let tenant = app.core.tenant_get(dataset.tenant).await?;
    owner
        .audit(
            &app,
            "dataset.delete",
            &id.to_string(),
            json!({"rows": rows}),
        )
        .await?;
    let Some(uid) = dataset.bound_uid else {
        app.core.dataset_rows_discard(dataset.id).await?;
        deletion::go_on(&app, dataset.id).await?;
        return Ok(StatusCode::ACCEPTED);
    };
    let at = app.cluster.bound(&dataset.namespace, &tenant).await?;
    if rows {
        let marked = app
            .cluster
            .annotate::<DatasetResource>(
                &at,
                &dataset.name,
                Some(uid),
                DELETE_ROWS,
                &id.to_string(),
            )
            .await;
        // One that is gone is told below.
        match marked {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    let deleted = app
        .cluster
        .delete::<DatasetResource>(&at, &dataset.name, uid)
        .await?;
    if deleted == Deleted::Gone {
        let policy = match rows {
            true => DeletionPolicy::Delete,
            false => dataset.deletion_policy,
        };
        deletion::dataset(&app, dataset.id, uid, policy).await?;
    }
    Ok(StatusCode::ACCEPTED)
}
