//! What stops a pass. Waiting is no error: it is a verdict in the status.

use crate::platform::PlatformError;

/// Why a pass over one object ended early; the next one begins from the start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call of the Kubernetes API failed.
    #[error("{doing}")]
    Kube {
        /// What the call was for.
        doing: &'static str,
        /// What went wrong.
        #[source]
        source: Box<kube::Error>,
    },
    /// The object changed since it was read.
    #[error("the object changed meanwhile")]
    Conflict,
    /// The platform did not answer as expected.
    #[error("calling the platform")]
    Platform(#[from] PlatformError),
    /// The server sent an object without a name, namespace or uid.
    #[error("the object has no {0}")]
    Malformed(&'static str),
}

impl Error {
    /// Wraps an error of the Kubernetes client with what it was for.
    pub(crate) fn kube(doing: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Kube {
            doing,
            source: Box::new(source),
        }
    }

    /// A finite category, for metrics and logs.
    #[must_use]
    pub fn category(&self) -> &'static str {
        match self {
            Self::Kube { .. } => "kubernetes",
            Self::Conflict => "conflict",
            Self::Platform(_) => "platform",
            Self::Malformed(_) => "malformed",
        }
    }

    /// Whether the next try is due at once.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

/// The status that the API server answered with, when it did.
pub(crate) fn refused(error: &kube::Error) -> Option<&kube::core::Status> {
    match error {
        kube::Error::Api(status) => Some(status),
        _ => None,
    }
}

/// Whether the API server takes nothing new because the namespace is being deleted.
pub(crate) fn is_terminating(status: &kube::core::Status) -> bool {
    let causes = status.details.as_ref().map(|d| &d.causes);
    causes
        .into_iter()
        .flatten()
        .any(|cause| cause.reason == "NamespaceTerminating")
}

/// Whether the API server answered with this HTTP code.
pub(crate) fn has_code(error: &kube::Error, code: u16) -> bool {
    refused(error).is_some_and(|status| status.code == code)
}
