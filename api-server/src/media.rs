//! Where the images, audio and video are that the cells of tasks name: for whoever answers, and for models.

use datacrowd_labelling::Media;
use datacrowd_protocol::object::{Origin, PlatformObject};
use url::Url;

use crate::{
    error::{ApiError, ApiResult, Code},
    folder,
    state::App,
};

/// Where the bytes of a cell are.
#[derive(Debug)]
pub enum Located {
    /// In the platform's bucket, below the tenant's own prefix.
    Object(PlatformObject),
    /// On another server; what a link cannot hold is encoded.
    Elsewhere(Url),
}

/// Where a cell's bytes are. A path lies beside the source.
///
/// # Errors
/// `media_unreachable` for what nobody is given, `media_missing` for another tenant's; or the database failed.
pub async fn locate(app: &App, media: &Media) -> ApiResult<Located> {
    let value = media.value.trim();
    let uri = match scheme(value).as_deref() {
        Some("http" | "https") => {
            let link = Url::parse(value).map_err(|_| unreachable_media())?;
            return Ok(Located::Elsewhere(link));
        }
        Some("s3") => value.to_owned(),
        // Whatever else a browser would open, a page written into the cell included.
        Some(_) => return Err(unreachable_media()),
        None => {
            let folder = media.source_uri.rsplit_once('/').map_or("", |(f, _)| f);
            format!("{folder}/{value}")
        }
    };
    // Only the tenant's own objects: a cell must not open the bucket to whoever wrote it. And nothing for a
    // source that is read with other keys than the platform's: its bucket may have the same name elsewhere.
    let object = match &media.pinned {
        Some(_) => folder::of_dataset(
            app,
            &media.namespace,
            &media.source_uri,
            media.dataset,
            media.source_etag.as_deref(),
        )
        .and_then(|folder| folder.item(&uri)),
        None => app
            .objects
            .bucket()
            .origin(&media.namespace, &uri, media.own_credentials)
            .ok()
            .and_then(Origin::platform),
    };
    let object = object.ok_or_else(unreachable_media)?;
    let uri = object.to_string();
    let anothers = app
        .core
        .source_is_anothers(media.tenant, &media.namespace, &uri);
    match anothers.await? {
        true => Err(missing()),
        false => Ok(Located::Object(object)),
    }
}

/// The file that a cell names is not there.
pub fn missing() -> ApiError {
    ApiError::new(Code::MediaMissing)
}

/// What stands before the first colon, where that is the scheme of a link: `data` of `data:text/html,…`.
fn scheme(value: &str) -> Option<String> {
    let (scheme, _) = value.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then(|| scheme.to_ascii_lowercase())
}

fn unreachable_media() -> ApiError {
    ApiError::new(Code::MediaUnreachable)
}
