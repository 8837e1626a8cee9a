//! A resource as the file that `kubectl apply` takes.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use datacrowd_labelling::Tenant;
use datacrowd_protocol::ids::ResourceUid;
use serde_json::{Value, json};

use crate::{
    cluster::Kind,
    error::{ApiError, ApiResult},
    state::App,
};

/// Media type of RFC 9512.
pub const YAML: &str = "application/yaml";

/// Which resource, as its index row has it.
pub struct Indexed<'a> {
    pub tenant: &'a Tenant,
    pub namespace: &'a str,
    pub name: &'a str,
    pub uid: Option<ResourceUid>,
}

/// The intent of the very resource that is bound: its name, labels and spec as they are in the cluster now.
pub async fn of<K: Kind>(app: &App, indexed: Indexed<'_>) -> ApiResult<Response> {
    let at = app.cluster.bound(indexed.namespace, indexed.tenant).await?;
    let found: K = app
        .cluster
        .get_bound(&at, indexed.name, indexed.uid)
        .await?;
    let yaml = serde_saphyr::to_string(&intent(&found)?);
    let yaml = yaml.map_err(|e| ApiError::internal(&e))?;
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(YAML));
    Ok(([kind], yaml).into_response())
}

/// Without what the server and the operator add, which applying would refuse or another resource would not have.
fn intent<K: Kind>(resource: &K) -> ApiResult<Value> {
    let written = serde_json::to_value(resource).map_err(|e| ApiError::internal(&e))?;
    let meta = resource.meta();
    let mut metadata = json!({"name": meta.name, "namespace": meta.namespace});
    if let Some(labels) = &meta.labels {
        metadata["labels"] = json!(labels);
    }
    Ok(json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": metadata,
        "spec": written["spec"],
    }))
}
