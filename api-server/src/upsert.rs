//! From a resource to the upsert of its index row: the same for one that REST has just written and for one
//! that the operator saw.

use datacrowd_crds::{
    DatasetSpec, ExportSpec, ModelSpec, PredictionSpec, ProjectSpec, model::Predicts,
};
use datacrowd_labelling::{
    ContentNow, DatasetUpsert, ExportUpsert, ModelUpsert, PredictionUpsert, ProjectUpsert,
};
use datacrowd_protocol::{
    export::{ExportTrigger, RowPer},
    files::Selection,
    ids::{DatasetId, ResourceUid},
    internal::Upsert,
    model::{MOST_REPLICAS, THRESHOLD, is_threshold},
    object::{Origin, PlatformBucket},
    range,
    source::{DeletionPolicy, Delimiter, Encoding, InboxRule, SourceFormat},
};
use kube::{Resource, ResourceExt, core::object::HasSpec};

use crate::error::{ApiError, ApiResult, Code};

/// The uid that the cluster gave to a resource.
pub fn uid_of(resource: &impl Resource) -> ApiResult<ResourceUid> {
    resource
        .meta()
        .uid
        .as_deref()
        .and_then(|u| u.parse().ok())
        .ok_or_else(|| {
            ApiError::unavailable(
                "cluster",
                &std::io::Error::other("a resource without a uid"),
            )
        })
}

/// What an operator would send for a resource of this tenant.
pub fn seen<K>(resource: &K, tenant: &str) -> ApiResult<Upsert<K::Spec>>
where
    K: Resource + HasSpec,
    K::Spec: Clone,
{
    Ok(Upsert {
        namespace: resource.namespace().unwrap_or_default(),
        tenant: tenant.to_owned(),
        name: resource.name_any(),
        uid: uid_of(resource)?.0,
        generation: resource.meta().generation.unwrap_or(1),
        delete_rows: None,
        spec: resource.spec().clone(),
    })
}

/// A Project's upsert.
pub fn project(up: Upsert<ProjectSpec>) -> ProjectUpsert {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        delete_rows: _,
        spec,
    } = up;
    ProjectUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        display_name: spec.display_name,
        description: spec.description.unwrap_or_default(),
        data_type: spec.data_type,
        paused: spec.paused.unwrap_or(false),
        closed: spec.closed.unwrap_or(false),
        deletion_policy: spec.deletion_policy.unwrap_or(DeletionPolicy::Retain),
        labeling: spec.labeling,
    }
}

/// What a Dataset's rows are read from.
struct Reads {
    uri: String,
    format: SourceFormat,
    selection: Option<Selection>,
    inbox: Option<InboxRule>,
}

/// The source, when it is one that the namespace may name. The files of an inbox lie in a folder, as those of a dataset that is
/// one.
fn reads(spec: &DatasetSpec, namespace: &str, bucket: &PlatformBucket) -> ApiResult<Reads> {
    let invalid = |why: String| invalid("source", format!("{why}."));
    spec.inbox_only()
        .map_err(|(member, why)| self::invalid(member, why))?;
    let (format, selection) = spec.source.kind().map_err(invalid)?;
    if format == SourceFormat::Inbox {
        let inbox = spec.source.inbox.clone().unwrap_or_default().rule();
        return Ok(Reads {
            uri: format!("{}datasets/", bucket.prefix(namespace)),
            format: SourceFormat::Files,
            selection: Some(Selection::default()),
            inbox: Some(inbox.map_err(|(member, why)| self::invalid(member, why))?),
        });
    }
    let own_credentials = spec.source.credentials_secret_ref.is_some();
    bucket
        .origin(namespace, &spec.source.uri, own_credentials)
        .map_err(|why| invalid(why.to_string()))?;
    Ok(Reads {
        uri: spec.source.uri.clone(),
        format,
        selection,
        inbox: None,
    })
}

/// A Dataset's upsert, when its source is one that the namespace may name.
pub fn dataset(up: Upsert<DatasetSpec>, bucket: &PlatformBucket) -> ApiResult<DatasetUpsert> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        delete_rows,
        spec,
    } = up;
    let Reads {
        uri,
        format,
        selection,
        inbox,
    } = reads(&spec, &namespace, bucket)?;
    if !(1..=10_000).contains(&spec.batch_size()) {
        return Err(invalid("batchSize", "must be between 1 and 10000"));
    }
    if !(0..=1_000_000_000).contains(&spec.max_invalid_rows()) {
        let why = "must be between 0 and 1000000000";
        return Err(invalid("maxInvalidRows", why));
    }
    let gold = spec.gold().map_err(|(member, why)| invalid(member, why))?;
    Ok(DatasetUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        batch_size: spec.batch_size(),
        max_invalid_rows: spec.max_invalid_rows(),
        suspended: spec.suspended(),
        project_name: spec.project_ref.name,
        source_uri: uri,
        format,
        selection,
        gold,
        inbox,
        own_credentials: spec.source.credentials_secret_ref.is_some(),
        content: ContentNow::Unseen,
        delete_rows: delete_rows.map(DatasetId),
        delimiter: spec.source.delimiter.unwrap_or(Delimiter::Comma),
        encoding: spec.source.encoding.unwrap_or(Encoding::Utf8),
        multiline: spec.source.multiline.unwrap_or(false),
    })
}

fn invalid(member: &str, why: impl Into<String>) -> ApiError {
    ApiError::invalid(Code::InvalidSpec, [(member.to_owned(), why.into())].into())
}

/// An Export's upsert.
pub fn export(up: Upsert<ExportSpec>) -> ApiResult<ExportUpsert> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        delete_rows: _,
        spec,
    } = up;
    if !(0..=range::MOST).contains(&spec.since.unwrap_or(0)) {
        return Err(invalid(
            "since",
            "must be the watermark of an earlier export",
        ));
    }
    Ok(ExportUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        project_name: spec.project_ref.name,
        dataset_name: spec.dataset_ref.map(|d| d.name),
        format: spec.format,
        trigger: spec.trigger.unwrap_or(ExportTrigger::Now),
        row_per: spec.row_per.unwrap_or(RowPer::Answer),
        since: spec.since,
        raw_cells: spec.raw_cells.unwrap_or(false),
        bom: spec.bom.unwrap_or(false),
        predictions: spec.predictions.unwrap_or(false),
    })
}

/// A Model's upsert, when its file is one that the namespace may name.
pub fn model(up: Upsert<ModelSpec>, bucket: &PlatformBucket) -> ApiResult<ModelUpsert> {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        delete_rows: _,
        spec,
    } = up;
    let origin = bucket.origin(&namespace, &spec.source.uri, false);
    match origin.map_err(|why| invalid("source", format!("{why}.")))? {
        Origin::Platform(_) => {}
        _ => return Err(invalid("source", "must name a file, not a folder.")),
    }
    let replicas = spec.replicas();
    if !(0..=MOST_REPLICAS).contains(&replicas) {
        let why = format!("must be between 0 and {MOST_REPLICAS}");
        return Err(invalid("replicas", why));
    }
    let predict_always = spec.predict() == Predicts::Always;
    let (prefill, blind_share) = (spec.prefill(), spec.blind_share());
    let answer_above = spec.answer_above();
    if answer_above.is_some_and(|least| !is_threshold(least)) {
        return Err(invalid("use.answerAbove", THRESHOLD));
    }
    Ok(ModelUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        project_name: spec.project_ref.name,
        source_uri: spec.source.uri,
        sha256: spec.source.sha256,
        input: spec.input,
        output: spec.output,
        replicas,
        predict_always,
        prefill,
        blind_share,
        answer_above,
    })
}

/// A Prediction's upsert.
pub fn prediction(up: Upsert<PredictionSpec>) -> PredictionUpsert {
    let Upsert {
        namespace,
        tenant,
        name,
        uid,
        generation,
        delete_rows: _,
        spec,
    } = up;
    PredictionUpsert {
        tenant,
        namespace,
        name,
        uid: ResourceUid(uid),
        generation,
        project_name: spec.project_ref.name,
        model_name: spec.model_ref.name,
        dataset_name: spec.dataset_ref.name,
    }
}
