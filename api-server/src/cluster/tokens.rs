//! Tokens that pods present: the cluster is asked whether they are good.

use datacrowd_protocol::names::RUNNER_TOKEN_AUDIENCE;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus};
use kube::{Api, api::PostParams};

use super::{Cluster, failed};
use crate::error::ApiResult;

/// Where a review names the pod that a token is bound to.
const TOKENS_POD: &str = "authentication.kubernetes.io/pod-name";

impl Cluster {
    /// The namespace of the ServiceAccount whose pod presents this token; none when the token is not good, or bound to
    /// no pod: one that was asked for by itself outlives every pod.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn runner_namespace(&self, token: &str) -> ApiResult<Option<String>> {
        let review = TokenReview {
            spec: TokenReviewSpec {
                token: Some(token.to_owned()),
                audiences: Some(vec![RUNNER_TOKEN_AUDIENCE.to_owned()]),
            },
            ..TokenReview::default()
        };
        let answer = Api::<TokenReview>::all(self.client.clone())
            .create(&PostParams::default(), &review)
            .await
            .map_err(failed)?;
        Ok(answer.status.and_then(namespace_of))
    }
}

/// Where the pod of a reviewed token lives.
fn namespace_of(status: TokenReviewStatus) -> Option<String> {
    let audiences = status.audiences.unwrap_or_default();
    let is_for_us = audiences.iter().any(|a| a == RUNNER_TOKEN_AUDIENCE);
    let user = status.user.unwrap_or_default();
    let pods = user.extra.as_ref().and_then(|extra| extra.get(TOKENS_POD));
    let is_pods = pods.is_some_and(|names| !names.is_empty());
    if !(status.authenticated.unwrap_or(false) && is_for_us && is_pods) {
        return None;
    }
    let account = user.username?;
    let account = account.strip_prefix("system:serviceaccount:")?;
    account.split_once(':').map(|(ns, _)| ns.to_owned())
}
