//! A dataset of a file that is in the bucket already.

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use bytes::Bytes;
use datacrowd_labelling::ProjectHead;
use datacrowd_protocol::{
    Upper,
    object::{Origin, OriginError, PlatformBucket, PlatformObject},
    source::{Delimiter, Encoding, SourceFormat},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::wanted::{labeling_of, resource, source, within};
use crate::{
    adopt,
    error::{ApiError, ApiResult},
    extract::Json,
    guards::body_limit::MAX_JSON_BYTES,
    idempotency::SameRequest,
    names::resource_name,
    routes::datasets::DatasetBody,
    source_head::{self, HEAD_BYTES, Written, head_bytes},
    state::App,
    upsert,
};

/// A file that is in the platform's bucket already, below the tenant's own prefix.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDataset {
    /// `s3://bucket/namespace/…`
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
}

/// The object that a project's owner may bring by its name.
fn source_object(
    bucket: &PlatformBucket,
    project: &ProjectHead,
    uri: &str,
) -> ApiResult<PlatformObject> {
    let refused = match bucket.origin(&project.namespace, uri, false) {
        Ok(Origin::Platform(object)) => return Ok(object),
        Err(OriginError::Malformed(why)) => why.0.replace("source.uri ", ""),
        Err(OriginError::Result { folder }) => format!(
            "must not lie below {folder}, where exports write their results; download the export and upload it as a file"
        ),
        Ok(Origin::Own(_)) | Err(_) => {
            format!("must lie below {}", bucket.prefix(&project.namespace))
        }
    };
    Err(ApiError::invalid_member("sourceUri", refused))
}

/// The beginning of an object that is the tenant's own.
async fn first_bytes(
    app: &App,
    project: &ProjectHead,
    object: &PlatformObject,
) -> ApiResult<Bytes> {
    let uri = object.to_string();
    let anothers = app
        .core
        .source_is_anothers(project.tenant, &project.namespace, &uri);
    let bytes = match anothers.await? {
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

/// Makes the dataset that a JSON body asks for.
pub async fn from_uri(
    app: &App,
    project: &ProjectHead,
    same: SameRequest,
    mut request: Request,
) -> ApiResult<DatasetBody> {
    // The route has no limit of its own, for the sake of files.
    DefaultBodyLimit::max(MAX_JSON_BYTES).apply(&mut request);
    let Json(new) = Json::<NewDataset>::from_request(request, app).await?;
    within("batchSize", new.batch_size.map(i64::from), 1, 10_000)?;
    within("maxInvalidRows", new.max_invalid_rows, 0, 1_000_000_000)?;
    let object = source_object(app.objects.bucket(), project, &new.source_uri)?;
    let format = SourceFormat::from_extension(object.key()).ok_or_else(|| {
        ApiError::invalid_member(
            "sourceUri",
            "must end in .csv or .jsonl, or in one of these and .gz or .zst",
        )
    })?;
    let bytes = first_bytes(app, project, &object).await?;
    let written = Written {
        delimiter: new.delimiter.map(|delimiter| delimiter.0),
        encoding: new.encoding.map(|encoding| encoding.0),
        multiline: new.multiline,
    };
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
    let file_name = object.key().rsplit('/').next().unwrap_or_default();
    let stem = file_name.split('.').next().unwrap_or_default();
    let name = resource_name(stem, "dataset", same);
    let wanted = resource(
        &project.namespace,
        &name,
        &project.name,
        source(object.to_string(), format, written),
        new.batch_size,
        new.max_invalid_rows,
    );
    let tenant = app.core.tenant_get(project.tenant).await?;
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let made = app.cluster.make(&at, &wanted).await?;
    let indexed = adopt::dataset(app, upsert::seen(&made.resource, &tenant.name)?).await;
    let view = app.cluster.keep(&made, indexed).await?;
    let dataset = app.core.dataset_get(Some(project.tenant), view.id).await?;
    Ok(DatasetBody::from(dataset).with_head(head))
}
