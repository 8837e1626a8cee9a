//! `DELETE /projects/{id}`: what refers to a project goes first.

use axum::{extract::State, http::StatusCode};
use datacrowd_crds as crds;
use datacrowd_labelling::{Dataset, Error, Export, Page, Project, Refusal};
use datacrowd_protocol::{ids::ProjectId, source::DeletionPolicy};
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

/// Rows read at once.
const PAGE: i64 = 200;

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
    what_refers_goes(&app, &at, &project).await?;
    let deleted = app
        .cluster
        .delete::<crds::Project>(&at, &project.name, uid)
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

/// Has everything deleted that refers to the project.
async fn what_refers_goes(app: &App, at: &Bound, project: &Project) -> ApiResult<()> {
    let (core, id, policy) = (&app.core, project.id, project.deletion_policy);
    let tenant = Some(project.tenant);
    delete_all(
        |after| core.prediction_list(id, after, PAGE),
        |one| async move { deletion::prediction(app, at, &one, policy).await },
    )
    .await?;
    delete_all(
        |after| core.model_list(id, after, PAGE),
        |one| async move { deletion::model(app, at, &one, policy).await },
    )
    .await?;
    delete_all(
        |after| core.export_list(tenant, id, None, after, PAGE),
        |one| async move { delete_export(app, at, &one, policy).await },
    )
    .await?;
    delete_all(
        |after| core.dataset_list(tenant, id, None, after, PAGE),
        |one| async move { delete_dataset(app, at, &one, policy).await },
    )
    .await
}

/// Deletes everything on the pages of a list.
async fn delete_all<T, L, D>(
    list: impl Fn(Option<Uuid>) -> L,
    delete: impl Fn(T) -> D,
) -> ApiResult<()>
where
    L: Future<Output = Result<Page<T>, Error>>,
    D: Future<Output = ApiResult<()>>,
{
    let mut after = None;
    loop {
        let page = list(after).await?;
        for one in page.items {
            delete(one).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn delete_export(
    app: &App,
    at: &Bound,
    export: &Export,
    policy: DeletionPolicy,
) -> ApiResult<()> {
    let Some(uid) = export.bound_uid else {
        return Ok(());
    };
    let deleted = app.cluster.delete::<crds::Export>(at, &export.name, uid);
    if deleted.await? == Deleted::Gone {
        app.core.export_delete(export.id, uid, policy).await?;
    }
    Ok(())
}

async fn delete_dataset(
    app: &App,
    at: &Bound,
    dataset: &Dataset,
    policy: DeletionPolicy,
) -> ApiResult<()> {
    let Some(uid) = dataset.bound_uid else {
        return Ok(());
    };
    let deleted = app.cluster.delete::<crds::Dataset>(at, &dataset.name, uid);
    if deleted.await? == Deleted::Gone {
        deletion::dataset(app, dataset.id, uid, policy).await?;
    }
    Ok(())
}
