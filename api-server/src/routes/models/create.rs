//! `POST /projects/{id}/models`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::{
    Model as ModelResource, ModelSpec,
    dataset::ProjectRef,
    model::{ModelSource, ModelUse},
};
use datacrowd_labelling::{ProjectHead, Tenant};
use datacrowd_protocol::{
    ids::ProjectId,
    internal::ModelView,
    model::MOST_MODEL_BYTES,
    object::{Origin, PlatformObject},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ModelBody,
    form::{InputBody, OutputBody},
    usage::{NewUse, PredictBody, check},
};
use crate::{
    auth::Owner,
    cluster,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    idempotency::SameRequest,
    names::resource_name,
    state::App,
    upsert,
};

/// A model whose file is in the platform's bucket already, below the tenant's own prefix.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewModel {
    /// `s3://bucket/namespace/….onnx`; put it there with `POST /projects/{id}/uploads`.
    #[schema(example = "s3://datacrowd/team-a/models/voice.onnx")]
    source_uri: String,
    /// SHA-256 that the file must have, as 64 lower-case hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: Option<String>,
    input: InputBody,
    output: OutputBody,
    /// How many predictors keep it loaded for the items of an inbox; none when absent.
    #[schema(example = 1, minimum = 0, maximum = 50)]
    replicas: Option<i32>,
    /// ON_REQUEST when absent.
    predict: Option<PredictBody>,
    r#use: Option<NewUse>,
}

/// Add a model: a Job looks at its file, then it may be applied to datasets.
#[utoipa::path(post, path = "/projects/{id}/models", tag = "models", params(("id" = Uuid, Path)), request_body = NewModel, responses((status = 202, body = ModelBody)))]
pub async fn model_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Path(id): Path<Uuid>,
    Json(new): Json<NewModel>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let object = file(&app, &project, &new.source_uri).await?;
    check(new.replicas, new.r#use.as_ref())?;
    let file_name = object.key().rsplit('/').next().unwrap_or_default();
    let stem = file_name.split('.').next().unwrap_or_default();
    let name = resource_name(stem, "model", same);
    let mut resource = ModelResource::new(
        &name,
        ModelSpec {
            project_ref: ProjectRef {
                name: project.name.clone(),
            },
            source: ModelSource {
                uri: object.to_string(),
                sha256: new.sha256,
            },
            input: new.input.into(),
            output: new.output.into(),
            replicas: new.replicas,
            predict: new.predict.map(Into::into),
            usage: new.r#use.map(|usage| usage.over(ModelUse::default())),
        },
    );
    resource.metadata.namespace = Some(project.namespace.clone());
    resource.metadata.annotations = cluster::traced();
    let subject = format!("{}/{name}", project.namespace);
    owner
        .audit(&app, "model.create", &subject, json!({"project": id}))
        .await?;
    let tenant = app.core.tenant_get(project.tenant).await?;
    let at = app.cluster.bound(&project.namespace, &tenant).await?;
    let made = app.cluster.make(&at, &resource).await?;
    let indexed = index(&app, &tenant, &made.resource).await;
    let view = app.cluster.keep(&made, indexed).await?;
    let model = app.core.model_get(Some(project.tenant), view.id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(ModelBody::from(model))))
}

/// The file, when it is there and the tenant's own.
async fn file(app: &App, project: &ProjectHead, uri: &str) -> ApiResult<PlatformObject> {
    let refuse = |why: String| ApiError::invalid_member("sourceUri", why);
    let bucket = app.objects.bucket();
    let object = match bucket.origin(&project.namespace, uri, false) {
        Ok(Origin::Platform(object)) => object,
        Ok(_) => return Err(refuse("must name a file, not a folder".into())),
        Err(_) => {
            let prefix = bucket.prefix(&project.namespace);
            return Err(refuse(format!(
                "must name a file below {prefix}, but not below exports/ or unpacked/ there"
            )));
        }
    };
    let anothers = app
        .core
        .source_is_anothers(project.tenant, &project.namespace, uri);
    let head = match anothers.await? {
        true => None,
        false => app.objects.head(&object).await?,
    };
    match head {
        None => Err(refuse("names no object; upload it first".into())),
        Some(head) if head.size_bytes > MOST_MODEL_BYTES => Err(refuse(format!(
            "names a file of {} bytes; a model has at most {MOST_MODEL_BYTES}",
            head.size_bytes
        ))),
        Some(_) => Ok(object),
    }
}

/// The index row of a resource that was just written.
pub(super) async fn index(
    app: &App,
    tenant: &Tenant,
    written: &ModelResource,
) -> ApiResult<ModelView> {
    let seen = upsert::seen(written, &tenant.name)?;
    let upsert = upsert::model(seen, app.objects.bucket())?;
    Ok(app.core.model_upsert(&upsert).await?)
}
