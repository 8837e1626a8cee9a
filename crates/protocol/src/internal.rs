//! Bodies of the internal API between operator and API server.

mod state;
mod view;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub use self::{
    state::{BillingStatus, DatasetState, ExportState, ProjectState, WebhookState},
    view::{
        Billing, DatasetView, ExportView, ModelView, PredictionView, ProjectView, QualityNumbers,
        RunView, TaskCounts, WebhookView,
    },
};
use crate::{run::RunReason, wire_enum};

/// `PUT /internal/{projects,datasets,exports,models,predictions,webhooks}`: a resource as the caller saw it. `S` is the resource's spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upsert<S> {
    /// Namespace of the resource.
    pub namespace: String,
    /// The namespace's tenant label.
    pub tenant: String,
    /// Name of the resource.
    pub name: String,
    /// Uid of this incarnation.
    pub uid: Uuid,
    /// Generation of the spec; an older one than the platform knows is ignored.
    #[serde(deserialize_with = "crate::range::count")]
    pub generation: i64,
    /// The dataset of this name whose rows may go when its identity is another one: the annotation
    /// `datacrowd.io/delete-rows`. Of a Dataset only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_rows: Option<Uuid>,
    /// The spec, in the resource's own spelling and by its own schema.
    #[schema(value_type = Object)]
    pub spec: S,
}

wire_enum! {
    /// A kind of resource.
    pub enum ResourceKind {
        /// A Project.
        Project = "PROJECT" / "project",
        /// A Dataset.
        Dataset = "DATASET" / "dataset",
        /// An Export.
        Export = "EXPORT" / "export",
        /// A Model.
        Model = "MODEL" / "model",
        /// A Prediction.
        Prediction = "PREDICTION" / "prediction",
        /// A Webhook.
        Webhook = "WEBHOOK" / "webhook",
    }
}

/// `POST /internal/departures`: whose namespace a resource is in now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Departure {
    /// The resource's kind.
    pub kind: ResourceKind,
    /// Uid of this incarnation.
    pub uid: Uuid,
    /// The namespace's tenant label; none where it has none.
    pub tenant: Option<String>,
}

/// What became of a resource in this namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Departed {
    /// Whether it was bound for another tenant than the label names: that one's work on it ends.
    pub departed: bool,
    /// Whether there is more to end: the same call goes on.
    pub unfinished: bool,
}

/// `PATCH /internal/{datasets,exports}/{id}/status`: a Job ended without its runner's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportFailure {
    /// Uid of the resource.
    pub uid: Uuid,
    /// The attempt that failed.
    #[serde(deserialize_with = "crate::range::small_ordinal")]
    pub attempt: i32,
    /// Why.
    pub reason: RunReason,
    /// A sentence with the remedy.
    pub message: String,
}

/// Query of `DELETE /internal/{projects,datasets,exports,models,predictions,webhooks}/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Uid of the resource that goes.
    pub uid: Uuid,
    /// What becomes of the rows.
    pub policy: crate::source::DeletionPolicy,
}

/// `PATCH /internal/projects/{id}/billing`: a grant by hand, while `billing.mode` is Manual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Any unique text; the same id grants once.
    pub grant_id: String,
    /// Judgements granted.
    pub judgements: i64,
}
