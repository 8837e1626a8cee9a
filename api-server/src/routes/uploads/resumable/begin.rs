//! `POST /uploads/{id}/files`.

use axum::{
    extract::{OriginalUri, State},
    http::{HeaderMap, HeaderName, StatusCode, header::LOCATION},
    response::IntoResponse,
};
use datacrowd_labelling::NewFile;
use datacrowd_protocol::{
    ids::{UploadFileId, UploadId},
    object::PlatformObject,
};
use futures::stream;
use uuid::Uuid;

use super::{
    super::object::{self, composed, content_type, named},
    Tus, UPLOAD_LENGTH, bytes,
    metadata::metadata,
};
use crate::{auth::Owner, error::ApiResult, extract::Path, state::App, upload_form::too_large};

/// Bytes of a part, where so many are enough.
const PART_BYTES: i64 = 8 * 1024 * 1024;
/// Most parts that an object store takes.
const MOST_PARTS: i64 = 10_000;

/// Bytes of each part but the last.
fn part_bytes(size: i64) -> i64 {
    PART_BYTES.max((size + MOST_PARTS - 1) / MOST_PARTS)
}

/// Begin a large file that arrives in several requests (tus 1.0, creation). `Upload-Metadata` holds `filename` and may hold
/// `filetype`, both in base64; `Location` is where the bytes go.
#[utoipa::path(post, path = "/uploads/{id}/files", tag = "datasets",
    params(("id" = Uuid, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Length" = i64, Header, description = "The file's size in bytes."),
        ("Upload-Metadata" = String, Header, description = "`filename Yi53YXY=,filetype YXVkaW8vd2F2`")),
    responses((status = 201, description = "Send the bytes to Location.", headers(("Location" = String), ("Tus-Resumable" = String)))))]
pub async fn upload_file_begin(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    OriginalUri(uri): OriginalUri,
    tus: Tus,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    let upload = UploadId(id);
    let folder = app.core.folder_upload(owner.scope(), upload).await?;
    object::open(folder.is_open)?;
    tus.check()?;
    let size_bytes = bytes(&headers, &UPLOAD_LENGTH)?;
    if size_bytes.unsigned_abs() > app.settings.max_upload_bytes {
        return Err(too_large());
    }
    let metadata = metadata(&headers)?;
    let name = composed(&metadata.filename);
    let object = named(&app, &folder.key, &name)?;
    let content_type = content_type(metadata.filetype.as_deref());
    let id = UploadFileId(Uuid::now_v7());
    let location: [(HeaderName, String); 1] = [(LOCATION, format!("{}/{id}", uri.path()))];
    if size_bytes == 0 {
        app.objects
            .store(&object, content_type, stream::empty())
            .await?;
    }
    let multipart = match size_bytes {
        0 => String::new(),
        _ => app.objects.multipart_begin(&object, content_type).await?,
    };
    let file = NewFile {
        id,
        name: &name,
        size_bytes,
        part_bytes: part_bytes(size_bytes),
        multipart: &multipart,
    };
    record(&app, upload, &file, &object).await?;
    Ok((StatusCode::CREATED, location))
}

/// Records the file, or leaves nothing of it where its folder was closed meanwhile.
async fn record(
    app: &App,
    upload: UploadId,
    file: &NewFile<'_>,
    object: &PlatformObject,
) -> ApiResult<()> {
    if app.core.upload_file_begin(upload, file).await? {
        return match file.size_bytes {
            0 => Ok(app.core.upload_file_done(file.id).await?),
            _ => Ok(()),
        };
    }
    if !file.multipart.is_empty() {
        app.objects.multipart_abort(object, file.multipart).await?;
    }
    object::open(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_many_as_an_object_store_takes() {
        for size in [1, PART_BYTES, PART_BYTES * MOST_PARTS, 1 << 43] {
            assert!(size <= part_bytes(size) * MOST_PARTS, "{size}");
        }
        assert_eq!(part_bytes(1 << 30), PART_BYTES);
    }
}
