//! `POST /internal/runs/{id}/entries`.

use axum::extract::State;
use datacrowd_protocol::{
    files::{EntriesRequest, EntryPlace, EntryPlaces, MOST_ENTRIES_AT_ONCE, NamedEntry},
    ids::RunId,
    object::PlatformFolder,
    source::is_archive,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use super::{files::folder, held_dataset};
use crate::{
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    internal::auth::Runner,
    state::App,
};

/// Objects that are looked for at once.
const AT_ONCE: usize = 16;

/// Where files of the run's archive go, unless they are there.
#[utoipa::path(post, path = "/internal/runs/{id}/entries", tag = "runner", security(("runner" = [])), params(("id" = Uuid, Path)), request_body = EntriesRequest, responses((status = 200, body = EntryPlaces)))]
pub async fn run_entries(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<Uuid>,
    Json(body): Json<EntriesRequest>,
) -> ApiResult<axum::Json<EntryPlaces>> {
    let (caller, dataset) = held_dataset(&app, &runner, RunId(id), body.epoch).await?;
    let folder = folder(&app, &caller, &dataset)?;
    if !is_archive(&dataset.source_uri) {
        return Err(ApiError::not_found());
    }
    if body.entries.len() > MOST_ENTRIES_AT_ONCE {
        let why = format!("has more than {MOST_ENTRIES_AT_ONCE}");
        return Err(ApiError::invalid_member("entries", why));
    }
    let places = stream::iter(body.entries)
        .map(|entry| place(&app, &folder, entry))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(axum::Json(EntryPlaces { places }))
}

async fn place(app: &App, folder: &PlatformFolder, entry: NamedEntry) -> ApiResult<EntryPlace> {
    let object = folder.object(&format!("{}{}", folder.prefix(), entry.name));
    let object = object
        .ok_or_else(|| ApiError::invalid_member("entries", "has a name that is no plain path"))?;
    let there = app.objects.head(&object).await?;
    let is_there = there.is_some_and(|head| head.size_bytes == entry.size_bytes);
    let url = match is_there {
        true => None,
        false => Some(app.objects.presign_put(&object).await?),
    };
    Ok(EntryPlace { url })
}
