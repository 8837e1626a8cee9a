//! The Webhook resource: where a client's events are posted to.

use datacrowd_protocol::internal::WebhookState;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{condition::Condition, dataset::ProjectRef};

/// An address that events of the namespace's tenant are posted to, signed as Standard Webhooks 1.0 has it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "datacrowd.io",
    version = "v1alpha1",
    kind = "Webhook",
    namespaced,
    status = "WebhookStatus",
    derive = "PartialEq",
    doc = "An address that events of the namespace's tenant are posted to, signed as Standard Webhooks 1.0 has it.",
    shortname = "dcw",
    category = "datacrowd",
    selectable = ".spec.projectRef.name",
    cel,
    validation = Rule::new("size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name must be a DNS label of at most 45 characters: lower-case letters, digits and dashes"),
    printcolumn(name = "Project", type_ = "string", json_path = ".spec.projectRef.name"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Waiting", type_ = "integer", json_path = ".status.pending"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Url", type_ = "string", json_path = ".spec.url", priority = "1"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = "1")
)]
pub struct WebhookSpec {
    /// Where events are posted to: `https` or `http`, without user name, password and fragment.
    #[schemars(length(min = 8, max = 2000), regex(pattern = r"^https?://[^/?#]"))]
    pub url: String,
    /// Types that are told; all of them when empty or absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 100)))]
    pub event_types: Vec<String>,
    /// The one Project that is told of; all of the tenant's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_ref: Option<ProjectRef>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub description: Option<String>,
    /// True sends nothing; what happens meanwhile is not sent later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

impl WebhookSpec {
    /// Effective `suspend`.
    #[must_use]
    pub fn suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }
}

/// What the operator saw of a Webhook.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStatus {
    /// The generation of the spec that this status speaks of; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1))]
    pub observed_generation: Option<i64>,
    /// Platform id, for the REST API: its secret and its deliveries are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub id: Option<String>,
    /// Whether events reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<WebhookState>,
    /// Since when every attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Time>,
    /// Events that wait to be sent, as last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub pending: Option<i64>,
    /// Ready, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
