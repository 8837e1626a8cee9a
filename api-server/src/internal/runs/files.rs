//! `POST /internal/runs/{id}/files`.

use axum::extract::State;
use datacrowd_labelling::{Dataset, RunCaller};
use datacrowd_protocol::{
    files::{FilesPage, FilesRequest, ListedFile, Selection, companions_of},
    ids::RunId,
    object::PlatformFolder,
};
use uuid::Uuid;

use super::{held_dataset, origin};
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    folder::{self, Selected},
    internal::auth::Runner,
    objects::Listed,
    state::App,
};

/// The next files of the run's folder, each with a URL to read it from.
#[utoipa::path(post, path = "/internal/runs/{id}/files", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = FilesRequest, responses((status = 200, body = FilesPage)))]
pub async fn run_files(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<FilesRequest>,
) -> ApiResult<axum::Json<FilesPage>> {
    let (caller, dataset) = held_dataset(&app, &runner, RunId(id), body.epoch).await?;
    let folder = folder(&app, &caller, &dataset)?;
    let selection = dataset.selection.as_ref().ok_or_else(ApiError::not_found)?;
    let patterns = folder::accepted(selection)?;
    let page = folder::page(&app, &folder, &patterns, body.after.as_deref()).await?;
    let mut files = Vec::with_capacity(page.files.len());
    for selected in page.files {
        files.push(file(&app, &folder, selection, selected).await?);
    }
    Ok(axum::Json(FilesPage {
        files,
        next: page.next,
    }))
}

/// Where the files of the run's dataset are, when it is a folder that the caller may read.
pub(super) fn folder(
    app: &App,
    caller: &RunCaller,
    dataset: &Dataset,
) -> ApiResult<PlatformFolder> {
    origin(app, caller, &dataset.source_uri, dataset.own_credentials)?;
    let folder = dataset.selection.as_ref().and_then(|_| {
        folder::of_dataset(
            app,
            &dataset.namespace,
            &dataset.source_uri,
            dataset.id,
            dataset.etag.as_deref(),
        )
    });
    folder.ok_or_else(ApiError::not_found)
}

/// A file with its URLs; without any where no link can hold its name.
async fn file(
    app: &App,
    folder: &PlatformFolder,
    selection: &Selection,
    selected: Selected,
) -> ApiResult<ListedFile> {
    let Selected { name, object } = selected;
    let Listed {
        key,
        etag,
        size_bytes,
    } = object;
    let (mut url, mut companions) = (None, Vec::new());
    if let Some(object) = folder.object(&key) {
        url = Some(app.objects.presign_source(&object).await?);
        let beside = companions_of(&key);
        for key in beside.iter().filter(|_| selection.companions.is_some()) {
            if let Some(object) = folder.object(key) {
                companions.push(app.objects.presign_source(&object).await?);
            }
        }
    }
    Ok(ListedFile {
        uri: format!("s3://{}/{key}", folder.bucket()),
        key,
        name,
        size_bytes,
        etag,
        url,
        companions,
    })
}
