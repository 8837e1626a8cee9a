//! Rows are adopted only by a source that still holds what they were made from. The context says when that has to
//! be known; here the object store is asked, between its transactions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use datacrowd_crds::DatasetSpec;
use datacrowd_labelling::{ContentNow, Error as CoreError, Refusal};
use datacrowd_protocol::{
    ids::DatasetId,
    internal::{DatasetView, Upsert},
    object::{Origin, PlatformObject},
    run::SourceFound,
};
use tokio::sync::Semaphore;

use crate::{
    app::App,
    deletion,
    error::{ApiResult, source_is_compared},
    objects::Head,
    upsert,
};

/// How long one request waits for a source to be read; a later one finds the result.
const PATIENCE: Duration = Duration::from_secs(10);
/// Sources that are read at once.
const READERS: usize = 2;
/// Results that are remembered.
const MOST: usize = 1000;

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
        None => Err(source_is_compared()),
    }
}

/// The version of an object: key and ETag.
type Version = (String, String);

/// What sources hash to, by version; none while one is being read.
#[derive(Debug, Clone)]
pub struct Digests {
    known: Arc<Mutex<HashMap<Version, Option<String>>>>,
    readers: Arc<Semaphore>,
}

impl Default for Digests {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }
}

impl Digests {
    /// What is known of a version; the caller who is told `Begin` reads it.
    fn begin(&self, version: &Version) -> Begun {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, digest| digest.is_none());
        }
        match known.get(version) {
            Some(Some(sha256)) => Begun::Known(sha256.clone()),
            Some(None) => Begun::Elsewhere,
            None => {
                known.insert(version.clone(), None);
                Begun::Begin
            }
        }
    }

    /// A result; none lets the next one try again.
    fn end(&self, version: Version, digest: Option<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match digest {
            Some(digest) => known.insert(version, Some(digest)),
            None => known.remove(&version),
        };
    }
}

enum Begun {
    Known(String),
    Elsewhere,
    Begin,
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
        let permit = digests.readers.acquire().await;
        let read = app.objects.sha256(&object, &version.1).await;
        drop(permit);
        digests.end(version, read.as_ref().ok().cloned());
        read
    });
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(read)) => read.map(Some),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}
