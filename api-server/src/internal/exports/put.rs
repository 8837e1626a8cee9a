//! `PUT /internal/exports`.

use axum::extract::State;
use datacrowd_crds::ExportSpec;
use datacrowd_protocol::internal::{ExportView, Upsert};
use serde_json::Value;

use crate::{error::ApiResult, extract::Json, internal::auth::Trusted, state::App, upsert};

/// Upsert an Export's index row.
#[utoipa::path(put, path = "/internal/exports", tag = "operator", security(("operator" = [])), request_body = Upsert<Value>, responses((status = 200, body = ExportView)))]
pub async fn export_put(
    State(app): State<App>,
    _: Trusted,
    Json(up): Json<Upsert<ExportSpec>>,
) -> ApiResult<axum::Json<ExportView>> {
    Ok(axum::Json(
        app.core
            .export_upsert(&upsert::export(up)?, app.objects.bucket().name())
            .await?,
    ))
}
