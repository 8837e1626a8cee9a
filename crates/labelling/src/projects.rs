//! Projects: the index row of the resource, its labeling versions, its budget and its counters.

mod delete;
mod grant;
mod head;
mod read;
mod upsert;
mod view;
mod work;

use datacrowd_protocol::{
    WireEnum,
    ids::ProjectId,
    internal::{Billing, BillingStatus},
};
use sqlx::PgConnection;

pub use head::ProjectHead;
pub(crate) use head::{bound_named, find};
pub use read::Project;
pub use upsert::ProjectUpsert;
pub use work::WorkProject;

use crate::{BillingMode, Error, Result};

/// A column's text as the enumeration it came from.
pub(crate) fn from_column<T: WireEnum>(what: &'static str, text: &str) -> Result<T> {
    T::from_column(text).ok_or(Error::Corrupt { what })
}

/// Quota, use and debt from their columns; where nothing is gated, nothing is owed.
pub(crate) fn billing(mode: BillingMode, status: &str, quota: i64, used: i64) -> Result<Billing> {
    Ok(Billing {
        status: from_column::<BillingStatus>("billing status", status)?,
        quota,
        used,
        debt: match mode.gates() {
            true => used.saturating_sub(quota).max(0),
            false => 0,
        },
    })
}

/// Derives the state from the spec and the datasets that are not deleted; closed and deleting are final.
pub(crate) async fn settle_state(conn: &mut PgConnection, project: ProjectId) -> Result<()> {
    sqlx::query!("select project_settle_v1($1)", project.0)
        .fetch_one(conn)
        .await?;
    Ok(())
}
