//! Whose namespace it is: the label, and nothing else.

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::names::TENANT_LABEL;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;

use crate::{context::Context, error::Error};

/// The tenant that a namespace belongs to.
pub(crate) async fn tenant(ctx: &Context, namespace: &str) -> Result<Option<String>, Error> {
    let namespaces: Api<Namespace> = Api::all(ctx.client.clone());
    let found = namespaces
        .get_metadata_opt(namespace)
        .await
        .map_err(Error::kube("reading the namespace"))?;
    let label = found
        .and_then(|ns| ns.metadata.labels)
        .and_then(|mut labels| labels.remove(TENANT_LABEL));
    Ok(label.filter(|tenant| !tenant.is_empty()))
}

/// What is said of a resource in a namespace without a tenant.
pub(crate) fn not_bound(namespace: &str) -> Verdict {
    Verdict::new(
        Phase::Waiting,
        Reason::NamespaceNotBound,
        format!(
            "Namespace {namespace} belongs to no tenant; label it: kubectl label namespace {namespace} {TENANT_LABEL}=<tenant>"
        ),
    )
}
