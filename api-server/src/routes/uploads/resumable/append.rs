//! `PATCH /uploads/{id}/files/{fileId}`.

use std::pin::pin;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::IntoResponse,
};
use bytes::{Bytes, BytesMut};
use datacrowd_labelling::FileUpload;
use datacrowd_protocol::{
    ids::{UploadFileId, UploadId},
    object::PlatformObject,
};
use futures::{Stream, TryStreamExt as _};
use uuid::Uuid;

use super::{
    super::object::{self, named, pieces},
    Tus, UPLOAD_OFFSET, bytes, finish, offset_of,
};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult, Code},
    extract::Path,
    guards::time_limit::TimeLimit,
    state::App,
};

/// What the body of a request is.
const OFFSET_OCTET_STREAM: &str = "application/offset+octet-stream";

/// Send bytes of a large file from where it stands (tus 1.0): all of the rest, or at least 8 MiB at once. Only whole parts
/// are kept of a request that breaks off; the answer's `Upload-Offset` says from where to go on.
#[utoipa::path(patch, path = "/uploads/{id}/files/{fileId}", tag = "datasets",
    params(("id" = Uuid, Path), ("fileId" = Uuid, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Offset" = i64, Header, description = "From where the body goes on.")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "Kept as far as Upload-Offset.", headers(("Upload-Offset" = i64), ("Tus-Resumable" = String)))))]
pub async fn upload_file_append(
    State(app): State<App>,
    owner: Owner,
    Path((id, file)): Path<(Uuid, Uuid)>,
    tus: Tus,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let (upload, file) = (UploadId(id), UploadFileId(file));
    let mut file = app.core.upload_file(owner.scope(), upload, file).await?;
    object::open(file.is_open)?;
    tus.check()?;
    let object = named(&app, &file.folder, &file.name)?;
    admit(&file, request.headers())?;
    let writer = Uuid::now_v7();
    if !file.is_done
        && !app
            .core
            .upload_file_take(file.id, writer, file.parts)
            .await?
    {
        return Err(taken());
    }
    TimeLimit::of(request.extensions()).lift();
    let body = pieces(&app, request.into_body());
    let mut receiver = Receiver {
        app: &app,
        object: &object,
        writer,
        file: &mut file,
    };
    receiver.receive(body).await?;
    finish(&app, &mut file, &object).await?;
    Ok((StatusCode::NO_CONTENT, offset_of(&file)))
}

/// Refuses what does not go on from where the file stands, or would never get on.
fn admit(file: &FileUpload, headers: &HeaderMap) -> ApiResult<()> {
    let said = headers
        .get(CONTENT_TYPE)
        .and_then(|said| said.to_str().ok());
    if said != Some(OFFSET_OCTET_STREAM) {
        return Err(ApiError::saying(
            Code::UnsupportedMediaType,
            "Send the bytes with Content-Type: application/offset+octet-stream.",
        ));
    }
    if bytes(headers, &UPLOAD_OFFSET)? != file.offset() {
        return Err(ApiError::filled(Code::WrongOffset, &[&file.offset()]));
    }
    let rest = file.size_bytes - file.offset();
    match headers.contains_key(CONTENT_LENGTH) {
        false => Ok(()),
        true => fits(bytes(headers, &CONTENT_LENGTH)?, rest, file.part_bytes),
    }
}

/// Whether a body of so many bytes is part of the rest, and makes at least one part.
fn fits(length: i64, rest: i64, part: i64) -> ApiResult<()> {
    if length > rest {
        return Err(beyond());
    }
    match length >= part.min(rest) {
        true => Ok(()),
        false => Err(ApiError::invalid_member(
            CONTENT_LENGTH.as_str(),
            format!("must be all of the rest, or at least {part}"),
        )),
    }
}

fn beyond() -> ApiError {
    ApiError::invalid_member(
        "body",
        "holds more than is left of the file; begin another file for other bytes",
    )
}

/// Somebody else goes on with the file.
fn taken() -> ApiError {
    ApiError::new(Code::UploadTaken)
}

/// Stores a file part by part; memory is one part.
struct Receiver<'a> {
    app: &'a App,
    object: &'a PlatformObject,
    writer: Uuid,
    file: &'a mut FileUpload,
}

impl Receiver<'_> {
    /// Stores every part that arrives whole.
    async fn receive(
        &mut self,
        body: impl Stream<Item = ApiResult<Bytes>> + Send,
    ) -> ApiResult<()> {
        let mut body = pin!(body);
        let mut buffer = BytesMut::new();
        while let Some(piece) = body.try_next().await? {
            buffer.extend_from_slice(&piece);
            self.store_whole(&mut buffer).await?;
        }
        Ok(())
    }

    /// Stores the parts that the buffer holds; the last one ends with the file.
    async fn store_whole(&mut self, buffer: &mut BytesMut) -> ApiResult<()> {
        loop {
            let rest = size(self.file.size_bytes - self.file.offset());
            if buffer.len() > rest {
                return Err(beyond());
            }
            let next = size(self.file.part_bytes).min(rest);
            if next == 0 || buffer.len() < next {
                return Ok(());
            }
            self.store(buffer.split_to(next).freeze()).await?;
        }
    }

    async fn store(&mut self, bytes: Bytes) -> ApiResult<()> {
        // A part that the store has is not written over by a line that was thought broken.
        let core = &self.app.core;
        if !core.upload_file_is_of(self.file.id, self.writer).await? {
            return Err(taken());
        }
        let number = self.file.parts + 1;
        let multipart = &self.file.multipart;
        let part = self
            .app
            .objects
            .multipart_put(self.object, multipart, number, bytes)
            .await?;
        match core
            .upload_part_stored(self.file.id, self.writer, &part)
            .await?
        {
            true => self.file.parts = number,
            false => return Err(taken()),
        }
        Ok(())
    }
}

fn size(bytes: i64) -> usize {
    usize::try_from(bytes).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_rest_or_makes_a_part() {
        for (length, rest) in [(8, 8), (8, 20), (9, 20), (3, 3), (0, 0)] {
            assert!(fits(length, rest, 8).is_ok(), "{length} of {rest}");
        }
        for (length, rest) in [(7, 20), (0, 3), (2, 3), (21, 20), (1, 0)] {
            assert!(fits(length, rest, 8).is_err(), "{length} of {rest}");
        }
    }
}
