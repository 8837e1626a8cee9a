//! Uploads: a file is streamed to the object store in parts while it arrives; memory is one part.

mod members;

use axum::{
    Extension,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State},
    http::StatusCode,
    response::IntoResponse,
};
use bytes::{Bytes, BytesMut};
use datacrowd_labelling::{Accepted, Error, ProjectHead, Refusal};
use datacrowd_protocol::{
    Upper,
    ids::{ProjectId, UploadId},
    labeling::Labeling,
    object::{Origin, OriginError, PlatformBucket, PlatformObject},
    run::UploadedPart,
    source::{Delimiter, Encoding, SourceFormat},
};
use datacrowd_records::Head;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use self::members::Members;
use super::{
    MAX_JSON_BYTES,
    datasets::{DatasetBody, resource, source},
    names::resource_name,
};
use crate::{
    adopt,
    app::App,
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    idempotency::{
        SameRequest,
        form::{FILE, FormDigest, MEMBERS},
    },
    limits::{self, Overfull, Silent, TimeLimit, Window, is_form},
    source_head::{self, HEAD_BYTES, Written},
    upsert,
};

/// Bytes per part of the multipart upload.
const PART_BYTES: usize = 8 * 1024 * 1024;

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

/// A file as form data; for the description only.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form")]
pub struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    #[schema(example = 100, rename = "batchSize")]
    batch_size: Option<i32>,
    #[schema(example = 0, rename = "maxInvalidRows")]
    max_invalid_rows: Option<i64>,
    /// What separates a CSV's cells: COMMA when absent, SEMICOLON, TAB, PIPE, or AUTO to find out. Comes before the file.
    #[schema(example = "SEMICOLON")]
    delimiter: Option<String>,
    /// How characters are written: UTF8 when absent, WINDOWS1251, WINDOWS1252 or UTF16. Comes before the file.
    #[schema(example = "UTF8")]
    encoding: Option<String>,
    /// Quoted cells may span more than 100 lines and 64 KiB. Comes before the file.
    #[schema(example = false)]
    multiline: Option<bool>,
}

/// A file that arrived whole.
struct Arrived {
    id: UploadId,
    object: PlatformObject,
    file_name: String,
    format: SourceFormat,
    written: Written,
    head: Head,
    sha256: String,
}

/// Removes what was written when the request ends before the file did: also when the client goes away.
struct Abort {
    app: App,
    id: UploadId,
    object: PlatformObject,
    multipart: String,
    armed: bool,
}

impl Drop for Abort {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let (app, id, object, multipart) = (
            self.app.clone(),
            self.id,
            self.object.clone(),
            std::mem::take(&mut self.multipart),
        );
        tokio::spawn(async move {
            // What fails here is found by the sweeper: the row stays open.
            if app
                .objects
                .multipart_abort(&object, &multipart)
                .await
                .is_ok()
                && app.objects.delete(&object).await.is_ok()
            {
                let _ = app.core.upload_close(id, false).await;
            }
        });
    }
}

/// Bring a dataset: a file as form data, or a JSON body that names one in the bucket.
#[utoipa::path(post, path = "/projects/{id}/datasets", tag = "datasets", params(("id" = Uuid, Path)),
    request_body(content((UploadForm = "multipart/form-data"), (NewDataset = "application/json"))), responses((status = 201, body = DatasetBody)))]
pub async fn dataset_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    time: TimeLimit,
    Path(id): Path<Uuid>,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let is_form = is_form(request.headers());
    let details = json!({"project": id, "upload": is_form});
    owner
        .audit(&app, "dataset.create", &id.to_string(), details)
        .await?;
    let (body, form) = if is_form {
        time.lift();
        let window = Window::default();
        let request = request.map(|body| limits::form(body, app.settings.upload_idle, &window));
        let (body, form) = from_form(&app, &project, request, &window).await?;
        (body, Some(form))
    } else {
        (from_uri(&app, &project, same, request).await?, None)
    };
    Ok((StatusCode::CREATED, Extension(form), axum::Json(body)))
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

async fn from_uri(
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
    let format = SourceFormat::from_extension(object.key())
        .ok_or_else(|| ApiError::invalid_member("sourceUri", "must end in .csv or .jsonl"))?;
    let most = i64::try_from(HEAD_BYTES).unwrap_or(i64::MAX);
    let uri = object.to_string();
    let anothers = app
        .core
        .source_is_anothers(project.tenant, &project.namespace, &uri);
    let bytes = match anothers.await? {
        true => None,
        false => app.objects.first_bytes(&object, most).await?,
    };
    let bytes = bytes
        .ok_or_else(|| ApiError::invalid_member("sourceUri", "names no object; upload it first"))?;
    let written = Written {
        delimiter: new.delimiter.map(|delimiter| delimiter.0),
        encoding: new.encoding.map(|encoding| encoding.0),
        multiline: new.multiline,
    };
    let labeling = labeling_of(app, project).await?;
    let whole = bytes.len() < HEAD_BYTES;
    let head = source_head::check(
        "sourceUri",
        &bytes,
        whole,
        format,
        written,
        labeling.as_ref(),
    )?;
    let name = resource_name(
        object
            .key()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .split('.')
            .next()
            .unwrap_or_default(),
        "dataset",
        same,
    );
    let wanted = resource(
        &project.namespace,
        &name,
        &project.name,
        source(uri, format, written),
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

/// The form that the file must fit.
async fn labeling_of(app: &App, project: &ProjectHead) -> ApiResult<Option<Labeling>> {
    let labeling = app
        .core
        .project_labeling(Some(project.tenant), project.id, None)
        .await;
    match labeling {
        Ok(labeling) => Ok(Some(labeling)),
        // No version of it was accepted yet.
        Err(Error::Refused(Refusal::NotFound)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn from_form(
    app: &App,
    project: &ProjectHead,
    request: Request,
    window: &Window,
) -> ApiResult<(DatasetBody, FormDigest)> {
    let tenant = app.core.tenant_get(project.tenant).await?;
    app.cluster.bound(&project.namespace, &tenant).await?;
    let (arrived, mut abort, mut members) = read_form(app, project, request, window).await?;
    let uri = arrived.object.to_string();
    within("batchSize", members.batch_size, 1, 10_000)?;
    within("maxInvalidRows", members.max_invalid_rows, 0, 1_000_000_000)?;
    let batch_size = members.batch_size.map(i32::try_from).transpose();
    let batch_size =
        batch_size.map_err(|_| ApiError::invalid_member("batchSize", "is too large"))?;
    let name = resource_name(
        arrived.file_name.split('.').next().unwrap_or_default(),
        "dataset",
        SameRequest(None),
    );
    let wanted = resource(
        &project.namespace,
        &name,
        &project.name,
        source(uri, arrived.format, arrived.written),
        batch_size,
        members.max_invalid_rows,
    );
    // The upload may have taken long: once more.
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let made = app.cluster.make(&at, &wanted).await;
    // From here on a Dataset refers to the object, so it stays with it. Where nobody knows whether one does, it stays
    // until the sweeper finds that none was indexed.
    abort.armed = made.as_ref().is_err_and(ApiError::is_refusal);
    let made = made?;
    let indexed = adopt::dataset(app, upsert::seen(&made.resource, &tenant.name)?).await;
    let is_refused = indexed.as_ref().is_err_and(ApiError::is_refusal);
    abort.armed = is_refused && app.cluster.take_back(&made).await;
    if !abort.armed {
        app.core.upload_close(arrived.id, true).await?;
    }
    let view = indexed?;
    let dataset = app.core.dataset_get(Some(project.tenant), view.id).await?;
    members.seen.file(&arrived.file_name, &arrived.sha256);
    let body = DatasetBody::from(dataset).with_head(arrived.head);
    Ok((body, members.seen.digest()))
}

/// Reads a form to its end; its file is in the object store then.
async fn read_form(
    app: &App,
    project: &ProjectHead,
    request: Request,
    window: &Window,
) -> ApiResult<(Arrived, Abort, Members)> {
    let form = Multipart::from_request(request, app).await;
    let mut form = form.map_err(|_| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The form's Content-Type names nothing that separates its parts; send multipart/form-data with a file.",
        )
    })?;
    let (mut file, mut members) = (None, Members::default());
    while let Some(field) = form.next_field().await.map_err(broken_form)? {
        window.open();
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            FILE if file.is_none() => {
                file = Some(receive(app, project, members.written, field, window).await?);
            }
            "delimiter" | "encoding" | "multiline" if file.is_some() => {
                return Err(ApiError::invalid_member(
                    &name,
                    "must come before the file, which is looked at as it arrives",
                ));
            }
            known if MEMBERS.contains(&known) => {
                let text = field.text().await.map_err(broken_form)?;
                members.take(known, &text)?;
            }
            other => return Err(members::unknown(other)),
        }
    }
    let (arrived, abort) = file.ok_or_else(|| ApiError::invalid_member(FILE, "is missing"))?;
    Ok((arrived, abort, members))
}

/// A form that cannot be read to its end, and what to do about it.
pub fn broken_form(error: axum::extract::multipart::MultipartError) -> ApiError {
    if limits::caused::<Silent>(&error) {
        return ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "Nothing of the form came for too long; send it again.",
        );
    }
    if limits::caused::<Overfull>(&error) {
        return ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "A part of the form other than the file is longer than 1 MiB; shorten it.",
        );
    }
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::framework(StatusCode::PAYLOAD_TOO_LARGE),
        _ => ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The form broke off, or is no multipart/form-data; send it again.",
        ),
    }
}

/// The resource's own bounds, told before the cluster is asked.
fn within(member: &str, value: Option<i64>, least: i64, most: i64) -> ApiResult<()> {
    match value {
        Some(value) if !(least..=most).contains(&value) => Err(ApiError::invalid_member(
            member,
            format!("must be between {least} and {most}"),
        )),
        _ => Ok(()),
    }
}

/// Streams one file to the object store.
async fn receive(
    app: &App,
    project: &ProjectHead,
    written: Written,
    mut field: axum::extract::multipart::Field<'_>,
    window: &Window,
) -> ApiResult<(Arrived, Abort)> {
    let file_name = field.file_name().unwrap_or_default().to_owned();
    let format = SourceFormat::from_extension(&file_name).ok_or_else(|| {
        ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The file's name must end in .csv or .jsonl.",
        )
    })?;
    let mut buffer = BytesMut::new();
    let mut whole = false;
    while buffer.len() < HEAD_BYTES && !whole {
        let chunk = field.chunk().await.map_err(broken_form)?;
        window.open();
        match chunk {
            Some(chunk) => buffer.extend_from_slice(&chunk),
            None => whole = true,
        }
    }
    let labeling = labeling_of(app, project).await?;
    let head = source_head::check("file", &buffer, whole, format, written, labeling.as_ref())?;
    let id = UploadId(Uuid::now_v7());
    let key = format!(
        "{}/datasets/{id}/source.{}",
        project.namespace,
        format.extension()
    );
    let object = app.objects.bucket().at(&project.namespace, &key);
    let object = object.ok_or_else(ApiError::not_found)?;
    let multipart = app
        .objects
        .multipart_begin(&object, "application/octet-stream")
        .await?;
    let abort = Abort {
        app: app.clone(),
        id,
        object: object.clone(),
        multipart: multipart.clone(),
        armed: true,
    };
    app.core
        .upload_open(id, project.tenant, &key, &multipart)
        .await?;
    let mut digest = Sha256::new();
    let mut size: u64 = buffer.len() as u64;
    digest.update(&buffer);
    let mut parts: Vec<UploadedPart> = Vec::new();
    loop {
        let chunk = field.chunk().await.map_err(broken_form)?;
        window.open();
        let last = chunk.is_none();
        if let Some(chunk) = chunk {
            size += chunk.len() as u64;
            if size > app.settings.max_upload_bytes {
                return Err(ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "payload_too_large",
                    "The file is larger than this server takes; put it into a bucket and send sourceUri instead.",
                ));
            }
            digest.update(&chunk);
            buffer.extend_from_slice(&chunk);
        }
        while buffer.len() >= PART_BYTES || (last && (!buffer.is_empty() || parts.is_empty())) {
            let part: Bytes = buffer.split_to(buffer.len().min(PART_BYTES)).freeze();
            let number = i32::try_from(parts.len()).unwrap_or(i32::MAX - 1) + 1;
            parts.push(
                app.objects
                    .multipart_put(&object, &multipart, number, part)
                    .await?,
            );
        }
        if last {
            break;
        }
    }
    let etag = app
        .objects
        .multipart_complete(&object, &multipart, &parts)
        .await?;
    let accepted = Accepted {
        etag,
        size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
        sha256: hex::encode(digest.finalize()),
    };
    app.core.upload_accepted(id, &accepted).await?;
    Ok((
        Arrived {
            id,
            object,
            file_name,
            format,
            written,
            head,
            sha256: accepted.sha256,
        },
        abort,
    ))
}
