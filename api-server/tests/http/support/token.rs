//! Tokens of runners. No kubelet runs here: their pods are there and wait for a node.

use std::time::Duration;

use datacrowd_testkit::runner_pod;
use k8s_openapi::api::{
    authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec},
    core::v1::{Pod, ServiceAccount},
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};

use super::Platform;

impl Platform {
    /// The token that a runner's pod in this namespace would present.
    pub async fn runner_token(&self, namespace: &str) -> String {
        self.account(namespace).await;
        let pods: Api<Pod> = Api::namespaced(self.cluster.clone(), namespace);
        let there = pods.list(&ListParams::default().limit(1)).await.unwrap();
        let pod = match there.items.into_iter().next() {
            Some(pod) => pod,
            None => {
                let pod = serde_json::from_value(runner_pod()).unwrap();
                pods.create(&PostParams::default(), &pod).await.unwrap()
            }
        };
        let pod = BoundObjectReference {
            api_version: Some("v1".into()),
            kind: Some("Pod".into()),
            name: pod.metadata.name,
            uid: pod.metadata.uid,
        };
        self.account_token(namespace, Some(pod)).await
    }

    /// A token of the namespace's ServiceAccount, bound to a pod or to none.
    pub async fn account_token(
        &self,
        namespace: &str,
        bound: Option<BoundObjectReference>,
    ) -> String {
        let accounts = self.account(namespace).await;
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: vec!["datacrowd-internal".into()],
                bound_object_ref: bound,
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let made = accounts
            .create_token_request("default", &PostParams::default(), &request)
            .await
            .unwrap();
        made.status.unwrap().token
    }

    /// The ServiceAccounts of a namespace, once it has its first one.
    async fn account(&self, namespace: &str) -> Api<ServiceAccount> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.cluster.clone(), namespace);
        datacrowd_testkit::eventually(Duration::from_secs(30), || async {
            accounts.get_opt("default").await.unwrap()
        })
        .await;
        accounts
    }
}
