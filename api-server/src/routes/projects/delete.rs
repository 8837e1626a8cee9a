//! `DELETE /projects/{id}`: what refers to a project goes first.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds::{Dataset, Export, Project as ProjectResource};
use datacrowd_labelling::{Error, Project, Refusal};
use datacrowd_protocol::ids::ProjectId;
use serde_json::json;
use uuid::Uuid;

use crate::{app::App, auth::Owner, cluster::Deleted, deletion, error::ApiResult, extract::Path};

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
    owner
        .audit(&app, "project.delete", &id.to_string(), json!({}))
        .await?;
    delete_exports(&app, &project).await?;
    delete_datasets(&app, &project).await?;
    let deleted = app
        .cluster
        .delete::<ProjectResource>(&project.namespace, &project.name)
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

async fn delete_exports(app: &App, project: &Project) -> ApiResult<()> {
    let mut after = None;
    loop {
        let tenant = Some(project.tenant);
        let page = app
            .core
            .export_list(tenant, project.id, None, after, 200)
            .await?;
        for export in &page.items {
            let deleted = app
                .cluster
                .delete::<Export>(&export.namespace, &export.name)
                .await?;
            if let (Deleted::Gone, Some(uid)) = (deleted, export.bound_uid) {
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

async fn delete_datasets(app: &App, project: &Project) -> ApiResult<()> {
    let mut after = None;
    loop {
        let tenant = Some(project.tenant);
        let page = app
            .core
            .dataset_list(tenant, project.id, None, after, 200)
            .await?;
        for dataset in &page.items {
            let deleted = app
                .cluster
                .delete::<Dataset>(&dataset.namespace, &dataset.name)
                .await?;
            if let (Deleted::Gone, Some(uid)) = (deleted, dataset.bound_uid) {
                deletion::dataset(app, dataset.id, uid, project.deletion_policy).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
