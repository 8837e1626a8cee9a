//! The Dataset that a request wants, and what it must fit.

use datacrowd_crds::{
    Dataset as DatasetResource, DatasetSpec,
    dataset::{Inbox, ProjectRef, Source},
};
use datacrowd_labelling::{Error, ProjectHead, Refusal};
use datacrowd_protocol::{
    files::Selection,
    labeling::{GoldColumns, Labeling},
    source::{SourceFormat, TableFormat},
};

use super::members::RowsBecome;
use crate::{
    adopt,
    error::{ApiError, ApiResult},
    routes::datasets::DatasetBody,
    source_head::Written,
    state::App,
    upsert,
};

/// A file of rows as a request wrote it.
pub fn table(uri: String, format: TableFormat, written: Written) -> Source {
    Source {
        delimiter: written.delimiter,
        encoding: written.encoding,
        multiline: written.multiline,
        ..source(uri, format.into())
    }
}

/// A folder as a request wrote it.
pub fn folder(uri: String, selection: Selection) -> Source {
    Source {
        include: selection.include,
        exclude: selection.exclude,
        companions: selection.companions,
        ..source(uri, SourceFormat::Files)
    }
}

/// What items are sent to.
pub fn inbox(people: Inbox) -> Source {
    Source {
        inbox: Some(people),
        ..source(String::new(), SourceFormat::Inbox)
    }
}

fn source(uri: String, format: SourceFormat) -> Source {
    Source {
        uri,
        format: Some(format),
        delimiter: None,
        encoding: None,
        multiline: None,
        include: Vec::new(),
        exclude: Vec::new(),
        companions: None,
        inbox: None,
        credentials_secret_ref: None,
    }
}

/// A new Dataset resource of a project.
pub fn resource(
    namespace: &str,
    name: &str,
    project: &str,
    source: Source,
    batch_size: Option<i32>,
    max_invalid_rows: Option<i64>,
    rows: RowsBecome,
) -> DatasetResource {
    // What a file becomes is looked at before it is paid for; an inbox takes items from its first moment on.
    let suspend = (source.format != Some(SourceFormat::Inbox)).then_some(true);
    let spec = DatasetSpec {
        project_ref: ProjectRef {
            name: project.to_owned(),
        },
        source,
        batch_size,
        suspend,
        max_invalid_rows,
        purpose: rows.purpose,
        gold_columns: rows.gold_columns,
        explain_column: rows.explain_column,
    };
    let mut resource = DatasetResource::new(name, spec);
    resource.metadata.namespace = Some(namespace.to_owned());
    resource
}

/// Writes the resource and indexes it.
pub async fn make(
    app: &App,
    project: &ProjectHead,
    wanted: &DatasetResource,
) -> ApiResult<DatasetBody> {
    let tenant = app.core.tenant_get(project.tenant).await?;
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let made = app.cluster.make(&at, wanted).await?;
    let indexed = adopt::dataset(app, upsert::seen(&made.resource, &tenant.name)?).await;
    let view = app.cluster.keep(&made, indexed).await?;
    let dataset = app.core.dataset_get(Some(project.tenant), view.id).await?;
    Ok(DatasetBody::from(dataset))
}

/// The form that the file must fit.
pub async fn labeling_of(app: &App, project: &ProjectHead) -> ApiResult<Option<Labeling>> {
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

/// Whether what the rows become fits the project's form, told before the cluster is asked.
pub async fn rows_fit(app: &App, project: &ProjectHead, rows: &RowsBecome) -> ApiResult<()> {
    let gold = GoldColumns::of(
        rows.purpose,
        rows.gold_columns.clone(),
        rows.explain_column.clone(),
    );
    let Some(gold) = gold.map_err(|(member, why)| ApiError::invalid_member(member, why))? else {
        return Ok(());
    };
    let labeling = labeling_of(app, project).await?;
    match labeling.and_then(|labeling| gold.violation(&labeling)) {
        Some((member, why)) => Err(ApiError::invalid_member(&member, why)),
        None => Ok(()),
    }
}

/// The resource's own bounds, told before the cluster is asked.
pub fn within(member: &str, value: Option<i64>, least: i64, most: i64) -> ApiResult<()> {
    match value {
        Some(value) if !(least..=most).contains(&value) => Err(ApiError::invalid_member(
            member,
            format!("must be between {least} and {most}"),
        )),
        _ => Ok(()),
    }
}
