//! The first rows of a dataset's source, before a run has read it.

use axum::extract::State;
use axum::http::StatusCode;
use datacrowd_labelling::Dataset;
use datacrowd_protocol::{
    Upper, ids::DatasetId, labeling::DataType, object::Origin, source::SourceFormat,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    app::App,
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Path, Query},
    source_head::{self, Row},
};

/// Bytes of the source that a preview reads.
const PREVIEW_BYTES: i64 = 256 * 1024;

/// How much to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HowMany {
    /// Rows, 1 to 50; 10 when absent.
    rows: Option<usize>,
}

/// A column, and what its values look like.
#[derive(Debug, Serialize, ToSchema)]
pub struct ColumnBody {
    name: String,
    /// TEXT, IMAGE, AUDIO, VIDEO or JSON: a proposal for `labeling.display`.
    #[schema(value_type = String, example = "TEXT")]
    kind: Upper<DataType>,
}

/// A record of the source.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowBody {
    /// Line at which it begins.
    line: usize,
    #[schema(value_type = Object)]
    values: Map<String, Value>,
}

/// The first rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewBody {
    #[schema(value_type = String, example = "CSV")]
    format: Upper<SourceFormat>,
    columns: Vec<ColumnBody>,
    rows: Vec<RowBody>,
}

/// First rows and detected columns of a dataset.
#[utoipa::path(get, path = "/datasets/{id}/preview", tag = "datasets", params(("id" = Uuid, Path), HowMany), responses((status = 200, body = PreviewBody)))]
pub async fn dataset_preview(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(query): Query<HowMany>,
) -> ApiResult<axum::Json<PreviewBody>> {
    let most = query.rows.unwrap_or(10);
    if !(1..=50).contains(&most) {
        return Err(ApiError::invalid_member("rows", "must be between 1 and 50"));
    }
    let dataset = app.core.dataset_get(owner.scope(), DatasetId(id)).await?;
    let rows = first_rows(&app, &dataset, most).await?;
    Ok(axum::Json(PreviewBody {
        format: Upper(dataset.format),
        columns: columns(&rows),
        rows: rows
            .into_iter()
            .map(|Row { line, values }| RowBody { line, values })
            .collect(),
    }))
}

async fn first_rows(app: &App, dataset: &Dataset, most: usize) -> ApiResult<Vec<Row>> {
    let bucket = app.objects.bucket();
    let origin = bucket.origin(
        &dataset.namespace,
        &dataset.source_uri,
        dataset.own_credentials,
    );
    let object = match origin {
        Ok(Origin::Platform(object)) => object,
        Ok(Origin::Own(_)) => {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "preview_unavailable",
                "The source lies in a bucket of your own, which only the dataset's Job can read; look at it there.",
            ));
        }
        Err(why) => {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "preview_unavailable",
                format!("{why}, in a new dataset."),
            ));
        }
    };
    let head = app.objects.first_bytes(&object, PREVIEW_BYTES).await?;
    let head = head.ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            "source_missing",
            "The source is gone from the bucket; upload it again as a new dataset.",
        )
    })?;
    let whole = i64::try_from(head.len()).is_ok_and(|read| read < PREVIEW_BYTES);
    source_head::rows(&head, dataset.format, most, whole)
}

/// Every column of these rows in the order of appearance.
fn columns(rows: &[Row]) -> Vec<ColumnBody> {
    let mut names: Vec<&String> = Vec::new();
    for name in rows.iter().flat_map(|r| r.values.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| {
            let mut kinds = rows.iter().filter_map(|r| kind(r.values.get(name)?));
            let first = kinds.next();
            let same = kinds.all(|k| Some(k) == first);
            ColumnBody {
                name: name.clone(),
                kind: Upper(first.filter(|_| same).unwrap_or(DataType::Text)),
            }
        })
        .collect()
}

/// What a value looks like; nothing can be said of an empty one.
fn kind(value: &Value) -> Option<DataType> {
    let text = match value {
        Value::Null => return None,
        Value::Array(_) | Value::Object(_) => return Some(DataType::Json),
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text,
        _ => return Some(DataType::Text),
    };
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let extension = path
        .rsplit_once('.')
        .map_or("", |(_, e)| e)
        .to_ascii_lowercase();
    Some(match extension.as_str() {
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "svg" => DataType::Image,
        "mp3" | "wav" | "ogg" | "flac" | "m4a" | "opus" => DataType::Audio,
        "mp4" | "webm" | "mov" | "mkv" | "m4v" => DataType::Video,
        _ => DataType::Text,
    })
}
