//! `HEAD /uploads/{id}/files/{fileId}`.

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header::CACHE_CONTROL},
    response::IntoResponse,
};
use datacrowd_protocol::ids::{UploadFileId, UploadId};
use uuid::Uuid;

use super::{super::object::named, Tus, UPLOAD_LENGTH, finish, offset_of};
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// How much of a large file has arrived (tus 1.0): `Upload-Offset` of `Upload-Length` bytes.
#[utoipa::path(head, path = "/uploads/{id}/files/{fileId}", tag = "datasets",
    params(("id" = Uuid, Path), ("fileId" = Uuid, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 200, description = "Go on from Upload-Offset.", headers(("Upload-Offset" = i64), ("Upload-Length" = i64), ("Tus-Resumable" = String)))))]
pub async fn upload_file_offset(
    State(app): State<App>,
    owner: Owner,
    Path((id, file)): Path<(Uuid, Uuid)>,
    tus: Tus,
) -> ApiResult<impl IntoResponse> {
    let (upload, file) = (UploadId(id), UploadFileId(file));
    let mut file = app.core.upload_file(owner.scope(), upload, file).await?;
    tus.check()?;
    if file.is_open {
        let object = named(&app, &file.folder, &file.name)?;
        finish(&app, &mut file, &object).await?;
    }
    let length: [(HeaderName, HeaderValue); 2] = [
        (UPLOAD_LENGTH, HeaderValue::from(file.size_bytes)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((offset_of(&file), length))
}
