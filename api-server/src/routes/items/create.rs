//! `POST /projects/{id}/items`, and the same as `POST /upload`.

use axum::{
    Extension,
    extract::{DefaultBodyLimit, FromRequest as _, Request, State},
    http::StatusCode,
    response::IntoResponse,
};
use datacrowd_labelling::{ItemContent, NewItem};
use datacrowd_protocol::{
    ids::{DatasetId, ItemId, ProjectId, TaskId},
    model::ModelInputKind,
    raw::RawJson,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::receive::{Arrived, receive};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path, is_form},
    guards::body_limit::MAX_JSON_BYTES,
    idempotency::SameRequest,
    paths::VERSIONED,
    routes::datasets::create::unknown,
    state::App,
    upload_form::{FILE, FormDigest, FormReader, INBOX, Part},
};

/// A recording as form data; for the description only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub struct ItemForm {
    /// The dataset of the inbox; not needed where there is one. Comes before the file.
    #[schema(example = "0197f3c0-0000-7000-8000-000000000001")]
    inbox: Option<String>,
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A row of columns.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"columns": {"amount": 129.9, "country": "NL"}}))]
pub struct ColumnsItem {
    /// The dataset of the inbox; not needed where there is one.
    inbox: Option<Uuid>,
    /// Its cells by name, kept as they are written. Models read those that they name, and people see the project's columns.
    columns: RawJson,
}

/// The name of [`ColumnsItem`]'s cells.
const COLUMNS: &str = "columns";

/// An item that was taken.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakenItem {
    item_id: Uuid,
    task_id: i64,
    /// Where to ask what models say of it.
    #[schema(example = "/api/v1/items/0197f3c0-0000-7000-8000-000000000002")]
    status_url: String,
}

impl TakenItem {
    fn of(id: ItemId, task: TaskId) -> Self {
        Self {
            item_id: id.0,
            task_id: task.0,
            status_url: format!("{VERSIONED}/items/{id}"),
        }
    }
}

/// Send an item to an inbox of the project: a recording as a form, or a row of columns as JSON. Models that are kept loaded answer it in their turn.
#[utoipa::path(post, path = "/projects/{id}/items", tag = "items", params(("id" = Uuid, Path)),
    request_body(content((ItemForm = "multipart/form-data"), (ColumnsItem = "application/json"))), responses((status = 202, body = TakenItem)))]
pub async fn item_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Path(id): Path<Uuid>,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    take(&app, &owner, Some(project.id), (same, request)).await
}

/// Send an item to an inbox; the same as `POST /projects/{id}/items`, without a project where the tenant has one inbox.
#[utoipa::path(post, path = "/upload", tag = "items",
    request_body(content((ItemForm = "multipart/form-data"), (ColumnsItem = "application/json"))), responses((status = 202, body = TakenItem)))]
pub async fn item_upload(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    take(&app, &owner, None, (same, request)).await
}

async fn take(
    app: &App,
    owner: &Owner,
    project: Option<ProjectId>,
    (same, request): (SameRequest, Request),
) -> ApiResult<impl IntoResponse + use<>> {
    let (taken, digest) = match is_form(request.headers()) {
        true => {
            let (taken, digest) = recording(app, owner, project, request).await?;
            (taken, Some(digest))
        }
        false => (row(app, owner, project, (same, request)).await?, None),
    };
    Ok((StatusCode::ACCEPTED, Extension(digest), axum::Json(taken)))
}

/// Takes a row as it is.
async fn row(
    app: &App,
    owner: &Owner,
    project: Option<ProjectId>,
    (same, mut request): (SameRequest, Request),
) -> ApiResult<TakenItem> {
    // The route has no limit of its own, for the sake of files.
    DefaultBodyLimit::max(MAX_JSON_BYTES).apply(&mut request);
    let Json(sent) = Json::<ColumnsItem>::from_request(request, app).await?;
    let row = datacrowd_records::row(sent.columns.compact().get());
    let row = row.map_err(|why| ApiError::invalid_member(COLUMNS, why))?;
    let inbox = sent.inbox.map(DatasetId);
    let kind = ModelInputKind::Columns;
    let open = app
        .core
        .inbox_open(owner.scope(), project, inbox, kind)
        .await?;
    let item = NewItem {
        id: ItemId(same.id()),
        size_bytes: i64::try_from(row.len()).unwrap_or(i64::MAX),
        sha256: hex::encode(Sha256::digest(&row)),
        content: ItemContent::Columns(RawJson::parse(row).map_err(|e| ApiError::internal(&e))?),
    };
    let task = app.core.item_add(open.id, &item, app.now()).await?;
    Ok(TakenItem::of(item.id, task))
}

/// Streams a recording to its inbox's folder, and takes it.
async fn recording(
    app: &App,
    owner: &Owner,
    project: Option<ProjectId>,
    request: Request,
) -> ApiResult<(TakenItem, FormDigest)> {
    let mut form = FormReader::open(request, &app.settings).await?;
    let mut arrived = None;
    let read = read(app, owner, project, (&mut form, &mut arrived)).await;
    let arrived = arrived.ok_or_else(|| ApiError::invalid_member(FILE, "is missing"));
    if let Err(refused) = read {
        if let Ok(arrived) = arrived {
            arrived.discard(app).await;
        }
        return Err(refused);
    }
    let arrived: Arrived = arrived?;
    match app
        .core
        .item_add(arrived.inbox, &arrived.item, app.now())
        .await
    {
        Ok(task) => {
            let digest = form.digest(&arrived.item.sha256);
            Ok((TakenItem::of(arrived.item.id, task), digest))
        }
        Err(error) => {
            arrived.discard(app).await;
            Err(error.into())
        }
    }
}

/// Reads a form to its end. What arrived stays with the caller, also when a later part is refused.
async fn read(
    app: &App,
    owner: &Owner,
    project: Option<ProjectId>,
    (form, arrived): (&mut FormReader, &mut Option<Arrived>),
) -> ApiResult<()> {
    let mut inbox = None;
    while let Some(part) = form.next().await? {
        match part {
            Part::File(file) => {
                let kind = ModelInputKind::Audio;
                let open = app
                    .core
                    .inbox_open(owner.scope(), project, inbox, kind)
                    .await?;
                *arrived = Some(receive(app, &open, *file).await?);
            }
            Part::Member { name: INBOX, .. } if arrived.is_some() => {
                let why = "must come before the file, which is put there as it arrives";
                return Err(ApiError::invalid_member(INBOX, why));
            }
            Part::Member { name: INBOX, text } => {
                let id = text.parse().map(DatasetId);
                inbox =
                    Some(id.map_err(|_| {
                        ApiError::invalid_member(INBOX, "must be the id of a dataset")
                    })?);
            }
            Part::Unknown(name) if name == FILE => {
                let why = "is there twice; a request takes one recording, so send each by itself";
                return Err(ApiError::invalid_member(FILE, why));
            }
            Part::Member { name, .. } => return Err(unknown(name)),
            Part::Unknown(name) => return Err(unknown(&name)),
        }
    }
    Ok(())
}
