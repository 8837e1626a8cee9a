//! The Project resource: what is labelled, how, and what it may spend.

use datacrowd_protocol::{
    internal::{BillingStatus, ProjectState},
    labeling::{DataType, Labeling},
    source::DeletionPolicy,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;

/// A labelling project: what workers see, how they answer, who checks them.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "datacrowd.io",
    version = "v1alpha1",
    kind = "Project",
    namespaced,
    status = "ProjectStatus",
    derive = "PartialEq",
    doc = "A labelling project: what workers see, how they answer, who checks them.",
    shortname = "dcp",
    category = "datacrowd",
    cel,
    validation = Rule::new("size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name must be a DNS label of at most 45 characters: lower-case letters, digits and dashes"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Billing", type_ = "string", json_path = ".status.billing.status"),
    printcolumn(name = "Quota", type_ = "integer", json_path = ".status.billing.quota"),
    printcolumn(name = "Used", type_ = "integer", json_path = ".status.billing.used"),
    printcolumn(name = "Approved", type_ = "integer", json_path = ".status.tasks.approved"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Agreement", type_ = "string", json_path = ".status.quality.agreement", priority = "1"),
    printcolumn(name = "Confidence", type_ = "string", json_path = ".status.quality.confidence", priority = "1"),
    printcolumn(name = "Tenant", type_ = "string", json_path = ".status.tenant", priority = "1"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = "1")
)]
#[x_kube(validation = Rule::new("!(has(oldSelf.closed) && oldSelf.closed) || (has(self.closed) && self.closed)").message("closed is one way: a closed project cannot be opened again"))]
pub struct ProjectSpec {
    /// Name shown to people.
    #[schemars(length(min = 1, max = 200))]
    pub display_name: String,
    /// What the project is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5000))]
    pub description: Option<String>,
    /// What the items are.
    pub data_type: DataType,
    /// True: workers claim nothing and no run begins. Submits of live leases still count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// True: the project ends early, for good. A final export stays possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// What becomes of the platform's rows when the resource is deleted; Retain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// What workers see and answer.
    pub labeling: Labeling,
}

impl ProjectSpec {
    /// Effective deletion policy.
    #[must_use]
    pub fn deletion_policy(&self) -> DeletionPolicy {
        self.deletion_policy.unwrap_or(DeletionPolicy::Retain)
    }
}

/// What the operator saw of a Project.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectStatus {
    /// The generation of the spec that this status speaks of; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1))]
    pub observed_generation: Option<i64>,
    /// Platform id, for the REST API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub id: Option<String>,
    /// The tenant that the namespace belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub tenant: Option<String>,
    /// Where its life stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ProjectState>,
    /// Version of the labeling in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub labeling_version: Option<i32>,
    /// What it may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingSummary>,
    /// Datasets that belong to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub datasets: Option<i64>,
    /// Task counters, at most every 30 seconds while people work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<TaskSummary>,
    /// How good its answers are, by the last fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualitySummary>,
    /// Ready, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// What a project may spend, in judgements (tasks × `answersPerTask`).
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BillingSummary {
    /// Whether the client paid.
    pub status: BillingStatus,
    /// Judgements granted.
    #[schemars(range(min = 0))]
    pub quota: i64,
    /// Judgements spent.
    #[schemars(range(min = 0))]
    pub used: i64,
    /// Judgements spent beyond the quota, after a refund.
    #[schemars(range(min = 0))]
    pub debt: i64,
}

/// How good a project's answers are; docs/quality.md says by which formula.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualitySummary {
    /// Share of pairs of answers to a task that are equal, like "0.87".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub agreement: Option<String>,
    /// Mean confidence of labels, like "0.94".
    #[schemars(length(max = 8))]
    pub confidence: String,
}

/// Task counters of a project.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSummary {
    /// All tasks.
    #[schemars(range(min = 0))]
    pub total: i64,
    /// Tasks with all their answers approved.
    #[schemars(range(min = 0))]
    pub approved: i64,
    /// Tasks that ended with fewer approved answers than asked for.
    #[schemars(range(min = 0))]
    pub rejected: i64,
    /// Tasks and answers that nobody left may take or review.
    #[schemars(range(min = 0))]
    pub starved: i64,
}
