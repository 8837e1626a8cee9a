//! Bringing back what was deleted: the resource is written again from its row, and adopts the rows there are.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{
    Dataset as DatasetResource, DatasetSpec, Project as ProjectResource, ProjectSpec,
    dataset::{ProjectRef, Source},
};
use datacrowd_labelling::{Dataset, Project, Tenant};
use datacrowd_protocol::{
    ids::{DatasetId, ProjectId},
    internal::{DatasetState, ProjectState},
    source::SourceFormat,
};
use serde_json::json;
use uuid::Uuid;

use super::{datasets::DatasetBody, projects, projects::ProjectBody};
use crate::{
    adopt,
    auth::Owner,
    cluster::{Bound, Kind},
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
    upsert,
};

fn not_deleted() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "not_deleted",
        "It is there already; nothing is to be brought back.",
    )
}

/// Refuses what is not deleted: as what is there, or as what is just going, which the platform hears of a moment later.
async fn refuse_live<K: Kind>(app: &App, tenant: &Tenant, namespace: &str, name: &str) -> ApiError {
    let look = async {
        let at = app.cluster.bound(namespace, tenant).await?;
        app.cluster.get::<K>(&at, name).await
    };
    match look.await {
        Err(error) => error,
        Ok(Some(there)) if there.meta().deletion_timestamp.is_none() => not_deleted(),
        Ok(_) => being_deleted(),
    }
}

fn being_deleted() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "being_deleted",
        "It is just being deleted; try again in a moment.",
    )
    .retry_after(1)
}

/// The resource under this name, if there is one that stays.
async fn there<K: Kind>(app: &App, at: &Bound, name: &str) -> ApiResult<Option<K>> {
    match app.cluster.get::<K>(at, name).await? {
        Some(going) if going.meta().deletion_timestamp.is_some() => Err(being_deleted()),
        found => Ok(found),
    }
}

/// Bring a deleted project back, as it was: its form, its quota and its payments. Its datasets are brought back one by one.
#[utoipa::path(post, path = "/projects/{id}/restore", tag = "projects", params(("id" = Uuid, Path)), responses((status = 201, body = ProjectBody)))]
pub async fn project_restore(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    if project.state != ProjectState::Deleted {
        let (namespace, name) = (&project.namespace, &project.name);
        return Err(refuse_live::<ProjectResource>(&app, &tenant, namespace, name).await);
    }
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let resource = project_resource(&project).ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            "never_in_force",
            "The project's form was never in force, so nothing is known to bring back; create a new project.",
        )
    })?;
    owner
        .audit(&app, "project.restore", &id.to_string(), json!({}))
        .await?;
    // One that was applied meanwhile is as good.
    let written = match there(&app, &at, &project.name).await? {
        Some(there) => there,
        None => app.cluster.apply(&at, &resource, false).await?,
    };
    let project = projects::index(&app, &tenant, &written).await?;
    Ok((StatusCode::CREATED, axum::Json(ProjectBody::from(project))))
}

fn project_resource(project: &Project) -> Option<ProjectResource> {
    let spec = ProjectSpec {
        display_name: project.display_name.clone(),
        description: (!project.description.is_empty()).then(|| project.description.clone()),
        data_type: project.data_type,
        paused: project.paused.then_some(true),
        closed: project.closed.then_some(true),
        deletion_policy: Some(project.deletion_policy),
        labeling: project.labeling.clone()?,
    };
    let mut resource = ProjectResource::new(&project.name, spec);
    resource.metadata.namespace = Some(project.namespace.clone());
    Some(resource)
}

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
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "credentials_needed",
            format!(
                "Its source is read with credentials that only the cluster knows; apply Dataset \"{}\" with its credentialsSecretRef in namespace {} again.",
                dataset.name, dataset.namespace
            ),
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
    let is_csv = dataset.format == SourceFormat::Csv;
    let spec = DatasetSpec {
        project_ref: ProjectRef {
            name: project.to_owned(),
        },
        source: Source {
            uri: dataset.source_uri.clone(),
            format: Some(dataset.format),
            delimiter: Some(dataset.delimiter).filter(|_| is_csv),
            encoding: Some(dataset.encoding),
            multiline: Some(dataset.multiline).filter(|_| is_csv),
            credentials_secret_ref: None,
        },
        batch_size: Some(dataset.batch_size),
        suspend: Some(!dataset.began),
        max_invalid_rows: Some(dataset.max_invalid_rows),
    };
    let mut resource = DatasetResource::new(&dataset.name, spec);
    resource.metadata.namespace = Some(dataset.namespace.clone());
    resource
}
