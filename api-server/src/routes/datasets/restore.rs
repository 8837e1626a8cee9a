//! `POST /datasets/{id}/restore`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{
    Dataset as DatasetResource, DatasetSpec,
    dataset::{Inbox, ProjectRef, Source},
};
use datacrowd_labelling::Dataset;
use datacrowd_protocol::{
    ids::DatasetId, internal::DatasetState, labeling::Purpose, source::SourceFormat,
};
use serde_json::json;
use uuid::Uuid;

use super::DatasetBody;
use crate::{
    adopt,
    auth::Owner,
    error::{ApiError, ApiResult, Code},
    extract::Path,
    routes::restore::{refuse_live, there},
    state::App,
    upsert,
};

/// Bring a deleted dataset back: its tasks join the queue again, those that nobody answered as far as quota goes.
#[utoipa::path(post, path = "/datasets/{id}/restore", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 201, body = DatasetBody)))]
pub async fn dataset_restore(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    let tenant = app.core.tenant_get(dataset.tenant).await?;
    if dataset.state != DatasetState::Deleted {
        let (namespace, name) = (&dataset.namespace, &dataset.name);
        return Err(refuse_live::<DatasetResource>(&app, &tenant, namespace, name).await);
    }
    let project = app
        .core
        .project_find(owner.scope(), dataset.project)
        .await?;
    let project = project.live()?;
    let at = app.cluster.bound(&dataset.namespace, &tenant).await?;
    if dataset.own_credentials {
        return Err(ApiError::filled(
            Code::CredentialsNeeded,
            &[&dataset.name, &dataset.namespace],
        ));
    }
    owner
        .audit(&app, "dataset.restore", &id.to_string(), json!({}))
        .await?;
    let written = match there(&app, &at, &dataset.name).await? {
        Some(there) => there,
        None => {
            let resource = dataset_resource(&dataset, &project.name);
            app.cluster.apply(&at, &resource, false).await?
        }
    };
    let view = adopt::dataset(&app, upsert::seen(&written, &tenant.name)?).await?;
    let dataset = app.core.dataset_get(Some(tenant.id), view.id).await?;
    Ok((StatusCode::CREATED, axum::Json(DatasetBody::from(dataset))))
}

/// What was released to the controller before stays released.
fn dataset_resource(dataset: &Dataset, project: &str) -> DatasetResource {
    let is_inbox = dataset.format == SourceFormat::Inbox;
    let is_csv = dataset.format == SourceFormat::Csv;
    let selection = dataset.selection.clone().unwrap_or_default();
    let gold = dataset.gold.clone();
    let spec = DatasetSpec {
        project_ref: ProjectRef {
            name: project.to_owned(),
        },
        source: Source {
            uri: match is_inbox {
                true => String::new(),
                false => dataset.source_uri.clone(),
            },
            format: Some(dataset.format),
            delimiter: Some(dataset.delimiter).filter(|_| is_csv),
            encoding: Some(dataset.encoding).filter(|_| dataset.selection.is_none() && !is_inbox),
            multiline: Some(dataset.multiline).filter(|_| is_csv),
            include: selection.include,
            exclude: selection.exclude,
            companions: selection.companions,
            inbox: dataset.inbox.map(Inbox::from),
            credentials_secret_ref: None,
        },
        batch_size: Some(dataset.batch_size).filter(|_| !is_inbox),
        suspend: Some(!dataset.began),
        max_invalid_rows: Some(dataset.max_invalid_rows).filter(|_| !is_inbox),
        purpose: gold.as_ref().map(|_| Purpose::Gold),
        explain_column: gold.as_ref().and_then(|gold| gold.explain.clone()),
        gold_columns: gold.map(|gold| gold.columns).unwrap_or_default(),
    };
    let mut resource = DatasetResource::new(&dataset.name, spec);
    resource.metadata.namespace = Some(dataset.namespace.clone());
    resource
}
