//! What the context tells other systems after a commit.

use datacrowd_outbox::{Outbox, Stream, push};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{Labelling, Result};

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum CoreMessage {
    /// A project's budget changed: its resource is touched, so that what waits looks again.
    BillingRevision {
        /// The Project's namespace.
        namespace: String,
        /// The Project's name.
        name: String,
    },
    /// An object of the platform's bucket is to be removed.
    DeleteObject {
        /// Its key; of a folder, with all that lies below it, when it ends in a slash.
        key: String,
    },
}

/// Tells the cluster that a project's budget changed, so that waiting Datasets go on.
pub(crate) async fn billing_changed(
    conn: &mut PgConnection,
    namespace: &str,
    name: &str,
) -> Result<()> {
    let message = CoreMessage::BillingRevision {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    push(conn, &format!("project {namespace}/{name}"), &message).await?;
    Ok(())
}

/// Has an object, or a folder, of the platform's bucket removed.
pub(crate) async fn delete_object(conn: &mut PgConnection, key: &str) -> Result<()> {
    let message = CoreMessage::DeleteObject {
        key: key.to_owned(),
    };
    push(conn, &format!("object {key}"), &message).await?;
    Ok(())
}

impl Labelling {
    /// What is still to be told.
    #[must_use]
    pub fn outbox(&self) -> Outbox<CoreMessage> {
        Outbox::new("core", self.calls.clone())
    }

    /// What clients are still to be told of.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream::new("core", self.pool.clone())
    }
}
