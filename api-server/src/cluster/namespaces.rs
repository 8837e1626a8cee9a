//! Namespaces, and whose they are: a label says so, and nothing is remembered of it.

use std::collections::BTreeMap;

use datacrowd_labelling::Tenant;
use datacrowd_protocol::names::{FOUNDING, TENANT_LABEL};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, ResourceExt,
    api::{ListParams, PostParams},
};

use super::{Bound, Cluster, failed};
use crate::error::{ApiError, ApiResult, Code};

impl Cluster {
    /// The namespace, when its live label names this tenant. What it says names no other tenant.
    ///
    /// # Errors
    /// `namespace_not_bound`; or the cluster does not answer.
    pub async fn bound(&self, namespace: &str, tenant: &Tenant) -> ApiResult<Bound> {
        if self.tenant_label(namespace).await?.as_ref() == Some(&tenant.name) {
            return Ok(Bound {
                namespace: namespace.to_owned(),
            });
        }
        Err(ApiError::filled(
            Code::NamespaceNotBound,
            &[&namespace, &TENANT_LABEL, &tenant.name],
        ))
    }

    /// The tenant that a namespace's label names; none without a label, or without the namespace.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn tenant_label(&self, namespace: &str) -> ApiResult<Option<String>> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let found = api.get_metadata_opt(namespace).await.map_err(failed)?;
        Ok(found.and_then(|ns| ns.labels().get(TENANT_LABEL).cloned()))
    }

    /// Makes the home of a tenant that is founded over REST, marked with the founding's id. An existing namespace is
    /// never labelled, and taken only when this very founding made it; every other one is somebody else's (`false`).
    ///
    /// # Errors
    /// The cluster refuses it, or does not answer.
    pub async fn found_namespace(&self, name: &str, tenant: &Tenant) -> ApiResult<bool> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let founding = tenant.id.to_string();
        let labels = BTreeMap::from([
            (TENANT_LABEL.to_owned(), tenant.name.clone()),
            (
                "pod-security.kubernetes.io/enforce".to_owned(),
                "restricted".to_owned(),
            ),
        ]);
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(name.to_owned());
        namespace.metadata.labels = Some(labels);
        namespace.metadata.annotations = Some([(FOUNDING.to_owned(), founding.clone())].into());
        match api.create(&PostParams::default(), &namespace).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 409 => {
                let known = api.get(name).await.map_err(failed)?;
                Ok(known.labels().get(TENANT_LABEL) == Some(&tenant.name)
                    && known.annotations().get(FOUNDING) == Some(&founding))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Namespaces whose label names this tenant, the oldest first, without those that are being deleted.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn namespaces_of(&self, tenant: &str) -> ApiResult<Vec<String>> {
        let labelled = ListParams::default().labels(&format!("{TENANT_LABEL}={tenant}"));
        let mut found = Api::<Namespace>::all(self.client.clone())
            .list_metadata(&labelled)
            .await
            .map_err(failed)?
            .items;
        found.retain(|n| n.metadata.deletion_timestamp.is_none());
        found.sort_by_key(|n| (n.creation_timestamp(), n.name_any()));
        Ok(found.iter().map(ResourceExt::name_any).collect())
    }
}
