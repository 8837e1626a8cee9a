//! `DELETE /projects/{id}`: what refers to a project goes first.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{Dataset, Export, Project as ProjectResource};
use datacrowd_labelling::{Error, Project, Refusal};
use datacrowd_protocol::ids::ProjectId;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::Owner,
    cluster::{Bound, Deleted},
    deletion,
    error::ApiResult,
    extract::Path,
    state::App,
};

/// Delete a project and what refers to it; rows stay or go by its deletion policy, what was paid for stays.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", params(("id" = Uuid, Path)), responses((status = 202)))]
pub async fn project_delete(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    let project = app.core.project_get(owner.scope(), ProjectId(id)).await?;
    let Some(uid) = project.bound_uid else {
        return Err(project.deleted().unwrap_or(Refusal::NotFound).into());
    };
    let tenant = app.core.tenant_get(project.tenant).await?;
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    owner
        .audit(&app, "project.delete", &id.to_string(), json!({}))
        .await?;
    delete_predictions(&app, &at, &project).await?;
    delete_models(&app, &at, &project).await?;
    delete_exports(&app, &at, &project).await?;
    delete_datasets(&app, &at, &project).await?;
    let deleted = app
        .cluster
        .delete::<ProjectResource>(&at, &project.name, uid)
        .await?;
    if deleted == Deleted::Gone {
        let told = app
            .core
            .project_delete(project.id, uid, project.deletion_policy)
            .await;
        match told {
            // What refers to it is still going; without it, nobody works there any more.
            Err(Error::Refused(Refusal::InUse { .. })) => {
                app.core.project_unbind(project.id, uid).await?;
            }
            told => told?,
        }
    }
    Ok(StatusCode::ACCEPTED)
}

async fn delete_predictions(app: &App, at: &Bound, project: &Project) -> ApiResult<()> {
    let mut after = None;
    loop {
        let page = app.core.prediction_list(project.id, after, 200).await?;
        for prediction in &page.items {
            deletion::prediction(app, at, prediction, project.deletion_policy).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn delete_models(app: &App, at: &Bound, project: &Project) -> ApiResult<()> {
    let mut after = None;
    loop {
        let page = app.core.model_list(project.id, after, 200).await?;
        for model in &page.items {
            deletion::model(app, at, model, project.deletion_policy).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn delete_exports(app: &App, at: &Bound, project: &Project) -> ApiResult<()> {
    let mut after = None;
    loop {
        let tenant = Some(project.tenant);
        let page = app
            .core
            .export_list(tenant, project.id, None, after, 200)
            .await?;
        for export in &page.items {
            let Some(uid) = export.bound_uid else {
                continue;
            };
            let deleted = app.cluster.delete::<Export>(at, &export.name, uid).await?;
            if deleted == Deleted::Gone {
                app.core
                    .export_delete(export.id, uid, project.deletion_policy)
                    .await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn delete_datasets(app: &App, at: &Bound, project: &Project) -> ApiResult<()> {
    let mut after = None;
    loop {
        let tenant = Some(project.tenant);
        let page = app
            .core
            .dataset_list(tenant, project.id, None, after, 200)
            .await?;
        for dataset in &page.items {
            let Some(uid) = dataset.bound_uid else {
                continue;
            };
            let deleted = app
                .cluster
                .delete::<Dataset>(at, &dataset.name, uid)
                .await?;
            if deleted == Deleted::Gone {
                deletion::dataset(app, dataset.id, uid, project.deletion_policy).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
