//! The first rows of a dataset's source, before a run has read it.

use axum::extract::State;
use datacrowd_labelling::Dataset;
use datacrowd_protocol::{
    Upper,
    files::Selection,
    ids::DatasetId,
    labeling::DataType,
    object::Origin,
    raw::RawJson,
    source::{Delimiter, Dialect, Encoding, SourceFormat},
};
use datacrowd_records::{Head, Row, json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::{ApiError, ApiResult, Code},
    extract::{Path, Query},
    folder::{self, Selected},
    source_head::{self, Written},
    state::App,
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
    line: u64,
    #[schema(value_type = Object)]
    values: RawJson,
}

/// The first rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewBody {
    #[schema(value_type = String, example = "CSV")]
    format: Upper<SourceFormat>,
    /// What separates a CSV's cells: what was asked for, or what was found.
    #[schema(value_type = Option<String>, example = "COMMA")]
    delimiter: Option<Upper<Delimiter>>,
    /// How characters are written.
    #[schema(value_type = String, example = "UTF8")]
    encoding: Upper<Encoding>,
    columns: Vec<ColumnBody>,
    rows: Vec<RowBody>,
    /// What to know of the file though nothing was refused.
    notices: Vec<String>,
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
    let head = match &dataset.selection {
        Some(selection) => first_files(&app, &dataset, selection, most).await?,
        None => first_rows(&app, &dataset, most).await?,
    };
    let rows: Vec<_> = head
        .rows
        .iter()
        .map(|row| json::members(&row.payload))
        .collect();
    let columns = columns(&rows);
    let body = |row: Row| {
        let values = RawJson::parse(row.payload).map_err(|error| ApiError::internal(&error))?;
        Ok(RowBody {
            line: row.line,
            values,
        })
    };
    Ok(axum::Json(PreviewBody {
        format: Upper(dataset.format),
        delimiter: head.dialect.delimiter.map(Upper),
        encoding: Upper(head.dialect.encoding),
        columns,
        rows: head.rows.into_iter().map(body).collect::<ApiResult<_>>()?,
        notices: head.notices,
    }))
}

fn unavailable(why: impl Into<String>) -> ApiError {
    ApiError::saying(Code::PreviewUnavailable, why)
}

/// Where the rows come from, unless that is out of the platform's reach.
fn origin(app: &App, dataset: &Dataset) -> ApiResult<Origin> {
    let bucket = app.objects.bucket();
    let (namespace, uri) = (&dataset.namespace, &dataset.source_uri);
    match bucket.origin(namespace, uri, dataset.own_credentials) {
        Ok(Origin::Own(_)) => Err(ApiError::new(Code::PreviewUnavailable)),
        Ok(origin) => Ok(origin),
        Err(why) => Err(unavailable(format!("{why}, in a new dataset."))),
    }
}

/// The first files of a folder. What kind they are, the run reads from their bytes.
async fn first_files(
    app: &App,
    dataset: &Dataset,
    selection: &Selection,
    most: usize,
) -> ApiResult<Head> {
    let Some(folder) = origin(app, dataset)?.folder() else {
        return Err(unavailable(
            "The archive is unpacked when its tasks are generated; look at the tasks then.",
        ));
    };
    let patterns = folder::accepted(selection)?;
    let files = folder::first(app, &folder, &patterns, most).await?;
    let row = |(line, Selected { name, object }): (u64, Selected)| Row {
        line,
        payload: serde_json::json!({
            "file": format!("s3://{}/{}", folder.bucket(), object.key), "name": name,
            "sizeBytes": object.size_bytes, "etag": object.etag,
        })
        .to_string(),
    };
    Ok(Head {
        header: None,
        dialect: Dialect {
            delimiter: None,
            encoding: Encoding::Utf8,
            big_endian: false,
        },
        rows: (1..).zip(files).map(row).collect(),
        notices: Vec::new(),
    })
}

/// The first rows of a file.
async fn first_rows(app: &App, dataset: &Dataset, most: usize) -> ApiResult<Head> {
    let (Some(object), Some(format)) = (origin(app, dataset)?.platform(), dataset.format.table())
    else {
        return Err(ApiError::not_found());
    };
    let head = app.objects.first_bytes(&object, PREVIEW_BYTES).await?;
    let head = head.ok_or_else(|| ApiError::new(Code::SourceMissing))?;
    let whole = i64::try_from(head.len()).is_ok_and(|read| read < PREVIEW_BYTES);
    let written = Written {
        delimiter: Some(dataset.delimiter),
        encoding: Some(dataset.encoding),
        multiline: Some(dataset.multiline),
    };
    source_head::rows(&head, &written.options(format), most, whole)
}

/// The members of a row, with the text of each value.
type Members<'a> = Vec<(String, &'a str)>;

/// Every column of these rows in the order of appearance.
fn columns(rows: &[Members<'_>]) -> Vec<ColumnBody> {
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let value = |row: &Members<'_>, name: &String| {
        let found = row.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| kind(value))
    };
    names
        .into_iter()
        .map(|name| {
            let mut kinds = rows.iter().filter_map(|row| value(row, name));
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
fn kind(value: &str) -> Option<DataType> {
    let text = match value.as_bytes().first() {
        Some(b'[' | b'{') => return Some(DataType::Json),
        Some(b'"') => json::string(value)?,
        _ if value == "null" => return None,
        _ => return Some(DataType::Text),
    };
    if text.is_empty() {
        return None;
    }
    // In a link these begin what is no name any more; in a key they are letters of it.
    let path = match text.starts_with("s3://") {
        true => Some(&*text),
        false => text.split(['?', '#']).next(),
    };
    let path = path.unwrap_or_default();
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
