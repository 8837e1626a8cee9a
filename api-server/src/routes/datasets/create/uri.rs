//! A dataset of a file, or of a folder, that is in the bucket already.

use std::collections::BTreeMap;

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use bytes::Bytes;
use datacrowd_crds::dataset::Source;
use datacrowd_labelling::ProjectHead;
use datacrowd_protocol::{
    Upper,
    files::{Companions, Patterns, Selection},
    labeling::Purpose,
    object::{Origin, OriginError, PlatformBucket, PlatformFolder, PlatformObject},
    source::{Delimiter, Encoding, TableFormat, is_archive},
};
use datacrowd_records::Head;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    members::RowsBecome,
    wanted::{self, labeling_of, make, resource, rows_fit, table, within},
};
use crate::{
    error::{ApiError, ApiResult, Code},
    extract::Json,
    folder,
    guards::body_limit::MAX_JSON_BYTES,
    idempotency::SameRequest,
    names::resource_name,
    routes::datasets::DatasetBody,
    source_head::{self, HEAD_BYTES, Written, head_bytes},
    state::App,
};

/// A file that is in the platform's bucket already, below the tenant's own prefix; or a folder, whose files become tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDataset {
    /// `s3://bucket/namespace/…`; a folder ends in a slash.
    #[schema(example = "s3://datacrowd/sources/reviews.csv")]
    source_uri: String,
    /// Tasks per batch.
    #[schema(example = 100)]
    batch_size: Option<i32>,
    /// Rows that may be refused.
    #[schema(example = 0)]
    max_invalid_rows: Option<i64>,
    /// What separates a CSV's cells: COMMA when absent, SEMICOLON, TAB, PIPE, or AUTO to find out.
    #[schema(value_type = Option<String>, example = "SEMICOLON")]
    delimiter: Option<Upper<Delimiter>>,
    /// How characters are written: UTF8 when absent, WINDOWS1251, WINDOWS1252 or UTF16.
    #[schema(value_type = Option<String>, example = "UTF8")]
    encoding: Option<Upper<Encoding>>,
    /// Quoted cells may span more than 100 lines and 64 KiB.
    #[schema(example = false)]
    multiline: Option<bool>,
    /// Of a folder: only files that one of these patterns matches, such as `*.wav` (a name in any folder) or `2026/**`.
    #[schema(example = json!(["*.wav"]))]
    include: Option<Vec<String>>,
    /// Of a folder: no file that one of these patterns matches.
    #[schema(example = json!(["draft-*"]))]
    exclude: Option<Vec<String>>,
    /// Of a folder: SAME_STEM makes columns of the `.json` and the `.txt` that lie beside a file.
    #[schema(value_type = Option<String>, example = "SAME_STEM")]
    companions: Option<Upper<Companions>>,
    /// What the rows become: WORK when absent, or GOLD, tasks whose right answer is known.
    #[schema(value_type = Option<String>, example = "WORK")]
    purpose: Option<Upper<Purpose>>,
    /// Of gold: the column with the right answer, for each field whose answer is known. No worker sees these columns.
    #[schema(example = json!({}))]
    gold_columns: Option<BTreeMap<String, String>>,
    /// Of gold: the column that says why, for workers who are wrong while they are new.
    #[schema(example = "why")]
    explain_column: Option<String>,
}

impl NewDataset {
    fn written(&self) -> Written {
        Written {
            delimiter: self.delimiter.as_ref().map(|delimiter| delimiter.0),
            encoding: self.encoding.as_ref().map(|encoding| encoding.0),
            multiline: self.multiline,
        }
    }
}

/// What a project's owner may bring by its name.
fn origin(bucket: &PlatformBucket, project: &ProjectHead, uri: &str) -> ApiResult<Origin> {
    let refused = match bucket.origin(&project.namespace, uri, false) {
        Ok(origin) => return Ok(origin),
        Err(OriginError::Malformed(why)) => why.0.replace("source.uri ", ""),
        Err(OriginError::Result { folder }) => format!(
            "must not lie below {folder}, where exports write their results; download the export and upload it as a file"
        ),
        Err(OriginError::Unpacked { folder }) => format!(
            "must not lie below {folder}, where archives are unpacked; name the archive, or put the files elsewhere"
        ),
        Err(_) => format!("must lie below {}", bucket.prefix(&project.namespace)),
    };
    Err(ApiError::invalid_member("sourceUri", refused))
}

/// Whether another tenant's files are meant, which are not there.
async fn is_anothers(app: &App, project: &ProjectHead, uri: &str) -> ApiResult<bool> {
    let (tenant, namespace) = (project.tenant, &project.namespace);
    Ok(app.core.source_is_anothers(tenant, namespace, uri).await?)
}

/// Refuses what lies in a folder that a file is on its way to: the folder would be closed.
async fn whole(app: &App, project: &ProjectHead, uri: &str) -> ApiResult<()> {
    match app.core.upload_unfinished(project.tenant, uri).await? {
        None => Ok(()),
        Some(name) => Err(ApiError::filled(Code::UploadUnfinished, &[&name]).detail("name", name)),
    }
}

/// The beginning of an object that is the tenant's own.
async fn first_bytes(
    app: &App,
    project: &ProjectHead,
    object: &PlatformObject,
) -> ApiResult<Bytes> {
    let bytes = match is_anothers(app, project, &object.to_string()).await? {
        true => None,
        false => head_of(app, object).await?,
    };
    bytes.ok_or_else(|| ApiError::invalid_member("sourceUri", "names no object; upload it first"))
}

/// As many first bytes as are looked at: more when the first ones are compressed.
async fn head_of(app: &App, object: &PlatformObject) -> ApiResult<Option<Bytes>> {
    let read = |most: usize| {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        app.objects.first_bytes(object, most)
    };
    let bytes = read(HEAD_BYTES).await?;
    match bytes.as_deref().map(head_bytes) {
        Some(most) if most > HEAD_BYTES => read(most).await,
        _ => Ok(bytes),
    }
}

/// A source that was looked at.
struct Wanted {
    source: Source,
    /// What the dataset is named after.
    stem: String,
    /// What a file of rows begins with.
    head: Option<Head>,
}

/// Makes the dataset that a JSON body asks for.
pub async fn from_uri(
    app: &App,
    project: &ProjectHead,
    same: SameRequest,
    mut request: Request,
) -> ApiResult<DatasetBody> {
    // The route has no limit of its own, for the sake of files.
    DefaultBodyLimit::max(MAX_JSON_BYTES).apply(&mut request);
    let Json(mut new) = Json::<NewDataset>::from_request(request, app).await?;
    within("batchSize", new.batch_size.map(i64::from), 1, 10_000)?;
    within("maxInvalidRows", new.max_invalid_rows, 0, 1_000_000_000)?;
    let (batch_size, max_invalid_rows) = (new.batch_size, new.max_invalid_rows);
    whole(app, project, &new.source_uri).await?;
    let rows = RowsBecome {
        purpose: new.purpose.take().map(|purpose| purpose.0),
        gold_columns: new.gold_columns.take().unwrap_or_default(),
        explain_column: new.explain_column.take(),
    };
    rows_fit(app, project, &rows).await?;
    let Wanted { source, stem, head } =
        match origin(app.objects.bucket(), project, &new.source_uri)? {
            Origin::Folder(folder) => folder_wanted(app, project, new, &folder).await?,
            Origin::Platform(object) if is_archive(object.key()) => {
                archive_wanted(app, project, new, &object).await?
            }
            Origin::Platform(object) => table_wanted(app, project, new, &object).await?,
            Origin::Own(_) => return Err(ApiError::not_found()),
        };
    let wanted = resource(
        &project.namespace,
        &resource_name(&stem, "dataset", same),
        &project.name,
        source,
        batch_size,
        max_invalid_rows,
        rows,
    );
    Ok(make(app, project, &wanted).await?.with_head(head))
}

/// A file of rows, whose first ones fit the project.
async fn table_wanted(
    app: &App,
    project: &ProjectHead,
    new: NewDataset,
    object: &PlatformObject,
) -> ApiResult<Wanted> {
    let only = "belongs to a folder, whose name ends in / or .zip; remove it";
    refuse_given("include", new.include.is_some(), only)?;
    refuse_given("exclude", new.exclude.is_some(), only)?;
    refuse_given("companions", new.companions.is_some(), only)?;
    let format = TableFormat::from_extension(object.key()).ok_or_else(|| {
        ApiError::invalid_member(
            "sourceUri",
            "must end in .csv or .jsonl, or in one of these and .gz or .zst; or in / or .zip, when it is a folder",
        )
    })?;
    let bytes = first_bytes(app, project, object).await?;
    let written = new.written();
    let labeling = labeling_of(app, project).await?;
    let whole = bytes.len() < head_bytes(&bytes);
    let head = source_head::check(
        "sourceUri",
        &bytes,
        whole,
        format,
        written,
        labeling.as_ref(),
    )?;
    Ok(Wanted {
        source: table(object.to_string(), format, written),
        stem: stem_of(object).to_owned(),
        head: Some(head),
    })
}

/// Which files of a folder become tasks, where the project can show any; and the patterns of that.
async fn selection(
    app: &App,
    project: &ProjectHead,
    new: NewDataset,
) -> ApiResult<(Selection, Patterns)> {
    new.written().refuse_any()?;
    let selection = Selection {
        include: new.include.unwrap_or_default(),
        exclude: new.exclude.unwrap_or_default(),
        companions: new.companions.map(|companions| companions.0),
    };
    let labeling = labeling_of(app, project).await?;
    let patterns = folder::patterns(&selection)?;
    folder::fits("sourceUri", labeling.as_ref(), &selection)?;
    Ok((selection, patterns))
}

/// A folder with at least one file that becomes a task.
async fn folder_wanted(
    app: &App,
    project: &ProjectHead,
    new: NewDataset,
    at: &PlatformFolder,
) -> ApiResult<Wanted> {
    let (selection, patterns) = selection(app, project, new).await?;
    let uri = at.to_string();
    let is_empty = is_anothers(app, project, &uri).await?
        || folder::first(app, at, &patterns, 1).await?.is_empty();
    if is_empty {
        return Err(ApiError::invalid_member(
            "sourceUri",
            "has no file that becomes a task; upload files there first, or correct include and exclude",
        ));
    }
    let name = at.prefix().trim_end_matches('/').rsplit('/').next();
    Ok(Wanted {
        source: wanted::folder(uri, selection),
        stem: name.unwrap_or_default().to_owned(),
        head: None,
    })
}

/// A folder that is packed.
async fn archive_wanted(
    app: &App,
    project: &ProjectHead,
    new: NewDataset,
    object: &PlatformObject,
) -> ApiResult<Wanted> {
    let (selection, _) = selection(app, project, new).await?;
    let bytes = first_bytes(app, project, object).await?;
    folder::is_packed("sourceUri", &bytes)?;
    Ok(Wanted {
        source: wanted::folder(object.to_string(), selection),
        stem: stem_of(object).to_owned(),
        head: None,
    })
}

/// What an object is called, without what stands behind the first dot.
fn stem_of(object: &PlatformObject) -> &str {
    let file_name = object.key().rsplit('/').next().unwrap_or_default();
    file_name.split('.').next().unwrap_or_default()
}

fn refuse_given(member: &str, given: bool, why: &str) -> ApiResult<()> {
    match given {
        true => Err(ApiError::invalid_member(member, why)),
        false => Ok(()),
    }
}
