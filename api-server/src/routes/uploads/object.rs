//! Where a file of an upload goes, and what it is.

use axum::body::Body;
use bytes::Bytes;
use datacrowd_protocol::object::PlatformObject;
use futures::{Stream, StreamExt as _};
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    error::{ApiError, ApiResult, Code},
    state::App,
    upload_form::body::{Silent, Window, bounded, caused},
};

/// What a file is when its client does not say, or says what a browser would run.
const BYTES: &str = "application/octet-stream";

/// Refuses what comes too late.
pub(super) fn open(is_open: bool) -> ApiResult<()> {
    match is_open {
        true => Ok(()),
        false => Err(ApiError::new(Code::UploadClosed)),
    }
}

/// A file's path as it is kept: its letters composed.
pub(super) fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// The object that a file of this name becomes.
pub(super) fn named(app: &App, folder: &str, name: &str) -> ApiResult<PlatformObject> {
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
pub(super) fn content_type(said: Option<&str>) -> &'static str {
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
    let known = SHOWN.into_iter().find(|shown| said == Some(*shown));
    known.unwrap_or(BYTES)
}

/// The bytes of a file as they arrive.
pub(super) fn pieces(app: &App, body: Body) -> impl Stream<Item = ApiResult<Bytes>> + Send + use<> {
    let window = Window::default();
    let body = bounded(body, app.settings.upload_idle, &window);
    body.into_data_stream().map(move |piece| {
        window.open();
        piece.map_err(|error| broken(&error))
    })
}

fn broken(error: &axum::Error) -> ApiError {
    match caused::<Silent>(error) {
        true => ApiError::saying(
            Code::RequestTimeout,
            "Nothing more of the file came for too long; send it again.",
        ),
        false => ApiError::saying(
            Code::BadRequest,
            "The file did not arrive whole; send it again.",
        ),
    }
}
