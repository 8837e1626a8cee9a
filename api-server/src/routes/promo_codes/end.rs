//! `DELETE /admin/promo-codes/{code}`.

use axum::{extract::State, http::StatusCode};

use crate::{auth::Admin, error::ApiResult, extract::Path, state::App};

/// End a promo code; purchases made with it stay as they are.
#[utoipa::path(delete, path = "/admin/promo-codes/{code}", tag = "admin", params(("code" = String, Path)), responses((status = 204)))]
pub async fn promo_end(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(code): Path<String>,
) -> ApiResult<StatusCode> {
    app.billing
        .promo_end(&code, caller.user_id, app.now())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
