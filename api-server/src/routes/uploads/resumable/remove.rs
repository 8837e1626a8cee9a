//! `DELETE /uploads/{id}/files/{fileId}`.

use axum::{extract::State, http::StatusCode};
use datacrowd_protocol::ids::{UploadFileId, UploadId};
use uuid::Uuid;

use super::{
    super::object::{self, named},
    Tus,
};
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App};

/// Take a large file back, whether it has arrived or not (tus 1.0, termination).
#[utoipa::path(delete, path = "/uploads/{id}/files/{fileId}", tag = "datasets",
    params(("id" = Uuid, Path), ("fileId" = Uuid, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 204)))]
pub async fn upload_file_remove(
    State(app): State<App>,
    owner: Owner,
    Path((id, file)): Path<(Uuid, Uuid)>,
    tus: Tus,
) -> ApiResult<StatusCode> {
    let (upload, file) = (UploadId(id), UploadFileId(file));
    let file = app.core.upload_file(owner.scope(), upload, file).await?;
    object::open(file.is_open)?;
    tus.check()?;
    let object = named(&app, &file.folder, &file.name)?;
    if file.is_done {
        app.objects.delete(&object).await?;
    } else {
        app.objects
            .multipart_abort(&object, &file.multipart)
            .await?;
    }
    app.core.upload_file_forget(file.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
