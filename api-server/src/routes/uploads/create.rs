//! `POST /projects/{id}/uploads`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_protocol::ids::{ProjectId, UploadId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::Path,
    state::App,
};

/// A folder that files may be put into for a day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadBody {
    id: Uuid,
    /// What a dataset of the files names: `s3://bucket/…/`
    #[schema(
        example = "s3://datacrowd/team-a/datasets/0197f3c0-0000-7000-8000-000000000001/files/"
    )]
    source_uri: String,
}

/// Begin a folder: put each file with `PUT /uploads/{id}/file`, then create a dataset of its `sourceUri`. What no
/// dataset names within a day is removed.
#[utoipa::path(post, path = "/projects/{id}/uploads", tag = "datasets", params(("id" = Uuid, Path)), responses((status = 201, body = UploadBody)))]
pub async fn upload_create(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    app.cluster.bound(&project.namespace, &tenant).await?;
    let upload = UploadId(Uuid::now_v7());
    let key = format!("{}/datasets/{upload}/files/", project.namespace);
    let folder = app.objects.written_folder(&key);
    let folder = folder.ok_or_else(ApiError::not_found)?;
    owner
        .audit(
            &app,
            "upload.create",
            &upload.to_string(),
            json!({"project": id}),
        )
        .await?;
    app.core
        .upload_open(upload, project.tenant, &key, None)
        .await?;
    let body = UploadBody {
        id: upload.0,
        source_uri: folder.to_string(),
    };
    Ok((StatusCode::CREATED, axum::Json(body)))
}
