//! Large files in several requests: tus 1.0 with the extensions creation and termination
//! (<https://tus.io/protocols/resumable-upload>). A broken line costs what came since the last whole part.

pub mod append;
pub mod begin;
mod metadata;
pub mod offset;
pub mod remove;

use std::{convert::Infallible, str::FromStr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request::Parts},
    response::Response,
};
use datacrowd_labelling::FileUpload;
use datacrowd_protocol::object::PlatformObject;

use crate::{
    error::{ApiError, ApiResult, Code},
    state::App,
};

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");

/// A request that keeps to the version of the protocol; what else it says is read by who knows its upload.
#[derive(Debug)]
pub struct Tus(Result<(), ApiError>);

impl Tus {
    /// Refuses another version.
    fn check(self) -> ApiResult<()> {
        self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tus {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let is_known = parts.headers.get(TUS_RESUMABLE) == Some(&VERSION);
        Ok(Self(
            is_known
                .then_some(())
                .ok_or_else(|| ApiError::new(Code::TusVersion)),
        ))
    }
}

/// Every answer names the version; one that refuses another, which there are.
pub async fn mark(mut response: Response) -> Response {
    let refused = response.status() == StatusCode::PRECONDITION_FAILED;
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, VERSION);
    if refused {
        headers.insert(TUS_VERSION, VERSION);
    }
    response
}

/// A header that holds a number of bytes.
fn bytes(headers: &HeaderMap, name: &HeaderName) -> ApiResult<i64> {
    let said = headers.get(name).and_then(|value| value.to_str().ok());
    let number = said.and_then(|said| i64::from_str(said).ok());
    number.filter(|number| *number >= 0).ok_or_else(|| {
        ApiError::invalid_member(
            name.as_str(),
            "is a header that must hold a number of bytes",
        )
    })
}

fn offset_of(file: &FileUpload) -> [(HeaderName, HeaderValue); 1] {
    [(UPLOAD_OFFSET, HeaderValue::from(file.offset()))]
}

/// Makes the object of a file whose last part is stored.
async fn finish(app: &App, file: &mut FileUpload, object: &PlatformObject) -> ApiResult<()> {
    if file.is_done || file.offset() < file.size_bytes {
        return Ok(());
    }
    let parts = app.core.upload_parts(file.id).await?;
    let made = app
        .objects
        .multipart_complete(object, &file.multipart, &parts);
    if let Err(error) = made.await {
        // Two requests stored it at once, with other bytes.
        if error.code() == Code::PartLost.name() {
            app.core.upload_parts_forget(file.id).await?;
        }
        return Err(error);
    }
    app.core.upload_file_done(file.id).await?;
    file.is_done = true;
    Ok(())
}
