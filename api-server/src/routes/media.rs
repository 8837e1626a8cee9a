//! Links to the images, audio and video that a task's cells name.

use datacrowd_labelling::Media;

use super::link::Link;
use crate::{
    error::{ApiError, ApiResult, Code},
    media::{Located, locate, missing},
    objects::DOWNLOAD_TTL,
    state::App,
};

/// A public link as it is; an object of the tenant by a presigned one.
pub async fn link(app: &App, media: &Media) -> ApiResult<Link> {
    let object = match locate(app, media).await? {
        Located::Object(object) => object,
        Located::Elsewhere(link) => {
            return Ok(Link {
                url: link.into(),
                expires_at: None,
                etag: None,
            });
        }
    };
    let head = app.objects.head(&object).await?.ok_or_else(missing)?;
    if media.pinned.as_ref().is_some_and(|etag| *etag != head.etag) {
        return Err(changed());
    }
    let expires_at = app.now() + DOWNLOAD_TTL;
    Ok(Link {
        url: app.objects.presign_media(&object).await?,
        expires_at: Some(expires_at),
        etag: Some(head.etag),
    })
}

fn changed() -> ApiError {
    ApiError::new(Code::MediaChanged)
}
