//! `POST /admin/promo-codes`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use datacrowd_billing::{Discount, NewPromoCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::PromoCodeBody;
use crate::{
    auth::Admin,
    error::{ApiError, ApiResult},
    extract::Json,
    state::App,
};

/// A code that takes a percentage or a fixed amount off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPromoCodeBody {
    #[schema(example = "SPRING-25")]
    code: String,
    /// 1 to 100; this or `amountOffCents`.
    #[schema(example = 20)]
    percent_off: Option<i32>,
    /// In minor units of this installation's currency.
    #[schema(example = 500)]
    amount_off_cents: Option<i64>,
    /// Uses by everybody together; unlimited when absent.
    #[schema(example = 100)]
    max_redemptions: Option<i64>,
    /// Uses by one client; unlimited when absent.
    #[schema(example = 1)]
    max_per_client: Option<i64>,
    /// Now when absent.
    valid_from: Option<DateTime<Utc>>,
    /// For ever when absent.
    valid_until: Option<DateTime<Utc>>,
}

/// Make a promo code.
#[utoipa::path(post, path = "/admin/promo-codes", tag = "admin", request_body = NewPromoCodeBody, responses((status = 201, body = PromoCodeBody)))]
pub async fn promo_create(
    State(app): State<App>,
    Admin(caller): Admin,
    Json(new): Json<NewPromoCodeBody>,
) -> ApiResult<impl IntoResponse> {
    let discount = match (new.percent_off, new.amount_off_cents) {
        (Some(percent), None) => Discount::Percent(percent),
        (None, Some(amount)) => Discount::Fixed(amount),
        _ => {
            return Err(ApiError::invalid_member(
                "percentOff",
                "is given, or amountOffCents is, and not both",
            ));
        }
    };
    let now = app.now();
    let new = NewPromoCode {
        code: new.code,
        discount,
        max_redemptions: new.max_redemptions,
        max_per_client: new.max_per_client,
        valid_from: new.valid_from.unwrap_or(now),
        valid_until: new.valid_until,
    };
    let made = app.billing.promo_create(&new, caller.user_id, now).await?;
    Ok((StatusCode::CREATED, axum::Json(PromoCodeBody::from(made))))
}
