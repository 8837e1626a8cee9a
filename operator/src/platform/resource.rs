//! The kinds of resources, as the internal API spells them.

use datacrowd_protocol::internal::ResourceKind;

/// A resource's kind, as the internal API spells it in paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `/internal/projects`
    Project,
    /// `/internal/datasets`
    Dataset,
    /// `/internal/exports`
    Export,
    /// `/internal/models`
    Model,
    /// `/internal/predictions`
    Prediction,
    /// `/internal/webhooks`
    Webhook,
}

impl Resource {
    pub(super) fn kind(self) -> ResourceKind {
        match self {
            Self::Project => ResourceKind::Project,
            Self::Dataset => ResourceKind::Dataset,
            Self::Export => ResourceKind::Export,
            Self::Model => ResourceKind::Model,
            Self::Prediction => ResourceKind::Prediction,
            Self::Webhook => ResourceKind::Webhook,
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Dataset => "datasets",
            Self::Export => "exports",
            Self::Model => "models",
            Self::Prediction => "predictions",
            Self::Webhook => "webhooks",
        }
    }
}
