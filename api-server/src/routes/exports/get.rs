//! `GET /exports/{id}`.

use axum::extract::State;
use datacrowd_crds::Export as ExportResource;
use datacrowd_labelling::Error;
use datacrowd_protocol::{ids::ExportId, internal::ExportState};
use uuid::Uuid;

use super::ExportBody;
use crate::{
    auth::Owner, error::ApiResult, extract::Path, routes::condition::ConditionBody, state::App,
};

/// One export.
#[utoipa::path(get, path = "/exports/{id}", tag = "exports", params(("id" = Uuid, Path)), responses((status = 200, body = ExportBody)))]
pub async fn export_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<ExportBody>> {
    let mut export = app.core.export_get(owner.scope(), ExportId(id)).await?;
    let waits = export.state == ExportState::Pending && export.message.is_none();
    if waits && let Err(error) = app.core.debt_refuse(export.tenant).await {
        let Error::Refused(owed) = error else {
            return Err(error.into());
        };
        export.message = Some(owed.message());
    }
    let conditions =
        app.cluster
            .conditions::<ExportResource>(&export.namespace, &export.name, export.bound_uid);
    let conditions = conditions.await.map(ConditionBody::all);
    Ok(axum::Json(ExportBody {
        conditions,
        ..export.into()
    }))
}
