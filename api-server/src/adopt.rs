//! Rows are adopted only by a source that still holds what they were made from. The context says when that has to
//! be known; here the object store is asked, between its transactions.

use std::time::Duration;

use datacrowd_crds::DatasetSpec;
use datacrowd_labelling::{ContentNow, Error as CoreError, Refusal};
use datacrowd_protocol::{
    ids::DatasetId,
    internal::{DatasetView, Upsert},
    object::{Origin, PlatformObject},
    run::SourceFound,
};

use crate::{
    deletion,
    error::{ApiError, ApiResult},
    objects::Head,
    source_digests::Begun,
    state::App,
    upsert,
};

/// How long one request waits for a source to be read; a later one finds the result.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Writes a Dataset's index row, having looked at its source where an adoption asks for it.
pub async fn dataset(app: &App, up: Upsert<DatasetSpec>) -> ApiResult<DatasetView> {
    let own = up.spec.source.credentials_secret_ref.is_some();
    let origin = app
        .objects
        .bucket()
        .origin(&up.namespace, &up.spec.source.uri, own);
    let object = origin.ok().and_then(Origin::platform);
    let mut rows_going = up.delete_rows.map(DatasetId);
    let mut upsert = upsert::dataset(up, app.objects.bucket())?;
    // Its ETag, its hash, the rows before it: each is asked for once, and the rest is left to the next call.
    for _ in 0..3 {
        let done = app.core.dataset_upsert(&upsert).await;
        match (done, &object) {
            (Err(CoreError::ContentUnseen { read }), Some(object)) => {
                upsert.content = look(app, object, read).await?;
            }
            (Err(CoreError::Refused(Refusal::RowsGoing)), _) if rows_going.is_some() => {
                // Small ones are gone at once; the sweeper goes on with the others.
                if let Some(id) = rows_going.take() {
                    deletion::go_on(app, id).await?;
                }
            }
            (done, _) => return Ok(done?),
        }
    }
    Ok(app.core.dataset_upsert(&upsert).await?)
}

async fn look(app: &App, object: &PlatformObject, read: bool) -> ApiResult<ContentNow> {
    let Some(Head { etag, size_bytes }) = app.objects.head(object).await? else {
        return Ok(ContentNow::Gone);
    };
    let found = SourceFound { etag, size_bytes };
    if !read {
        return Ok(ContentNow::Found(found));
    }
    match digest(app, object, &found.etag).await? {
        Some(sha256) => Ok(ContentNow::Read { found, sha256 }),
        None => Err(ApiError::source_compared()),
    }
}

/// SHA-256 of this version of an object; none while it is still being read.
async fn digest(app: &App, object: &PlatformObject, etag: &str) -> ApiResult<Option<String>> {
    let version = (object.key().to_owned(), etag.to_owned());
    match app.digests().begin(&version) {
        Begun::Known(sha256) => return Ok(Some(sha256)),
        Begun::Elsewhere => return Ok(None),
        Begun::Begin => {}
    }
    let (app, object) = (app.clone(), object.clone());
    // It goes on when the request does not wait for it.
    let reading = tokio::spawn(async move {
        let digests = app.digests();
        let permit = digests.reader().await;
        let read = app.objects.sha256(&object, &version.1).await;
        drop(permit);
        digests.end(version, read.as_ref().ok().cloned());
        read
    });
    match tokio::time::timeout(TIMEOUT, reading).await {
        Ok(Ok(read)) => read.map(Some),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}
