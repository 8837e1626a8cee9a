//! A type for every id, so that a worker's id cannot stand where a task's belongs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = <$inner as FromStr>::Err;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    };
}

id!(/// A user of the platform (database `auth`).
    UserId(Uuid));
id!(/// A tenant: the owner of one or more namespaces.
    TenantId(Uuid));
id!(/// A Project's platform id; it belongs to (tenant, namespace, name).
    ProjectId(Uuid));
id!(/// A Dataset's platform id.
    DatasetId(Uuid));
id!(/// An Export's platform id.
    ExportId(Uuid));
id!(/// A Model's platform id.
    ModelId(Uuid));
id!(/// An item of an inbox, as its client knows it.
    ItemId(Uuid));
id!(/// A Prediction's platform id.
    PredictionId(Uuid));
id!(/// One attempt to generate a dataset's tasks or to write an export.
    RunId(Uuid));
id!(/// One purchase of judgements (database `payments`).
    PaymentId(Uuid));
id!(/// One upload of a source file.
    UploadId(Uuid));
id!(/// One file of an upload that arrives in several requests.
    UploadFileId(Uuid));
id!(/// The uid that Kubernetes gave to one incarnation of a resource.
    ResourceUid(Uuid));
id!(/// One unit of work: a row of a dataset.
    TaskId(i64));
id!(/// One worker's answer to one task.
    AnswerId(i64));
id!(/// A batch of consecutive tasks of one dataset.
    BatchId(i64));
id!(/// Fences a lease: a lease that was swept and taken again has another token.
    LeaseToken(i64));
