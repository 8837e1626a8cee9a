//! `POST /projects/{id}/items`, and the same as `POST /upload`.

use axum::{
    Extension,
    extract::{Request, State},
    http::StatusCode,
    response::IntoResponse,
};
use datacrowd_protocol::ids::{DatasetId, ItemId, ProjectId, TaskId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::receive::{Arrived, receive};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, is_form},
    paths::VERSIONED,
    routes::datasets::create::unknown,
    state::App,
    upload_form::{FILE, FormReader, INBOX, Part},
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

/// Send a recording to an inbox of the project. Models that are kept loaded answer it in their turn.
#[utoipa::path(post, path = "/projects/{id}/items", tag = "items", params(("id" = Uuid, Path)),
    request_body(content = ItemForm, content_type = "multipart/form-data"), responses((status = 202, body = TakenItem)))]
pub async fn item_create(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    take(&app, &owner, Some(project.id), request).await
}

/// Send a recording to an inbox; the same as `POST /projects/{id}/items`, without a project where the tenant has one inbox.
#[utoipa::path(post, path = "/upload", tag = "items",
    request_body(content = ItemForm, content_type = "multipart/form-data"), responses((status = 202, body = TakenItem)))]
pub async fn item_upload(
    State(app): State<App>,
    owner: Owner,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    take(&app, &owner, None, request).await
}

async fn take(
    app: &App,
    owner: &Owner,
    project: Option<ProjectId>,
    request: Request,
) -> ApiResult<impl IntoResponse + use<>> {
    if !is_form(request.headers()) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the recording as multipart/form-data, in a part called file.",
        ));
    }
    let mut form = FormReader::open(request, &app.settings).await?;
    let (mut inbox, mut arrived) = (None, None);
    while let Some(part) = form.next().await? {
        match part {
            Part::File(file) => {
                let open = app.core.inbox_open(owner.scope(), project, inbox).await?;
                arrived = Some(receive(app, &open, *file).await?);
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
            Part::Member { name, .. } => return Err(unknown(name)),
            Part::Unknown(name) => return Err(unknown(&name)),
        }
    }
    let arrived = arrived.ok_or_else(|| ApiError::invalid_member(FILE, "is missing"))?;
    let digest = form.digest(&arrived.item.sha256);
    let Arrived { inbox, item, .. } = &arrived;
    let task = match app.core.item_add(*inbox, item, app.now()).await {
        Ok(task) => task,
        Err(error) => {
            arrived.discard(app).await;
            return Err(error.into());
        }
    };
    let taken = TakenItem::of(item.id, task);
    Ok((
        StatusCode::ACCEPTED,
        Extension(Some(digest)),
        axum::Json(taken),
    ))
}
