//! Bringing back what was deleted: the resource is written again from its row, and adopts the rows there are.

use datacrowd_labelling::Tenant;

use crate::{
    cluster::{Bound, Kind},
    error::{ApiError, ApiResult, Code},
    state::App,
};

fn not_deleted() -> ApiError {
    ApiError::new(Code::NotDeleted)
}

/// Refuses what is not deleted: as what is there, or as what is just going, which the platform hears of a moment later.
pub async fn refuse_live<K: Kind>(
    app: &App,
    tenant: &Tenant,
    namespace: &str,
    name: &str,
) -> ApiError {
    let look = async {
        let at = app.cluster.bound(namespace, tenant).await?;
        app.cluster.get::<K>(&at, name).await
    };
    match look.await {
        Err(error) => error,
        Ok(Some(there)) if there.meta().deletion_timestamp.is_none() => not_deleted(),
        Ok(_) => being_deleted(),
    }
}

fn being_deleted() -> ApiError {
    ApiError::new(Code::BeingDeleted).retry_after(1)
}

/// The resource under this name, if there is one that stays.
pub async fn there<K: Kind>(app: &App, at: &Bound, name: &str) -> ApiResult<Option<K>> {
    match app.cluster.get::<K>(at, name).await? {
        Some(going) if going.meta().deletion_timestamp.is_some() => Err(being_deleted()),
        found => Ok(found),
    }
}
