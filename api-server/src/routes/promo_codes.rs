//! Promo codes: an ADMIN makes and ends them, clients use them at checkout.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use chrono::{DateTime, Utc};
use datacrowd_billing::{Discount, NewPromoCode, PromoCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::paging::{PageBody, page_limit};
use crate::{
    auth::Admin,
    error::{ApiError, ApiResult},
    extract::{Json, Path, Query},
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

/// A promo code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromoCodeBody {
    code: String,
    percent_off: Option<i32>,
    amount_off_cents: Option<i64>,
    currency: Option<String>,
    max_redemptions: Option<i64>,
    max_per_client: Option<i64>,
    redeemed: i64,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
}

impl From<PromoCode> for PromoCodeBody {
    fn from(p: PromoCode) -> Self {
        let (percent_off, amount_off_cents) = match p.discount {
            Discount::Percent(percent) => (Some(percent), None),
            Discount::Fixed(amount) => (None, Some(amount)),
        };
        Self {
            code: p.code,
            percent_off,
            amount_off_cents,
            currency: p.currency,
            max_redemptions: p.max_redemptions,
            max_per_client: p.max_per_client,
            redeemed: p.redeemed,
            valid_from: p.valid_from,
            valid_until: p.valid_until,
        }
    }
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PromoQuery {
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
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

/// Promo codes by name.
#[utoipa::path(get, path = "/admin/promo-codes", tag = "admin", params(PromoQuery), responses((status = 200, body = PageBody<PromoCodeBody>)))]
pub async fn promo_list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<PromoQuery>,
) -> ApiResult<axum::Json<PageBody<PromoCodeBody>>> {
    let limit = page_limit(query.limit)?;
    let after = query.cursor.unwrap_or_default();
    let page = app.billing.promo_list(&after, limit).await?;
    let next_cursor = page.next;
    Ok(axum::Json(PageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

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
