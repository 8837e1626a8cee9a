//! Whether the cluster serves the resources as this binary expects: a status field that the server does
//! not know would be dropped without a word.

use std::time::Duration;

use datacrowd_crds::{manifest, names::GROUP};
use kube::Client;
use serde_json::Value;

use crate::admin::Readiness;

/// How often the served schema is looked at.
const EVERY: Duration = Duration::from_mins(1);
/// How often while it is not as expected.
const EVERY_UNREADY: Duration = Duration::from_secs(5);

/// Keeps the readiness up to date.
pub(crate) async fn watch(client: Client, readiness: Readiness) {
    loop {
        let missing = match served(&client).await {
            Ok(document) => missing(&document),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "reading the served schema"
                );
                tokio::time::sleep(EVERY_UNREADY).await;
                continue;
            }
        };
        readiness.schema_served(missing.is_empty());
        if missing.is_empty() {
            tokio::time::sleep(EVERY).await;
        } else {
            tracing::warn!(
                ?missing,
                "the cluster does not serve the resources as this version expects; install or upgrade the chart datacrowd-crds"
            );
            tokio::time::sleep(EVERY_UNREADY).await;
        }
    }
}

async fn served(client: &Client) -> Result<Value, kube::Error> {
    let path = format!("/openapi/v3/apis/{GROUP}/v1alpha1");
    let request = http_get(&path);
    match client.request::<Value>(request).await {
        Err(error) if crate::error::has_code(&error, 404) => Ok(Value::Null),
        answer => answer,
    }
}

fn http_get(path: &str) -> axum::http::Request<Vec<u8>> {
    axum::http::Request::get(path)
        .body(Vec::new())
        .expect("the path is a constant")
}

/// Fields of our definitions that the served document lacks, as `Kind.spec.field`.
fn missing(served: &Value) -> Vec<String> {
    let definitions = manifest::definitions();
    let mut missing = Vec::new();
    for (_, crd) in &definitions {
        let kind = &crd.spec.names.kind;
        let schemas = served
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        let theirs = schemas
            .into_iter()
            .flat_map(|schemas| schemas.values())
            .find(|schema| {
                schema.pointer("/x-kubernetes-group-version-kind/0/kind")
                    == Some(&Value::from(kind.as_str()))
            });
        let ours = crd.spec.versions.first().and_then(|v| {
            v.schema
                .as_ref()?
                .open_api_v3_schema
                .as_ref()?
                .properties
                .as_ref()
        });
        for part in ["spec", "status"] {
            let fields = ours.and_then(|o| o.get(part)?.properties.as_ref());
            for field in fields.into_iter().flat_map(|fields| fields.keys()) {
                let at = format!("/properties/{part}/properties/{field}");
                if theirs.is_none_or(|schema| schema.pointer(&at).is_none()) {
                    missing.push(format!("{kind}.{part}.{field}"));
                }
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_server_without_the_resources_lacks_every_field() {
        let missing = missing(&Value::Null);
        assert!(missing.contains(&"Dataset.status.jobRef".to_owned()));
        assert!(missing.contains(&"Export.spec.format".to_owned()));
    }

    #[test]
    fn a_served_field_is_not_missed() {
        let served = json!({"components": {"schemas": {"any.name": {
            "x-kubernetes-group-version-kind": [{"kind": "Dataset"}],
            "properties": {"status": {"properties": {"jobRef": {}}}},
        }}}});
        assert!(!missing(&served).contains(&"Dataset.status.jobRef".to_owned()));
        assert!(missing(&served).contains(&"Dataset.status.attempt".to_owned()));
    }
}
