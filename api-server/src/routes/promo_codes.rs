//! Promo codes: an ADMIN makes and ends them, clients use them at checkout.

pub mod create;
pub mod end;
pub mod list;

use chrono::{DateTime, Utc};
use datacrowd_billing::{Discount, PromoCode};
use serde::Serialize;
use utoipa::ToSchema;

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
