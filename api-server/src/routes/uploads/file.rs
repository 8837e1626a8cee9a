//! `PUT /uploads/{id}/file`.

use axum::{
    extract::{Request, State},
    http::header::CONTENT_TYPE,
};
use datacrowd_protocol::ids::UploadId;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::object;
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    guards::time_limit::TimeLimit,
    state::App,
    upload_form::too_large,
};

/// Which file it is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// Its path within the folder, such as `2026/a.wav`.
    #[param(required)]
    name: Option<String>,
}

/// A file that arrived whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadedFileBody {
    /// Its path within the folder, its letters composed (NFC).
    #[schema(example = "2026/a.wav")]
    name: String,
    size_bytes: i64,
    /// In hexadecimal.
    sha256: String,
}

/// Put a file into a folder. The body is the file; the same name again replaces it.
#[utoipa::path(put, path = "/uploads/{id}/file", tag = "datasets", params(("id" = Uuid, Path), Named), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, body = UploadedFileBody)))]
pub async fn upload_file(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(named): Query<Named>,
    request: Request,
) -> ApiResult<axum::Json<UploadedFileBody>> {
    let upload = app.core.folder_upload(owner.scope(), UploadId(id)).await?;
    object::open(upload.is_open)?;
    // Asked for only now: who has no such upload is told nothing else.
    let name = named
        .name
        .ok_or_else(|| ApiError::invalid_member("name", "is missing"))?;
    let name = object::composed(&name);
    let object = object::named(&app, &upload.key, &name)?;
    TimeLimit::of(request.extensions()).lift();
    let said = request.headers().get(CONTENT_TYPE);
    let content_type = object::content_type(said.and_then(|said| said.to_str().ok()));
    let (mut seen, most) = (0, app.settings.max_upload_bytes);
    let pieces = object::pieces(&app, request.into_body()).map(move |piece| {
        let piece = piece?;
        seen += piece.len() as u64;
        match seen <= most {
            true => Ok(piece),
            false => Err(too_large()),
        }
    });
    let stored = app.objects.store(&object, content_type, pieces).await?;
    Ok(axum::Json(UploadedFileBody {
        name,
        size_bytes: stored.size_bytes,
        sha256: stored.sha256,
    }))
}
