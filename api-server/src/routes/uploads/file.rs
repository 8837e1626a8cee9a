//! `PUT /uploads/{id}/file`.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
};
use bytes::Bytes;
use datacrowd_protocol::{ids::UploadId, object::PlatformObject};
use futures::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    guards::time_limit::TimeLimit,
    state::App,
    upload_form::{
        body::{Silent, Window, bounded, caused},
        too_large,
    },
};

/// What a file is when its client does not say, or says what a browser would run.
const BYTES: &str = "application/octet-stream";

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
    if !upload.is_open {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "upload_closed",
            "A dataset was made of this upload, or a day is over; begin another one for more files.",
        ));
    }
    // Asked for only now: who has no such upload is told nothing else.
    let name = named
        .name
        .ok_or_else(|| ApiError::invalid_member("name", "is missing"))?;
    let name: String = name.nfc().collect();
    let object = object(&app, &upload.key, &name)?;
    TimeLimit::of(request.extensions()).lift();
    let content_type = content_type(&request);
    let pieces = pieces(&app, request.into_body());
    let stored = app.objects.store(&object, content_type, pieces).await?;
    Ok(axum::Json(UploadedFileBody {
        name,
        size_bytes: stored.size_bytes,
        sha256: stored.sha256,
    }))
}

fn object(app: &App, folder: &str, name: &str) -> ApiResult<PlatformObject> {
    let folder = app.objects.written_folder(folder);
    let folder = folder.ok_or_else(ApiError::not_found)?;
    let object = folder.object(&format!("{}{name}", folder.prefix()));
    object.ok_or_else(|| {
        ApiError::invalid_member(
            "name",
            "must be a path without empty, \".\" or \"..\" segments and control characters, of at most 1024 bytes with the folder's",
        )
    })
}

/// What a browser may be told that it is: nothing that holds script.
fn content_type(request: &Request) -> &'static str {
    const SHOWN: [&str; 14] = [
        "audio/aac",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
        "image/avif",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "video/webm",
    ];
    let said = request.headers().get(CONTENT_TYPE);
    let said = said.and_then(|said| said.to_str().ok());
    let known = SHOWN.into_iter().find(|shown| said == Some(*shown));
    known.unwrap_or(BYTES)
}

/// The body as it arrives, as long as a file may be.
fn pieces(app: &App, body: Body) -> impl Stream<Item = ApiResult<Bytes>> + Send + use<> {
    let window = Window::default();
    let most = app.settings.max_upload_bytes;
    let body = bounded(body, app.settings.upload_idle, &window);
    let mut seen = 0;
    body.into_data_stream().map(move |piece| {
        window.open();
        let piece = piece.map_err(|error| broken(&error))?;
        seen += piece.len() as u64;
        match seen <= most {
            true => Ok(piece),
            false => Err(too_large()),
        }
    })
}

fn broken(error: &axum::Error) -> ApiError {
    match caused::<Silent>(error) {
        true => ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "Nothing more of the file came for too long; send it again.",
        ),
        false => ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The file did not arrive whole; send it again.",
        ),
    }
}
