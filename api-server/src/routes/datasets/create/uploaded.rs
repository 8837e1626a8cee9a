//! A dataset of a file that comes with the request.

use axum::extract::Request;
use datacrowd_labelling::ProjectHead;
use datacrowd_protocol::files::Selection;
use utoipa::ToSchema;

use super::{
    members::{Members, unknown},
    receive::{Abort, Arrived, Kind, receive},
    wanted::{folder, resource, rows_fit, table, within},
};
use crate::{
    adopt,
    error::{ApiError, ApiResult},
    idempotency::SameRequest,
    names::resource_name,
    routes::datasets::DatasetBody,
    state::App,
    upload_form::{FILE, FormDigest, FormReader, Part},
    upsert,
};

/// A file as form data; for the description only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form")]
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
    /// What the rows become: WORK when absent, or GOLD, tasks whose right answer is known.
    #[schema(example = "GOLD")]
    purpose: Option<String>,
    /// Of gold, as JSON: the column with the right answer, for each field whose answer is known.
    #[schema(example = "{\"rating\": \"expected\"}", rename = "goldColumns")]
    gold_columns: Option<String>,
    /// Of gold: the column that says why.
    #[schema(example = "why", rename = "explainColumn")]
    explain_column: Option<String>,
}

/// Makes the dataset that a form brings, and says what the form is known by.
pub async fn from_form(
    app: &App,
    project: &ProjectHead,
    request: Request,
) -> ApiResult<(DatasetBody, FormDigest)> {
    let tenant = app.core.tenant_get(project.tenant).await?;
    app.cluster.bound(&project.namespace, &tenant).await?;
    let mut form = FormReader::open(request, &app.settings).await?;
    let (arrived, mut abort, members) = read(app, project, &mut form).await?;
    let uri = arrived.object.to_string();
    within("batchSize", members.batch_size, 1, 10_000)?;
    within("maxInvalidRows", members.max_invalid_rows, 0, 1_000_000_000)?;
    rows_fit(app, project, &members.rows).await?;
    let batch_size = members.batch_size.map(i32::try_from).transpose();
    let batch_size =
        batch_size.map_err(|_| ApiError::invalid_member("batchSize", "is too large"))?;
    let stem = arrived.file_name.split('.').next().unwrap_or_default();
    let name = resource_name(stem, "dataset", SameRequest(None));
    let (source, head) = match arrived.kind {
        Kind::Table {
            format,
            written,
            head,
        } => (table(uri, format, written), Some(head)),
        Kind::Archive => (folder(uri, Selection::default()), None),
    };
    let wanted = resource(
        &project.namespace,
        &name,
        &project.name,
        source,
        batch_size,
        members.max_invalid_rows,
        members.rows,
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
    let body = DatasetBody::from(dataset).with_head(head);
    Ok((body, form.digest(&arrived.sha256)))
}

/// Reads a form to its end; its file is in the object store then.
async fn read(
    app: &App,
    project: &ProjectHead,
    form: &mut FormReader,
) -> ApiResult<(Arrived, Abort, Members)> {
    let (mut arrived, mut members) = (None, Members::default());
    while let Some(part) = form.next().await? {
        match part {
            Part::File(file) => {
                arrived = Some(receive(app, project, members.written, *file).await?);
            }
            Part::Member {
                name: name @ ("delimiter" | "encoding" | "multiline"),
                ..
            } if arrived.is_some() => {
                return Err(ApiError::invalid_member(
                    name,
                    "must come before the file, which is looked at as it arrives",
                ));
            }
            Part::Member { name, text } => members.take(name, &text)?,
            Part::Unknown(name) => return Err(unknown(&name)),
        }
    }
    let (arrived, abort) = arrived.ok_or_else(|| ApiError::invalid_member(FILE, "is missing"))?;
    Ok((arrived, abort, members))
}
