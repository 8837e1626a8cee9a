//! What the operator says of a resource: read for a page that shows it, never to decide anything.

use std::time::Duration;

use datacrowd_crds::condition::Condition;
use datacrowd_protocol::ids::ResourceUid;
use kube::{Api, ResourceExt};

use super::{Cluster, Kind};

/// How long a page waits for them.
const PATIENCE: Duration = Duration::from_secs(2);

impl Cluster {
    /// The conditions of the very resource that is bound; none where it is gone or the cluster does not answer in time.
    pub async fn conditions<K: Kind>(
        &self,
        namespace: &str,
        name: &str,
        uid: Option<ResourceUid>,
    ) -> Option<Vec<Condition>> {
        let uid = uid?.to_string();
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        match tokio::time::timeout(PATIENCE, api.get_opt(name)).await {
            Ok(Ok(found)) => found
                .filter(|found| found.uid().as_ref() == Some(&uid))
                .map(|found| found.conditions().to_vec()),
            Ok(Err(error)) => {
                tracing::warn!(?error, %namespace, %name, "conditions cannot be read; the answer lacks them");
                None
            }
            Err(_) => {
                tracing::warn!(%namespace, %name, "the cluster is slow; the answer lacks conditions");
                None
            }
        }
    }
}
