//! The calls of the internal API that only the runner makes.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use datacrowd_job::platform::{Answer, LONG, Platform, SHORT, decode};
use datacrowd_protocol::{
    chunk::ChunkLoaded,
    export::{ExportPage, LabelPage},
    files::{EntriesRequest, EntryPlaces, FilesPage, FilesRequest},
    ids::{DatasetId, ExportId},
    names::{EPOCH_HEADER, RUN_ID_HEADER},
    run::{EpochOnly, PartRequest, PartUrl, SourceUrl},
};
use futures::{StreamExt as _, stream};
use reqwest::{
    Body, Method,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde::de::DeserializeOwned;
use tokio::sync::SetOnce;
use url::form_urlencoded;

/// A fresh presigned URL of the source.
pub(crate) async fn source_url(platform: &Platform, epoch: i64) -> Answer<SourceUrl> {
    let path = platform.run_path("source-url");
    platform.post(&path, &EpochOnly { epoch }, SHORT).await
}

/// The next files of the folder, behind a key.
pub(crate) async fn files(
    platform: &Platform,
    epoch: i64,
    after: Option<String>,
) -> Answer<FilesPage> {
    let path = platform.run_path("files");
    let request = FilesRequest { epoch, after };
    platform.post(&path, &request, LONG).await
}

/// Where files of an archive go.
pub(crate) async fn entries(platform: &Platform, request: &EntriesRequest) -> Answer<EntryPlaces> {
    let path = platform.run_path("entries");
    platform.post(&path, request, LONG).await
}

/// Loads a chunk, whose end goes out when it is let go. Repeating it is harmless: rows are keyed by their number. It is
/// refused as [`datacrowd_job::platform::PlatformError::Quota`] when the project's quota ended within it.
pub(crate) async fn load_chunk(
    platform: Arc<Platform>,
    (dataset, epoch): (DatasetId, i64),
    body: Bytes,
    let_go: Arc<SetOnce<()>>,
) -> Answer<ChunkLoaded> {
    let path = format!("internal/datasets/{dataset}/tasks");
    let answer = platform
        .send(&path, || {
            Ok(platform
                .request(Method::POST, &path, LONG)?
                .header(RUN_ID_HEADER, platform.run().to_string())
                .header(EPOCH_HEADER, epoch)
                .header(CONTENT_TYPE, "application/x-ndjson")
                .header(CONTENT_LENGTH, body.len())
                .body(held(&body, &let_go)))
        })
        .await?;
    decode(&path, &answer)
}

/// All but the last byte, and that when it is let go.
fn held(body: &Bytes, let_go: &Arc<SetOnce<()>>) -> Body {
    let mut most = body.clone();
    let end = most.split_off(body.len() - 1);
    let let_go = Arc::clone(let_go);
    let end = async move {
        let_go.wait().await;
        Ok::<_, Infallible>(end)
    };
    Body::wrap_stream(stream::iter([Ok(most)]).chain(stream::once(end)))
}

/// A page of approved answers.
pub(crate) async fn answers(
    platform: &Platform,
    export: ExportId,
    epoch: i64,
    cursor: Option<&str>,
) -> Answer<ExportPage> {
    let path = format!("internal/exports/{export}/answers");
    page(platform, &path, epoch, cursor).await
}

/// A page of what workers said in the field that gets a consensus.
pub(crate) async fn labels(
    platform: &Platform,
    export: ExportId,
    epoch: i64,
    cursor: Option<&str>,
) -> Answer<LabelPage> {
    let path = format!("internal/exports/{export}/labels");
    page(platform, &path, epoch, cursor).await
}

async fn page<T: DeserializeOwned>(
    platform: &Platform,
    path: &str,
    epoch: i64,
    cursor: Option<&str>,
) -> Answer<T> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("runId", &platform.run().to_string())
        .append_pair("epoch", &epoch.to_string())
        .extend_pairs(cursor.map(|cursor| ("cursor", cursor)))
        .finish();
    let asked = format!("{path}?{query}");
    let answer = platform
        .send(path, || platform.request(Method::GET, &asked, LONG))
        .await?;
    decode(path, &answer)
}

/// Where a part of the export goes.
pub(crate) async fn part_url(platform: &Platform, epoch: i64, part_number: i32) -> Answer<PartUrl> {
    let path = platform.run_path("parts");
    let request = PartRequest { epoch, part_number };
    platform.post(&path, &request, SHORT).await
}

/// Where what is told of each worker goes.
pub(crate) async fn workers_url(platform: &Platform, epoch: i64) -> Answer<PartUrl> {
    let path = platform.run_path("workers");
    platform.post(&path, &EpochOnly { epoch }, SHORT).await
}
