//! `POST /projects/{id}/datasets`: a file as form data, or one that is in the bucket already; and inboxes, which read none.

pub mod inbox;
mod members;
mod receive;
mod uploaded;
mod uri;
mod wanted;

use axum::{
    Extension,
    extract::{Request, State},
    http::StatusCode,
    response::IntoResponse,
};
use datacrowd_protocol::ids::ProjectId;
use serde_json::json;
use uuid::Uuid;

pub use self::members::unknown;
use self::{
    uploaded::{UploadForm, from_form},
    uri::{NewDataset, from_uri},
};
use super::DatasetBody;
use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, is_form},
    idempotency::SameRequest,
    state::App,
};

/// Bring a dataset: a file as form data, or a JSON body that names one in the bucket.
#[utoipa::path(post, path = "/projects/{id}/datasets", tag = "datasets", params(("id" = Uuid, Path)),
    request_body(content((UploadForm = "multipart/form-data"), (NewDataset = "application/json"))), responses((status = 201, body = DatasetBody)))]
pub async fn dataset_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Path(id): Path<Uuid>,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let is_form = is_form(request.headers());
    let details = json!({"project": id, "upload": is_form});
    owner
        .audit(&app, "dataset.create", &id.to_string(), details)
        .await?;
    let (body, form) = if is_form {
        let (body, form) = from_form(&app, &project, request).await?;
        (body, Some(form))
    } else {
        (from_uri(&app, &project, same, request).await?, None)
    };
    Ok((StatusCode::CREATED, Extension(form), axum::Json(body)))
}
