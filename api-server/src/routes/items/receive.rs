//! A recording on its way to its inbox's folder: looked at as it arrives, so that what no model reads is never stored.

use bytes::BytesMut;
use datacrowd_labelling::{ItemContent, NewItem, OpenInbox};
use datacrowd_protocol::{
    ids::{DatasetId, ItemId},
    object::{Origin, PlatformObject},
};
use futures::{StreamExt as _, stream};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code},
    state::App,
    upload_form::{FILE, File},
};

/// First bytes that tell what a file is.
const HEAD: usize = 4 * 1024;
/// Most characters of a file's name that are kept.
const MOST_NAME: usize = 255;

/// A file that arrived whole.
pub struct Arrived {
    /// Its inbox.
    pub inbox: DatasetId,
    /// What is to be known of it.
    pub item: NewItem,
    object: PlatformObject,
}

impl Arrived {
    /// Takes the file away again: its item was refused. What fails here goes with the inbox.
    pub async fn discard(&self, app: &App) {
        if let Err(error) = app.objects.delete(&self.object).await {
            tracing::warn!(error.cause = %error, "the file of a refused item stays until its inbox goes");
        }
    }
}

/// Streams one file to the inbox's folder.
pub async fn receive(app: &App, inbox: &OpenInbox, mut file: File<'_>) -> ApiResult<Arrived> {
    let tenant = app.core.tenant_get(inbox.tenant).await?;
    app.cluster.bound(&inbox.namespace, &tenant).await?;
    let begin = beginning(&mut file).await?;
    let (content_type, extension) = recording(&begin)?;
    let id = ItemId(Uuid::now_v7());
    let origin = app
        .objects
        .bucket()
        .origin(&inbox.namespace, &inbox.folder, false);
    let folder = origin.ok().and_then(Origin::folder);
    let object = folder.and_then(|f| f.object(&format!("{}{id}.{extension}", f.prefix())));
    let object = object.ok_or_else(ApiError::not_found)?;
    let name = file.name.chars().filter(|c| !c.is_control());
    let name = name.take(MOST_NAME).collect();
    let pieces = stream::iter([Ok(begin.freeze())]).chain(file.rest());
    let stored = app.objects.store(&object, content_type, pieces).await?;
    Ok(Arrived {
        inbox: inbox.id,
        item: NewItem {
            id,
            content: ItemContent::Recording {
                uri: object.to_string(),
                name,
                content_type,
                etag: stored.etag,
            },
            size_bytes: stored.size_bytes,
            sha256: stored.sha256,
        },
        object,
    })
}

async fn beginning(file: &mut File<'_>) -> ApiResult<BytesMut> {
    let mut begin = BytesMut::new();
    while begin.len() < HEAD {
        match file.chunk().await? {
            Some(chunk) => begin.extend_from_slice(&chunk),
            None => break,
        }
    }
    match begin.is_empty() {
        true => Err(ApiError::invalid_member(FILE, "is empty")),
        false => Ok(begin),
    }
}

/// What the bytes are, whatever the name says; a recording may come in a container for video.
fn recording(begin: &[u8]) -> ApiResult<(&'static str, &'static str)> {
    let found = infer::get(&begin[..begin.len().min(HEAD)]);
    let kind = found.map(|kind| (kind.mime_type(), kind.extension()));
    match kind {
        Some(kind @ (media, _)) if media.starts_with("audio/") || media.starts_with("video/") => {
            Ok(kind)
        }
        other => {
            let what = other.map_or("of no known kind", |(media, _)| media);
            Err(ApiError::saying(
                Code::UnsupportedMediaType,
                format!(
                    "By its first bytes the file is {what}, not a recording; send WAV, FLAC, MP3, AAC or Ogg Vorbis."
                ),
            ))
        }
    }
}
